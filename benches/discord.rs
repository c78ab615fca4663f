//! How the running bot holds up against a bare serenity bot with a fixed reply: `cargo bench --bench discord`.
//!
//! The stand-in of the tests is this process; each bot is a process of its own, so that its memory and its processor time are its
//! own. All figures of a run are of the same machine and the same minutes: read the ratios. Servers of the stand-in are small, so
//! that real ones cost more while they arrive, and no more afterwards: nothing of them is kept but their ids.

#[path = "../tests/stand_in/mod.rs"]
mod stand_in;

use std::{
    fs,
    io::Read,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use patella::{
    app::App,
    club::Club,
    discord::serve::{self, Settings},
    embedded,
    request::{Ask, Request},
    store::{self, Clubs},
};
use serde_json::json;
use serenity::all::{
    ClientBuilder, Context, CreateActionRow, CreateButton, CreateEmbed, CreateEmbedFooter, CreateInteractionResponse,
    CreateInteractionResponseMessage, EventHandler, GatewayIntents, HttpBuilder, Interaction,
};
use serenity::model::id::{ChannelId, UserId};

use stand_in::StandIn;

/// About a hundred characters, as in the bench of questions.
const QUESTION: &str =
    "outside of my left knee starts to hurt at mile 4 every single run, worse downhill, what can i do about it";
const SEQUENTIAL: usize = 2_000;
const AT_ONCE: usize = 64;
const ROUNDS: usize = 40;
const EVENTS: usize = 30_000;
const STARTS: usize = 7;
const SERVERS: [usize; 3] = [0, 10_000, 100_000];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--bot", name, address, token] => bot(name, address, token),
        // `cargo test` runs benches too, to see that they start.
        given if given.contains(&"--test") => {}
        _ => runtime().block_on(measure()),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads")
}

fn app() -> App {
    App::new(
        embedded::base().expect("the embedded knowledge is sound"),
        embedded::encoder().expect("the weights are sound"),
        Club::default(),
    )
}

/// A bot in this process, until it is killed. It first prints by how much its knowledge made it grow, in KiB.
fn bot(name: &str, address: &str, token: &str) {
    let (address, token) = (address.to_owned(), token.to_owned());
    if name == "bare" {
        println!("0");
        return runtime().block_on(async {
            let http = HttpBuilder::new(&token).proxy(address).ratelimiter_disabled(true).build();
            let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::DIRECT_MESSAGES;
            let mut client =
                ClientBuilder::new_with_http(http, intents).event_handler(Bare).await.expect("the stand-in is there");
            client.start().await.expect("it is let in");
        });
    }
    let before = status(std::process::id(), "VmRSS");
    let app = Arc::new(app());
    app.handle(&Request::Ask(Ask { text: QUESTION.to_owned() }), today());
    println!("{}", status(std::process::id(), "VmRSS") - before);
    runtime().block_on(async {
        let store = store::open("sqlite::memory:").await.expect("a store in memory");
        let clubs = Arc::new(Clubs::new(Some(store), Club::default()));
        let settings = Settings {
            token: Some(token),
            api: address,
            shards: None,
            cooldown: Duration::ZERO,
            today,
            http: None,
            view: Default::default(),
        };
        serve::serve(app, clubs, settings, |_| {}, std::future::pending()).await.expect("it is let in");
    });
}

fn today() -> jiff::civil::Date {
    jiff::civil::date(2026, 11, 21)
}

/// A bot that always says the same.
struct Bare;

#[serenity::async_trait]
impl EventHandler for Bare {
    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        if let Interaction::Command(command) = interaction {
            let reply = if command.data.name == "ask" { card() } else { line() };
            let _ = command.create_response(&context, CreateInteractionResponse::Message(reply)).await;
        }
    }
}

/// A reply of a line.
fn line() -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new().content("Rest, ice, and see a physiotherapist.").ephemeral(true)
}

