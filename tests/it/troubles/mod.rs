//! What goes wrong, and what members get all the same: the running bot before a stand-in that misbehaves.

mod chaos;
mod connections;
mod process;
mod sending;
mod starting;
mod stored;
mod watched;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use jiff::civil::{Date, date};
use patella::{
    app::App,
    club::Club,
    discord::{
        gateway, interactions, keeper, rest,
        serve::{self, ServeError, Settings, Tuning},
        view::View,
        work::{Limits, Tally},
    },
    embedded,
    store::{Clubs, Freshness, Store},
};
use serde_json::{Value, json};
use serenity::model::id::{ChannelId, GuildId, InteractionId, UserId};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::stand_in::{Seen, StandIn};

const CALLBACK: &str = "POST /interactions/{id}/{token}/callback";
const ORDINARY: &str = "outside of my knee hurts after 5 miles";
const EMERGENCY: &str = "my calf is swollen and hot since the flight and now I can't catch my breath";

/// A running bot before a stand-in with a club, a channel in it and a member.
struct Bot {
    discord: StandIn,
    club: GuildId,
    channel: ChannelId,
    ann: UserId,
    said: Arc<std::sync::Mutex<Vec<String>>>,
    view: View,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<Result<Tally, ServeError>>>,
}

pub fn today() -> Date {
    date(2026, 11, 21)
}

/// The bot's brain, read once for all tests.
pub fn app() -> Arc<App> {
    static APP: OnceLock<Arc<App>> = OnceLock::new();
    APP.get_or_init(|| {
        Arc::new(App::new(
            embedded::base().expect("the embedded knowledge is sound"),
            embedded::encoder().expect("the weights are sound"),
            Club::default(),
        ))
    })
    .clone()
}

/// Everything in a hurry, but for what serenity alone decides.
pub fn hasty() -> Tuning {
    let ms = Duration::from_millis;
    Tuning {
        gateway: gateway::Timings {
            watch: ms(50),
            dead: ms(300),
            back_off: (ms(50), ms(400)),
            goodbye: ms(2_000),
            ..gateway::Timings::default()
        },
        keeper: keeper::Timings {
            tick: ms(50),
            // Thirty ticks: a machine that stalls for a second is no copy that died.
            lease: ms(1_500),
            look: ms(10),
            patience: ms(300),
            pace: ms(100),
            start: ms(20_000),
            hand_over: ms(10_000),
        },
        work: Limits::default(),
        rest: rest::Timings { back_off: ms(20), longest_back_off: ms(200), ..rest::Timings::default() },
        start: (ms(20), ms(100)),
        farewell: Duration::from_secs(10),
        tips: 1_000,
        sweep: ms(50),
        http: interactions::Limits { drain: ms(100), ..interactions::Limits::default() },
        fresh: Freshness { told: ms(400), untold: ms(50), again: (ms(20), ms(100)) },
    }
}

impl Bot {
    /// A bot that is not started yet.
    async fn new() -> Self {
        let discord = StandIn::start().await;
        let club = discord.add_guild("Harbor Runners");
        let channel = discord.add_channel(club, "general");
        let ann = discord.add_member(club, "Ann", StandIn::runner());
        // serenity looks for heartbeats twice a second: no shorter interval would be kept.
        discord.gateway(|gateway| gateway.heartbeat_interval = 1_000);
        Self { discord, club, channel, ann, said: Arc::default(), view: View::default(), stop: None, running: None }
    }

    async fn started() -> Self {
        Self::started_with(hasty(), None).await
    }

    async fn started_with(tuning: Tuning, store: Option<Arc<dyn Store>>) -> Self {
        let mut bot = Self::new().await;
        bot.start(tuning, store);
        bot.discord.connected(1).await;
        bot
    }

    fn start(&mut self, tuning: Tuning, store: Option<Arc<dyn Store>>) {
        let (token, api) = (Some(self.discord.token()), self.discord.address());
        let settings =
            Settings { token, api, shards: None, cooldown: Duration::ZERO, today, http: None, view: self.view.clone() };
        self.start_as(settings, tuning, store);
    }

    fn start_as(&mut self, settings: Settings, tuning: Tuning, store: Option<Arc<dyn Store>>) {
        let (stop, stopped) = oneshot::channel::<()>();
        let clubs = Arc::new(Clubs::new(store, app().defaults().clone()));
        let said = self.said.clone();
        let say = move |line: &str| said.lock().expect("no panic").push(line.to_owned());
        let stopped = async {
            let _ = stopped.await;
        };
        self.running = Some(tokio::spawn(serve::serve_with(app(), clubs, settings, tuning, say, stopped)));
        self.stop = Some(stop);
    }

    /// Stops the bot in good order: what it did.
    async fn stop(&mut self) -> Tally {
        drop(self.stop.take());
        self.ended().await.expect("it was told to stop")
    }

    /// How the bot ends by itself.
    async fn ended(&mut self) -> Result<Tally, ServeError> {
        let running = self.running.take().expect("it runs");
        tokio::time::timeout(Duration::from_secs(40), running).await.expect("it ends").expect("no panic")
    }

    async fn ask(&self, question: &str) -> InteractionId {
        self.discord.slash(self.ann, self.channel, "ask", json!({ "question": question })).await
    }

    /// Asks and waits for the answer.
    async fn answer(&self) -> Seen {
        let asked = self.ask(ORDINARY).await;
        self.discord.first_response(asked).await
    }

    /// Waits until so many first responses were tried.
    async fn callbacks(&self, count: u64) {
        self.discord.until_so("callbacks", |state| state.requests.get(CALLBACK).copied().unwrap_or(0) >= count).await;
    }

    fn answered(&self, id: InteractionId) -> bool {
        self.discord.look(|state| state.interactions[&id].answered.is_some())
    }
}

/// The text of a message, wherever it stands in it.
fn text(seen: &Seen) -> String {
    let embeds: Vec<String> = seen.embeds.iter().map(Value::to_string).collect();
    format!("{}{}", seen.content, embeds.concat())
}
