//! What the HTTP door costs beside a bare one: `cargo bench --bench http`.
//!
//! The bare one is an axum handler that verifies the signature and returns a fixed body of the same size. Each is a process of its
//! own with one thread for its work, so that it has one core at most; this process sends. All figures of a run are of the same
//! machine and the same minutes: read the ratios. A CPU second is counted by the kernel for the server's process alone; half load
//! is half of the rate at which that server answered when it was given as much as it took.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::IntoResponse, routing::post};
use ed25519_dalek::{Signer, SigningKey};
use patella::{
    app::App,
    club::Club,
    discord::{
        interactions::{self, Keys, PATH},
        serve::{self, Settings},
    },
    embedded,
    store::{self, Clubs},
    web,
};
use serde_json::{Value, json};
use serenity::interactions_endpoint::Verifier;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep_until,
};

/// About a hundred characters, as in the bench of questions.
const QUESTION: &str =
    "outside of my left knee starts to hurt at mile 4 every single run, worse downhill, what can i do about it";
/// What is asked, and how often in a round.
const COMMANDS: [(&str, usize); 2] = [("clinic", 20_000), ("ask", 500)];
const ROUNDS: usize = 3;
/// Connections of the one who sends.
const CONNECTIONS: usize = 32;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--serve", "patella"] => patella(),
        ["--serve", "bare", size] => bare(size.parse().expect("a figure")),
        // `cargo test` runs benches too, to see that they start.
        given if given.contains(&"--test") => {}
        _ => one_thread().block_on(measure()),
    }
}

fn one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[23; 32])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn today() -> jiff::civil::Date {
    jiff::civil::date(2026, 11, 21)
}

/// Patella's door, until the process is killed. It says where it is.
fn patella() {
    one_thread().block_on(async {
        let base = embedded::base().expect("the embedded knowledge is sound");
        let app = App::new(base, embedded::encoder().expect("the weights are sound"), Club::default());
        let store = store::open("sqlite::memory:").await.expect("a store in memory");
        let clubs = Arc::new(Clubs::new(Some(store), Club::default()));
        let keys = Keys::parse(&hex(key().verifying_key().as_bytes())).expect("a public key");
        let socket = web::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let http = Some(interactions::Settings { socket, keys });
        let api = "http://127.0.0.1:9".to_owned();
        let settings =
            Settings { token: None, api, shards: None, cooldown: Duration::ZERO, today, http, view: Default::default() };
        let say = |line: &str| {
            if let Some(at) = line.strip_prefix("Signed HTTP interactions are taken at http://") {
                println!("{}", at.split('/').next().unwrap_or_default());
            }
        };
        serve::serve(Arc::new(app), clubs, settings, say, std::future::pending()).await.expect("it goes on");
    });
}

/// A door that verifies, and always says the same.
fn bare(size: usize) {
    async fn take(State((key, answer)): State<(Verifier, Bytes)>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
        let text = |name: &str| headers[name].to_str().unwrap_or_default();
        match key.verify(text("x-signature-ed25519"), text("x-signature-timestamp"), &body) {
            Ok(()) => (axum::http::StatusCode::OK, [("content-type", "application/json")], answer),
            Err(()) => (axum::http::StatusCode::UNAUTHORIZED, [("content-type", "application/json")], Bytes::new()),
        }
    }
    one_thread().block_on(async {
        let key = Verifier::new(&hex(key().verifying_key().as_bytes()));
        let answer = Bytes::from("a".repeat(size));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("{}", listener.local_addr().expect("it is bound"));
        axum::serve(listener, Router::new().route(PATH, post(take)).with_state((key, answer))).await.expect("it goes on");
    });
}

/// A server's process, ended with this.
struct Server(Child, SocketAddr);

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().expect("this program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("text");
        Self(child, line.trim().parse().expect("an address"))
    }

    /// Processor time so far, user and system. The kernel counts in hundredths of a second.
    fn processor(&self) -> Duration {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).expect("this bench needs Linux");
        // The name in parentheses may hold spaces.
        let fields: Vec<&str> = text.rsplit(')').next().expect("a part").split_whitespace().collect();
        let ticks: u64 = [fields[11], fields[12]].iter().map(|field| field.parse::<u64>().expect("a figure")).sum();
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Signed requests, ready to be sent; no two alike.
fn requests(command: &str, count: usize) -> Vec<Vec<u8>> {
    static LAST: AtomicUsize = AtomicUsize::new(1);
    let key = key();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs().to_string();
    let options = if command == "ask" { json!([{ "name": "question", "type": 3, "value": QUESTION }]) } else { json!([]) };
    let request = |_| {
        let body = interaction(LAST.fetch_add(1, Ordering::Relaxed), command, &options).to_string();
        let signature = hex(&key.sign(format!("{now}{body}").as_bytes()).to_bytes());
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nhost: patella\r\ncontent-type: application/json\r\nx-signature-ed25519: {signature}\r\n\
             x-signature-timestamp: {now}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        [head, body].concat().into_bytes()
    };
    (0..count).map(request).collect()
}