/// A reply as long as a card of Patella's, with as many buttons: what Discord is sent must be the same, for what is compared to be
/// the bots and not the letters.
fn card() -> CreateInteractionResponseMessage {
    let lines: Vec<String> =
        (1..=14).map(|n| format!("- **{n}** {}", "A line of an answer that was written beforehand. ".repeat(2))).collect();
    let embed = CreateEmbed::new().title("Pain on the outside of the knee").color(0x2A_7F_8E).description(lines.join("\n"));
    let embed = embed.footer(CreateEmbedFooter::new("A guess from what you wrote. Not yet reviewed by a clinician. ".repeat(2)));
    let row = |row: u8, buttons: u8| {
        let button = |n| CreateButton::new(format!("{row}|{n}|pain.outside")).label(format!("Button {n} of row {row}"));
        CreateActionRow::Buttons((0..buttons).map(button).collect())
    };
    CreateInteractionResponseMessage::new().embed(embed).components(vec![row(0, 4), row(1, 4), row(2, 2)]).ephemeral(true)
}

/// A figure of a process in KiB, from `/proc`.
fn status(process: u32, key: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).expect("this bench needs Linux");
    let line = text.lines().find(|line| line.starts_with(key)).expect("the kernel gives it");
    line.split_whitespace().nth(1).and_then(|figure| figure.parse().ok()).expect("a figure")
}

/// Processor time of a process so far, user and system. The kernel counts in hundredths of a second.
fn processor(process: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).expect("this bench needs Linux");
    // The name in parentheses may hold spaces.
    let fields: Vec<&str> = text.rsplit(')').next().expect("a part").split_whitespace().collect();
    let ticks: u64 = [fields[11], fields[12]].iter().map(|field| field.parse::<u64>().expect("a figure")).sum();
    Duration::from_millis(ticks * 10)
}

/// A bot's process, ended with this.
struct Bot(Child);

