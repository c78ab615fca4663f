//! Conversations with the running bot: what a member does, what they see. The bot is the real one, from `serve` on; Discord is
//! the stand-in.

/// Tests of conversations that go the same by both ways: each function as one test a way.
macro_rules! by_both_ways {
    ($($conversation:ident),+ $(,)?) => {
        mod by_gateway {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $conversation() {
                super::$conversation(crate::conversations::Way::Gateway).await;
            })+
        }
        mod by_signed_http {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $conversation() {
                super::$conversation(crate::conversations::Way::SignedHttp).await;
            })+
        }
    };
}

/// A snapshot that is the same by both ways.
macro_rules! assert_told {
    ($told:expr) => {
        insta::allow_duplicates! { insta::assert_snapshot!($told) }
    };
}

mod asks;
mod bare;
mod buttons;
mod clubs;
mod contract;
mod fits;
mod harmless;
mod help;
mod lookups;
mod messages;
mod pages;
mod safety;
mod table;
mod talk;
mod troubles;
mod weekly;

use std::{sync::Arc, time::Duration};

use jiff::civil::{Date, date};
use patella::{
    app::App,
    club::Club,
    discord::{
        interactions::{self, Keys},
        serve::{self, Settings, Tuning},
        work::Tally,
    },
    embedded,
    store::{self, Clubs, Store},
    web,
};
use serde_json::json;
use tokio::{sync::oneshot, task::JoinHandle};

use self::talk::Talk;
use crate::stand_in::StandIn;

/// The way by which interactions come. Messages always come by the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Gateway,
    SignedHttp,
}

/// A running bot before a stand-in.
pub struct Bot {
    pub discord: StandIn,
    pub store: Option<Arc<dyn Store>>,
    way: Way,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<Result<Tally, serve::ServeError>>>,
}

fn today() -> Date {
    date(2026, 11, 21)
}

/// The bot's brain, read once for all tests.
fn app() -> Arc<App> {
    static APP: std::sync::OnceLock<Arc<App>> = std::sync::OnceLock::new();
    let defaults = Club {
        clinics: vec![patella::reply::Clinic {
            name: "Default Clinic".into(),
            phone: "(555) 010-0100".into(),
            hours: String::new(),
            languages: Vec::new(),
            link: String::new(),
            last_checked: None,
        }],
        ..Club::default()
    };
    APP.get_or_init(|| {
        Arc::new(App::new(
            embedded::base().expect("the embedded knowledge is sound"),
            embedded::encoder().expect("the weights are sound"),
            defaults,
        ))
    })
    .clone()
}

impl Bot {
    /// Starts the bot with this store and this cool-down, and waits until interactions reach it by this way.
    pub async fn start_with(discord: StandIn, way: Way, store: Option<Arc<dyn Store>>, cooldown: Duration) -> Self {
        let mut bot = Self { discord, store, way, stop: None, running: None };
        bot.run(cooldown).await;
        bot
    }

    /// Starts the bot's process, so to speak.
    pub async fn run(&mut self, cooldown: Duration) {
        let (stop, stopped) = oneshot::channel();
        let clubs = Arc::new(Clubs::new(self.store.clone(), app().defaults().clone()));
        let http = (self.way == Way::SignedHttp).then(|| interactions::Settings {
            socket: web::bind(([127, 0, 0, 1], 0).into()).expect("the loopback has a free port"),
            keys: Keys::parse(&self.discord.public_key()).expect("a public key"),
        });
        let address = http.as_ref().map(|http| http.socket.local_addr().expect("it is bound"));
        let (token, api) = (Some(self.discord.token()), self.discord.address());
        let settings = Settings { token, api, shards: None, cooldown, today, http, view: Default::default() };
        let tuning = Tuning { http: interactions::Limits { drain: Duration::ZERO, ..Default::default() }, ..Tuning::default() };
        let stopped = async {
            let _ = stopped.await;
        };
        self.running = Some(tokio::spawn(serve::serve_with(app(), clubs, settings, tuning, |_| {}, stopped)));
        self.stop = Some(stop);
        self.discord.connected(1).await;
        if let Some(address) = address {
            let url = format!("http://{address}{}", interactions::PATH);
            self.discord.set_endpoint(&url).await.expect("Discord takes the address");
        }
    }

    /// Stops the bot in good order and says how it ended.
    pub async fn stop(&mut self) -> Result<Tally, serve::ServeError> {
        drop(self.stop.take());
        self.running.take().expect("it runs").await.expect("no panic")
    }
}
