//! What whoever looks after the running bot sees of it: health, readiness, metrics; and a knowledge that is read anew.

use std::{collections::BTreeMap, net::SocketAddr};

use patella::{operator, web};

use super::*;

/// The operator's page of a bot.
pub(super) struct Page(SocketAddr);

impl Page {
    pub(super) async fn of(bot: &Bot) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(web::serve(listener, operator::router(bot.view.clone()), web::Limits::default(), std::future::pending()));
        Self(address)
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("http://{}{path}", self.0)).await.expect("it answers");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    async fn readiness(&self) -> (u16, Value) {
        let (status, body) = self.get("/readyz").await;
        (status, serde_json::from_str(&body).expect("JSON"))
    }

    /// Waits until it says that this is how the bot is; the status and all of what it says then.
    pub(super) async fn until(&self, state: &str) -> (u16, Value) {
        let mut seen = Value::Null;
        for _ in 0..500 {
            let (status, body) = self.readiness().await;
            if body["state"] == state {
                return (status, body);
            }
            seen = body;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never {state}; it says {seen}");
    }

    /// One of the metrics, by what stands before the number.
    async fn metric(&self, name: &str) -> f64 {
        let all = self.metrics().await;
        *all.get(name).unwrap_or_else(|| panic!("no {name} in {all:#?}"))
    }

    /// The metrics' lines by what stands before the number.
    async fn metrics(&self) -> BTreeMap<String, f64> {
        let (status, text) = self.get("/metrics").await;
        assert_eq!(status, 200);
        assert!(text.ends_with("# EOF\n"), "{text}");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| line.rsplit_once(' ').expect("a number"))
            .map(|(name, n)| (name.into(), n.parse().expect("one")))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_readiness_and_metrics_follow_the_bot() {
    let mut bot = Bot::new().await;
    let page = Page::of(&bot).await;
    assert_eq!(page.get("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(page.get("/secrets").await.0, 404);
    let (status, body) = page.readiness().await;
    assert_eq!((status, &body["state"], &body["ready"]), (503, &json!("starting"), &json!(false)));
    assert!(page.metrics().await.keys().any(|name| name.starts_with("patella_build_info")));

    let store = patella::store::open("sqlite::memory:").await.expect("a store");
    bot.start(hasty(), Some(store));
    bot.discord.connected(1).await;
    let _ = bot.answer().await;
    let urgent = bot.ask(EMERGENCY).await;
    let _ = bot.discord.first_response(urgent).await;
    let (status, body) = page.until("running").await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["shards"], json!({ "wanted": 1, "connected": 1 }));
    assert_eq!(body["store"], "up");
    assert_eq!(body["knowledge"]["topics"], app().knowledge().topics.len());
    // The answer is at Discord a moment before it is counted.
    let answered = r#"patella_requests_total{way="gateway",outcome="answered"}"#;
    for _ in 0..100 {
        if page.metric(answered).await == 2.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (name, count) in [
        (answered, 2.0),
        (r#"patella_safety_replies_total{way="gateway"}"#, 1.0),
        (r#"patella_answer_seconds_count{way="gateway"}"#, 2.0),
        (r#"patella_answer_seconds_bucket{le="3.0",way="gateway"}"#, 2.0),
        (r#"patella_shards{state="connected"}"#, 1.0),
        ("patella_store_up", 1.0),
    ] {
        assert_eq!(page.metric(name).await, count, "{name}");
    }
    assert!(page.metric("patella_discord_calls_total").await >= 4.0);
    let all = page.get("/metrics").await.1;
    for secret in [bot.club.to_string(), bot.ann.to_string(), bot.channel.to_string(), "swollen".into(), bot.discord.token()] {
        assert!(!all.contains(&secret), "{all}");
    }

    let stopped = bot.stop().await;
    assert_eq!(stopped.answered, 2);
    let (status, body) = page.readiness().await;
    assert_eq!((status, &body["state"]), (503, &json!("stopping")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_whose_connections_are_lost_is_not_ready() {
    let bot = Bot::started().await;
    let page = Page::of(&bot).await;
    assert_eq!(page.until("running").await.0, 200);
    bot.discord.faults(|faults| faults.refuse_every_identify = Some(4_000));
    // The session is over, so that it must IDENTIFY again.
    let _ = bot.discord.close_gateway(Some(4_009));
    assert_eq!(page.until("disconnected").await.0, 503);
    bot.discord.no_faults();
    assert_eq!(page.until("running").await.0, 200);
}

/// A copy of the knowledge in a folder of its own, with as few phrases as it may have: they are learned in a sixth of the time.
#[cfg(unix)]
fn copied(folder: &std::path::Path) -> std::path::PathBuf {
    const LEAST: usize = 45;
    let knowledge = folder.join("knowledge");
    for (path, text) in &embedded::files() {
        let file = knowledge.join(path);
        std::fs::create_dir_all(file.parent().expect("it is below")).expect("there is room");
        let mut phrases = 0;
        let kept = |line: &&str| {
            phrases += usize::from(path.starts_with("phrases/") && !line.starts_with('#'));
            line.starts_with('#') || phrases <= LEAST
        };
        let text: String = text.lines().filter(kept).flat_map(|line| [line, "\n"]).collect();
        std::fs::write(file, text).expect("there is room");
    }
    knowledge
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_knowledge_is_taken_and_a_faulty_one_is_not() {
    use std::{fs, process::Stdio};

    use crate::program::Running;
    let folder = process::folder("reload");
    let knowledge = copied(&folder);
    let bot = Bot::new().await;
    let log = folder.join("log");
    let mut command = process::patella(&folder);
    command.env("DISCORD_TOKEN", bot.discord.token()).env("PATELLA_DISCORD_API", bot.discord.address());
    command.env("PATELLA_OPERATOR_LISTEN", "none").args(["serve", "--knowledge", "knowledge"]);
    command.stdout(Stdio::null()).stderr(fs::File::create(&log).expect("there is room"));
    let child = Running::start(command);
    bot.discord.connected(1).await;
    let told = async |words: &str| {
        for _ in 0..3_000 {
            if fs::read_to_string(&log).expect("text").contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the log never says {words:?}:\n{}", fs::read_to_string(&log).expect("text"));
    };
    let help = async || {
        let asked = bot.discord.slash(bot.ann, bot.channel, "help", json!({})).await;
        bot.discord.first_response(asked).await.to_string()
    };
    let replies = knowledge.join("replies.toml");
    let before = fs::read_to_string(&replies).expect("it is there");
    let title = app().knowledge().replies.help_title.clone();
    let changed = before.replacen(&title, "Words that were just changed", 1);
    assert_ne!(changed, before, "the title stands in the file as it is said");
    assert!(help().await.contains(&title));

    fs::write(&replies, changed).expect("it is ours");
    told("the knowledge was read anew").await;
    assert!(help().await.contains("Words that were just changed"));

    fs::write(&replies, "help_title = ").expect("it is ours");
    told("the knowledge was not taken").await;
    assert!(fs::read_to_string(&log).expect("text").contains("replies.toml"), "the log says where the fault is");
    assert!(help().await.contains("Words that were just changed"), "the one before stays");

    fs::write(&replies, before).expect("it is ours");
    // Whether or not the change was seen: the signal asks for it.
    child.signal("-HUP");
    for _ in 0..3_000 {
        if help().await.contains(&title) {
            return child.end();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the old words never came back");
}