impl Drop for Bot {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A bot's process before a stand-in of its own.
struct Run {
    discord: StandIn,
    channel: ChannelId,
    ann: UserId,
    bot: Bot,
    start: Duration,
}

impl Run {
    async fn start(name: &str, servers: usize) -> Self {
        let discord = StandIn::start().await;
        discord.change(|state| {
            state.unchecked = true;
            state.buckets.on = false;
        });
        discord.add_guilds(servers);
        let club = discord.add_guild("Harbor Runners");
        let channel = discord.add_channel(club, "general");
        let ann = discord.add_member(club, "Ann", StandIn::runner());
        let began = Instant::now();
        let bot = Command::new(std::env::current_exe().expect("this program"))
            .args(["--bot", name, &discord.address(), &discord.token()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        discord.connected(1).await;
        let start = began.elapsed();
        let run = Self { discord, channel, ann, bot: Bot(bot), start };
        // With many servers it first has to read of them all, and what waits for more than 3 s is not answered any more.
        while tokio::time::timeout(Duration::from_secs(4), run.round_trip("ask")).await.is_err() {}
        run
    }

    async fn dispatch(&self, command: &str) -> serenity::model::id::InteractionId {
        let options = if command == "ask" { json!({ "question": QUESTION }) } else { json!({}) };
        self.discord.slash(self.ann, self.channel, command, options).await
    }

    async fn round_trip(&self, command: &str) -> Duration {
        let asked = self.dispatch(command).await;
        self.discord.until("a response", |state| state.interactions[&asked].took).await
    }

    async fn sequential(&self, command: &str) -> Times {
        let mut times = Vec::with_capacity(SEQUENTIAL);
        for _ in 0..SEQUENTIAL {
            times.push(self.round_trip(command).await);
        }
        // The first ones warm caches and connections.
        Times::new(times.split_off(SEQUENTIAL / 10))
    }

    async fn at_once(&self) -> Times {
        let mut times = Vec::with_capacity(ROUNDS * AT_ONCE);
        for _ in 0..ROUNDS {
            let mut asked = Vec::with_capacity(AT_ONCE);
            for _ in 0..AT_ONCE {
                asked.push(self.dispatch("ask").await);
            }
            let took = self.discord.until("responses", |state| asked.iter().map(|id| state.interactions[id].took).collect());
            let took: Vec<Duration> = took.await;
            times.extend(took);
        }
        Times::new(times.split_off(ROUNDS / 10 * AT_ONCE))
    }

    /// Messages of others, a processor second.
    async fn events(&self) -> f64 {
        let before = processor(self.bot.0.id());
        for _ in 0..EVENTS / 1_000 {
            for _ in 0..1_000 {
                self.discord.say(self.ann, self.channel, "see you at the track tomorrow, bring water").await;
            }
            // The replay buffer and this process's memory stay small that way.
            self.round_trip("help").await;
            self.discord.change(|state| state.messages.clear());
        }
        EVENTS as f64 / (processor(self.bot.0.id()) - before).as_secs_f64()
    }

    /// Memory now and at most, in MB.
    fn memory(&self) -> (f64, f64) {
        let megabytes = |key| status(self.bot.0.id(), key) as f64 * 1024.0 / 1e6;
        (megabytes("VmRSS"), megabytes("VmHWM"))
    }

    /// Ends the bot; what it said.
    fn end(mut self) -> String {
        self.bot.0.kill().expect("it runs");
        let mut said = String::new();
        self.bot.0.stdout.take().expect("a pipe").read_to_string(&mut said).expect("text");
        said.trim().to_owned()
    }
}

/// Durations in order.
struct Times(Vec<Duration>);

impl Times {
    fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The duration in microseconds that so much of a hundred stays below.
    fn at(&self, percent: usize) -> f64 {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)].as_secs_f64() * 1e6
    }
}

fn compare(what: &str, patella: &Times, bare: &Times) {
    for percent in [50, 99] {
        let (p, b) = (patella.at(percent), bare.at(percent));
        println!("{what:<34} p{percent}  patella {p:>8.0} us   bare {b:>8.0} us   ratio {:.2}", p / b);
    }
}

async fn measure() {
    let app = app();
    let mut answering: Vec<Duration> = Vec::new();
    for _ in 0..500 {
        let began = Instant::now();
        std::hint::black_box(app.handle(&Request::Ask(Ask { text: QUESTION.to_owned() }), today()));
        answering.push(began.elapsed());
    }
    let answering = Times::new(answering.split_off(50)).at(50);
    drop(app);

    let (patella, bare) = (Run::start("patella", 0).await, Run::start("bare", 0).await);
    let (ask, fixed) = (patella.sequential("ask").await, bare.sequential("ask").await);
    compare("/ask, one after the other", &ask, &fixed);
    let without = (ask.at(50) - answering) / fixed.at(50);
    println!("  of which answering itself {answering:.0} us; without it the ratio of p50 is {without:.2} (to hold: 1.20)");
    compare("/clinic, one after the other", &patella.sequential("clinic").await, &bare.sequential("clinic").await);
    compare("/ask, 64 at once", &patella.at_once().await, &bare.at_once().await);
    let (p, b) = (patella.events().await, bare.events().await);
    println!("{:<34}      patella {p:>8.0}      bare {b:>8.0}      ratio {:.2}", "messages of others, a CPU second", p / b);
    patella.end();
    bare.end();

    for servers in SERVERS {
        let (patella, bare) = (Run::start("patella", servers).await, Run::start("bare", servers).await);
        let ((p, p_most), (b, b_most)) = (patella.memory(), bare.memory());
        let knowledge = patella.end().parse::<f64>().unwrap_or(0.0) * 1024.0 / 1e6;
        bare.end();
        println!(
            "memory at {servers:>6} servers, MB          patella {p:>6.1} (most {p_most:.1}; knowledge {knowledge:.1})   \
             bare {b:>6.1} (most {b_most:.1})"
        );
    }

    let mut starts = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (patella, bare) = (Run::start("patella", 0).await, Run::start("bare", 0).await);
        starts.0.push(patella.start);
        starts.1.push(bare.start);
        patella.end();
        bare.end();
    }
    let (p, b) = (Times::new(starts.0).at(50) / 1e3, Times::new(starts.1).at(50) / 1e3);
    println!("{:<34}      patella {p:>6.1} ms     bare {b:>6.1} ms", "process start to READY, median");
}
