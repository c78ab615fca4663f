//! Ten thousand connections that want nothing good, and the good traffic meanwhile. The program is a process of its own, so that
//! both sides have open files enough.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    task::JoinSet,
};

use super::{wire::head, *};
use crate::program::{Running, patella};

const WANTED: usize = 10_000;
/// Questions before, and at least so many during.
const QUESTIONS: usize = 120;
/// Members who ask at the same time.
const AT_ONCE: usize = 3;

/// Starts the program with the HTTP door alone: it, and its address.
fn start(discord: &StandIn) -> (Running, SocketAddr) {
    let mut command = patella();
    command.env("DISCORD_PUBLIC_KEY", discord.public_key()).env("PATELLA_HTTP_LISTEN", "127.0.0.1:0");
    command.env("PATELLA_OPERATOR_LISTEN", "none").env("PATELLA_STORE_URL", "sqlite::memory:").env("PATELLA_ASK_COOLDOWN_S", "0");
    command.env("PATELLA_DISCORD_API", discord.address()).arg("serve");
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut program = Running::start(command);
    let mut lines = BufReader::new(program.stdout()).lines();
    let address = lines.find_map(|line| {
        let line = line.expect("text");
        line.strip_prefix("Signed HTTP interactions are taken at http://")?.split('/').next()?.parse().ok()
    });
    (program, address.expect("it says where it listens"))
}

/// Connections that fit into the limit of open files, of this process and of the program.
fn possible() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok());
    let possible = WANTED.min(files.map_or(WANTED, |files: usize| files.saturating_sub(1_000)));
    if possible < WANTED {
        println!("SKIPPED: {} of {WANTED} connections, which the limit of open files does not allow", WANTED - possible);
    }
    possible
}

/// A connection that is opened again and again: idle, in the middle of a head, or in the middle of a body.
async fn bother(address: SocketAddr, kind: usize, open: watch::Sender<usize>) {
    let sent = match kind % 3 {
        0 => String::new(),
        1 => head(&[], 10).trim_end().to_owned(),
        _ => format!("{}{{\"type\":", head(&[("x-signature-ed25519", "00"), ("x-signature-timestamp", "1")], 2_000)),
    };
    loop {
        let Ok(mut stream) = TcpStream::connect(address).await else { continue };
        open.send_modify(|open| *open += 1);
        if stream.write_all(sent.as_bytes()).await.is_ok() {
            // Until it is closed.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        open.send_modify(|open| *open -= 1);
    }
}

/// Asks, some at once; how long each answer took, in order. The stand-in takes no answer after Discord's three seconds.
async fn ask(open: &Asked<'_>) -> Vec<Duration> {
    let mut times = Vec::with_capacity(QUESTIONS);
    while times.len() < QUESTIONS {
        let mut asked = Vec::new();
        for _ in 0..AT_ONCE {
            asked.push(open.discord.slash(open.ann, open.channel, "ask", json!({ "question": ORDINARY })).await);
        }
        for id in asked {
            times.push(open.discord.until("an answer", |state| state.interactions[&id].took).await);
        }
    }
    times.sort_unstable();
    times
}

struct Asked<'a> {
    discord: &'a StandIn,
    channel: ChannelId,
    ann: UserId,
}

fn shown(times: &[Duration]) -> String {
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    format!("p50 {:.0} ms, p99 {:.0} ms", at(50), at(99))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn good_traffic_is_answered_while_thousands_of_connections_are_slow() {
    let discord = StandIn::start().await;
    let (_program, address) = start(&discord);
    discord.set_endpoint(&format!("http://{address}{PATH}")).await.expect("Discord takes the address");
    let club = discord.add_guild("Harbor Runners");
    let channel = discord.add_channel(club, "general");
    let ann = discord.add_member(club, "Ann", StandIn::runner());
    let asked = Asked { discord: &discord, channel, ann };
    let before = ask(&asked).await;

    let wanted = possible();
    let (open, mut opened) = watch::channel(0);
    let mut others = JoinSet::new();
    for kind in 0..wanted {
        others.spawn(bother(address, kind, open.clone()));
    }
    // Those that were closed in this moment are being opened again.
    let most = *opened.wait_for(|open| *open >= wanted * 95 / 100).await.expect("they go on");
    let during = ask(&asked).await;
    let still = *opened.borrow();
    others.shutdown().await;
    let after = ask(&asked).await;
    println!("{most} connections before the questions, {still} after them; answers before: {}", shown(&before));
    println!("during: {}; after: {}", shown(&during), shown(&after));
    let answers = discord.look(|state| state.endpoint.statuses.clone());
    assert_eq!(answers, [(200, (before.len() + during.len() + after.len()) as u64)].into(), "each question was answered");
    assert!(still >= wanted / 2, "they went on all the time: {still}");
    discord.assert_no_violations();
}
