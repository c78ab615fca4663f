//! What every door keeps: it makes the same of a question as the core does, and what to do now comes first.

use std::fs;

use patella::{
    discord::{
        custom_id::Press,
        door::Door,
        interactions::{self, Keys},
        rest::{self, Rest},
        work::{self, Work},
    },
    render::text::Style,
    reply::{Block, Kind, Level},
    request::{Ask, Request},
    terminal::Terminal,
    web,
};
use serde_json::Value;
use tokio::sync::watch;

use super::{bare::*, *};

/// What a door made of a question, in the core's terms.
#[derive(Debug, PartialEq)]
struct Made {
    kind: Kind,
    level: Level,
    /// The title; empty where a door keeps it to itself.
    title: String,
    /// All words, in reading order.
    words: String,
}

/// A door, asked a question.
#[derive(Debug, Clone, Copy)]
enum Through {
    Terminal,
    Slash,
    MessageCommand,
    /// A slash command in a signed HTTP request.
    Posted,
    DirectMessage,
    Mention,
}

/// The HTTP door before a door, on the loopback, and a Discord that signs.
struct Post {
    discord: StandIn,
    client: reqwest::Client,
    url: String,
    /// While it lives, the door is open.
    _ending: watch::Sender<bool>,
}

impl Post {
    async fn open(door: Door) -> Self {
        let discord = StandIn::start().await;
        let settings = rest::Settings { api: discord.address(), token: String::new(), timings: rest::Timings::default() };
        let work = Work::new(door, Rest::new(settings).expect("an address"), work::Limits::default());
        let socket = web::bind(([127, 0, 0, 1], 0).into()).expect("the loopback has a free port");
        let keys = Keys::parse(&discord.public_key()).expect("a public key");
        let (ending, told) = watch::channel(false);
        let open = interactions::open(interactions::Settings { socket, keys }, work, interactions::Limits::default(), told);
        let url = format!("http://{}{}", open.expect("a free port").address, interactions::PATH);
        let client = reqwest::Client::builder().no_proxy().build().expect("a client without surprises");
        Self { discord, client, url, _ending: ending }
    }

    /// Posts an interaction: the answer.
    async fn send(&self, mut interaction: Value) -> Value {
        // Each is another one: what was sent twice is refused.
        interaction["id"] = json!(self.discord.change(|state| state.id()).to_string());
        let answer = self.discord.signed(0, interaction.to_string()).post(&self.client, &self.url).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.json().await.expect("JSON")
    }
}

impl Through {
    const ALL: [Self; 6] = [Self::Terminal, Self::Slash, Self::MessageCommand, Self::Posted, Self::DirectMessage, Self::Mention];

    async fn ask(self, door: &Door, post: &Post, app: &App, text: &str) -> Made {
        match self {
            Self::Terminal => {
                let terminal = Terminal {
                    app,
                    today: today(),
                    style: Style { width: None, color: false },
                    phrases: Box::new(|_| Vec::new()),
                };
                let json = terminal.ask_json(text, false);
                let kind = match json["kind"].as_str().expect("a kind") {
                    "answer" => Kind::Answer,
                    "safety" => Kind::Safety,
                    "clarify" => Kind::Clarify,
                    other => panic_unless_out_of_scope(other),
                };
                let level = Level::from_name(json["level"].as_str().expect("a level")).expect("a level's name");
                let words = json["text"].as_str().expect("words").replace("!! ", "");
                let title = words.lines().next().unwrap_or_default().to_owned();
                Made { kind, level, title, words }
            }
            Self::Slash => read(app, &slash(door, "ask", &[("question", json!(text))]).await["data"]),
            Self::MessageCommand => {
                let resolved = json!({ "messages": { "9": { "id": "9", "content": text } } });
                let data = json!({ "name": "Answer privately", "type": 3, "target_id": "9", "resolved": resolved });
                read(app, &respond(door, interaction(2, data, false)).await["data"])
            }
            Self::Posted => {
                let option = json!({ "name": "question", "type": 3, "value": text });
                let data = json!({ "name": "ask", "type": 1, "options": [option] });
                read(app, &post.send(interaction(2, data, false)).await["data"])
            }
            Self::DirectMessage => read(app, &hear(door, text, true)),
            Self::Mention => read(app, &hear(door, text, false)),
        }
    }
}

