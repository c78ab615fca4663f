//! How the door opens and closes, alone and beside the gateway.

use std::sync::Mutex;

use patella::discord::serve::{self, ServeError, Settings, Tuning};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::oneshot};

use super::{
    wire::{exchange, head, read, signed},
    *,
};

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_answers_for_a_while_and_keeps_no_connection() {
    let open = Open::new(Limits { drain: Duration::from_millis(1_500), ..hasty() }).await;
    let (address, request, late) = (open.address(), open.question(0), open.question(0));
    // A request that is under way, and a connection that waits for its next one.
    let mut slow = TcpStream::connect(address).await.expect("it listens");
    let whole = [head(&signed(&request), request.body.len()).as_bytes(), &request.body].concat();
    open.ending.send_replace(true);
    slow.write_all(&whole).await.expect("it is read");
    let answer = read(&mut slow).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.head.iter().any(|line| line.eq_ignore_ascii_case("connection: close")), "{answer:?}");
    open.answer().await;
    let closed = tokio::time::timeout(Duration::from_secs(10), open.open.closed());
    // Begun before the door is closed, and finished by it.
    let whole = [head(&signed(&late), late.body.len()).as_bytes(), &late.body].concat();
    let (answer, closed) = tokio::join!(exchange(address, &whole), closed);
    assert_eq!(answer.status, 200);
    closed.expect("it closes");
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
}

/// A bot in this process, with or without a token.
async fn serve_for(
    discord: &StandIn,
    token: Option<String>,
    http: bool,
) -> (Vec<String>, Result<serve::ServeError, work::Tally>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let (stop, stopped) = oneshot::channel::<()>();
    let (spoke, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let http = http.then(|| interactions::Settings {
        socket: web::bind(([127, 0, 0, 1], 0).into()).expect("the loopback has a free port"),
        keys: Keys::parse(&discord.public_key()).expect("a public key"),
    });
    let settings =
        Settings { token, api: discord.address(), shards: None, cooldown: Duration::ZERO, today, http, view: Default::default() };
    let tuning = Tuning { http: hasty(), ..Tuning::default() };
    let clubs = Arc::new(Clubs::new(None, Club::default()));
    let lines = said.clone();
    let say = move |line: &str| {
        lines.lock().expect("no panic").push(line.to_owned());
        let _ = spoke.send(line.to_owned());
    };
    let stopped = async {
        let _ = stopped.await;
    };
    let running = tokio::spawn(serve::serve_with(app(), clubs, settings, tuning, say, stopped));
    while let Some(line) = heard.recv().await {
        if let Some(rest) = line.strip_prefix("Signed HTTP interactions are taken at ") {
            discord.set_endpoint(rest.trim_end_matches('.')).await.expect("Discord takes the address");
            let club = discord.add_guild("Harbor Runners");
            let channel = discord.add_channel(club, "general");
            let ann = discord.add_member(club, "Ann", StandIn::runner());
            let asked = discord.slash(ann, channel, "ask", json!({ "question": ORDINARY })).await;
            discord.first_response(asked).await;
            break;
        }
    }
    drop(stop);
    let ended = tokio::time::timeout(Duration::from_secs(30), running).await.expect("it ends").expect("no panic");
    let said = said.lock().expect("no panic").clone();
    (said, ended.map_or_else(Ok, Err))
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_it_answers_what_is_posted_and_asks_discord_nothing() {
    let discord = StandIn::start().await;
    let (said, ended) = serve_for(&discord, None, true).await;
    let tally = ended.expect_err("it ends in good order");
    // The PING and the question.
    assert_eq!((tally.answered, tally.messages, tally.lost), (2, 0, 0));
    assert_eq!(discord.statuses(), [].into(), "no request to Discord");
    assert_eq!(discord.look(|state| state.gateway.opened), 0);
    let said = said.join("\n");
    assert!(said.contains("There is no bot token") && said.contains("https://YOUR-HOST/interactions"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_both_interactions_are_posted_and_messages_come_by_the_gateway() {
    let discord = StandIn::start().await;
    let (said, ended) = serve_for(&discord, Some(discord.token()), true).await;
    assert_eq!(ended.expect_err("it ends in good order").answered, 2);
    assert_eq!(discord.requests("POST /interactions/{id}/{token}/callback"), 0);
    assert!(discord.look(|state| state.endpoint.statuses.get(&200) == Some(&1)));
    assert!(said.iter().any(|line| line.contains("Install it")) && !said.iter().any(|line| line.contains("no bot token")));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_neither_it_says_so() {
    let discord = StandIn::start().await;
    let (_, ended) = serve_for(&discord, None, false).await;
    assert!(matches!(ended, Ok(ServeError::NoWay)));
}