/// What Discord sends for a command in a server, about as long.
fn interaction(number: usize, command: &str, options: &Value) -> Value {
    let id = (1_400_000_000_000_000_000 + number).to_string();
    let user = json!({ "id": "1300000000000000001", "username": "ann", "avatar": "0".repeat(32), "discriminator": "0",
        "public_flags": 0, "global_name": "Ann", "avatar_decoration_data": null, "collectibles": null, "clan": null, "primary_guild": null });
    json!({
        "id": id, "application_id": "1300000000000000002", "type": 2, "token": "t".repeat(200), "version": 1, "context": 0,
        "channel_id": "1300000000000000003", "guild_id": "1300000000000000004", "locale": "en-US", "guild_locale": "en-US",
        "app_permissions": "2222085186637377", "attachment_size_limit": 10_485_760, "entitlements": [],
        "authorizing_integration_owners": { "0": "1300000000000000004" },
        "guild": { "id": "1300000000000000004", "locale": "en-US", "features": [] },
        "channel": { "id": "1300000000000000003", "type": 0, "name": "general", "guild_id": "1300000000000000004", "flags": 0,
            "last_message_id": "1300000000000000005", "nsfw": false, "parent_id": null, "permissions": "2222085186637377",
            "position": 1, "rate_limit_per_user": 0, "topic": null },
        "data": { "id": "1300000000000000006", "name": command, "type": 1, "options": options },
        "member": { "user": user, "roles": [], "permissions": "2222085186637377", "joined_at": "2026-01-01T00:00:00Z",
            "avatar": null, "banner": null, "nick": null, "deaf": false, "mute": false, "pending": false, "flags": 0,
            "communication_disabled_until": null, "premium_since": null, "unusual_dm_activity_until": null },
    })
}

/// Sends a request on an open connection; the size of the answer's body.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> usize {
    stream.write_all(request).await.expect("it is read");
    buffer.clear();
    loop {
        assert!(stream.read_buf(buffer).await.expect("an answer") > 0, "the connection was closed");
        let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end]).expect("text");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        let length: usize = length.parse().expect("a figure");
        if buffer.len() >= end + 4 + length {
            return length;
        }
    }
}

/// Sends all, on some connections at once: each when its time comes, at so many a second, or as soon as a connection is free. How
/// long each took, in order. A time that has passed when a connection is free counts as waiting.
async fn send(address: SocketAddr, requests: Vec<Vec<u8>>, rate: Option<f64>) -> Vec<Duration> {
    let (requests, next, began) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut workers = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (requests, next) = (requests.clone(), next.clone());
        workers.spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            stream.set_nodelay(true).expect("an open connection");
            let (mut times, mut buffer) = (Vec::new(), Vec::with_capacity(16 * 1024));
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(number) else { return times };
                let mut from = Instant::now();
                if let Some(rate) = rate {
                    let due = began + Duration::from_secs_f64(number as f64 / rate);
                    if due > from {
                        sleep_until(due.into()).await;
                        // The timer's own lateness is nobody's.
                        from = Instant::now();
                    } else {
                        from = due;
                    }
                }
                exchange(&mut stream, request, &mut buffer).await;
                times.push(from.elapsed());
            }
        });
    }
    let mut times: Vec<Duration> = workers.join_all().await.concat();
    times.sort_unstable();
    times
}

/// What a server did in a round.
#[derive(Clone, Copy)]
struct Round {
    /// Requests a CPU second.
    a_core: f64,
    /// At half load, in milliseconds.
    p50: f64,
    p99: f64,
}

async fn round(server: &Server, command: &str, count: usize) -> Round {
    send(server.1, requests(command, count / 10), None).await;
    let ready = requests(command, count);
    let (before, began) = (server.processor(), Instant::now());
    send(server.1, ready, None).await;
    let rate = count as f64 / began.elapsed().as_secs_f64();
    let a_core = count as f64 / (server.processor() - before).as_secs_f64();
    let times = send(server.1, requests(command, count / 2), Some(rate / 2.0)).await;
    let at = |percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1e3;
    Round { a_core, p50: at(50), p99: at(99) }
}

/// The middle one of some figures.
fn median(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> f64 {
    let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

async fn measure() {
    for (command, count) in COMMANDS {
        let patella = Server::start(&["--serve", "patella"]);
        let mut stream = TcpStream::connect(patella.1).await.expect("it listens");
        let size = exchange(&mut stream, &requests(command, 1)[0], &mut Vec::new()).await;
        drop(stream);
        let bare = Server::start(&["--serve", "bare", &size.to_string()]);
        let (mut own, mut fixed) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            own.push(round(&patella, command, count).await);
            fixed.push(round(&bare, command, count.max(10_000)).await);
        }
        println!("/{command}, answers of {size} bytes");
        for (what, figure) in [
            ("interactions a CPU second", (|r: &Round| r.a_core) as fn(&Round) -> f64),
            ("p50 at half load, ms", |r| r.p50),
            ("p99 at half load, ms", |r| r.p99),
        ] {
            let (p, b) = (median(&own, figure), median(&fixed, figure));
            println!("  {what:<28} patella {p:>9.2}   bare {b:>9.2}   ratio {:.3}", p / b);
        }
    }
}