fn panic_unless_out_of_scope(kind: &str) -> Kind {
    assert_eq!(kind, "out_of_scope");
    Kind::OutOfScope
}

/// A message of Discord's door, read back.
fn read(app: &App, data: &Value) -> Made {
    let embed = &data["embeds"][0];
    let words = format!("{}\n{}\n{}", data["content"].as_str().unwrap_or_default(), embed["title"], embed["description"]);
    let words = words.replace(['\\', '*'], "");
    let private = parts(data).find_map(|part| match Press::from_custom_id(part["custom_id"].as_str()?) {
        Ok(Press::Private { level, .. }) => Some(level),
        _ => None,
    });
    if let Some(level) = private {
        return Made { kind: Kind::Safety, level, title: String::new(), words };
    }
    let shown = embed["title"].as_str().expect("a title");
    let title = shown.trim_start_matches(['\u{1f6a8}', '\u{26a0}', '\u{fe0f}', '\u{1f49b}', ' ']).to_owned();
    let r = &app.knowledge().replies;
    let (kind, level) = match embed["color"].as_u64().expect("a color") {
        0xC6_28_28 => (Kind::Safety, Level::Emergency),
        0xD9_77_06 => (Kind::Safety, Level::Urgent),
        0x2A_7F_8E => (Kind::Answer, Level::None),
        _ if title == r.clarify_title => (Kind::Clarify, Level::None),
        _ => (panic_unless_out_of_scope(if title == r.out_of_scope_title { "out_of_scope" } else { &title }), Level::None),
    };
    assert_eq!(kind == Kind::Safety, shown != title, "the sign stands before safety replies alone: {shown}");
    Made { kind, level, title, words }
}

/// Each third of the held-back questions, and some that are none: each is decided seven times, and what differs between doors does
/// not hang on one question.
fn questions() -> Vec<String> {
    let mut questions: Vec<String> =
        ["", "  ", "?", "asdf qwer", "hello", "what is the capital of France"].map(str::to_owned).into();
    for file in ["held-topics", "held-safety"] {
        let path = format!("{}/tests/data/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
        let lines = fs::read_to_string(path).expect("held-back questions");
        let text = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["text"].as_str().map(str::to_owned);
        questions.extend(lines.lines().step_by(3).filter_map(text));
    }
    questions
}

#[tokio::test]
async fn every_door_makes_the_same_of_a_question() {
    let app = app();
    let door = door_of(app.clone());
    let post = Post::open(door.clone()).await;
    let questions = questions();
    assert!(questions.len() > 350, "they were read: {}", questions.len());
    for question in questions {
        let core = app.handle(&Request::Ask(Ask { text: question.clone() }), today());
        // What asks for nothing gets help, or a word that there is nothing to read, instead of a shrug.
        let silent = question.trim().is_empty();
        for through in Through::ALL {
            if silent && !matches!(through, Through::Terminal | Through::Slash | Through::Posted) {
                continue;
            }
            let made = through.ask(&door, &post, &app, &question).await;
            let told = format!("{through:?}: {question}\n{made:#?}");
            assert_eq!(made.kind, core.kind, "{told}");
            assert_eq!(made.level >= Level::Urgent, core.level >= Level::Urgent, "{told}");
            if core.kind != Kind::Safety {
                assert_eq!(made.title, core.title, "{told}");
                continue;
            }
            assert_eq!(made.level, core.level, "{told}");
            // What to do now comes before all but the title. Where others read, only what to do is said.
            if !matches!(through, Through::Mention) {
                assert_eq!(made.title, core.title, "{told}");
                let Block::Lead(lead) = &core.blocks[0] else { panic!("a lead comes first: {told}") };
                let at = made.words.find(lead.as_str()).unwrap_or_else(|| panic!("{lead} is missing: {told}"));
                assert!(made.words[..at].trim().trim_start_matches(&*core.title).trim().is_empty(), "{told}");
            } else {
                for flag in &core.flags {
                    let concern = &app.knowledge().flag(flag).expect("a flag").concern;
                    assert!(!made.words.contains(concern.as_str()), "{told}");
                }
            }
        }
    }
}
