//! Conversations with the running bot: what a member does, what they see. The bot is the real one, from `serve` on; Discord is
//! the stand-in.

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
    discord::serve::{self, Settings},
    embedded,
    store::{self, Clubs, Store},
};
use serde_json::json;
use tokio::{sync::oneshot, task::JoinHandle};

use self::talk::Talk;
use crate::stand_in::StandIn;

/// A running bot before a stand-in.
pub struct Bot {
    pub discord: StandIn,
    pub store: Option<Arc<dyn Store>>,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<Result<(), serve::ServeError>>>,
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
    /// Starts the bot with this store and this cool-down, and waits until it is connected.
    pub async fn start_with(discord: StandIn, store: Option<Arc<dyn Store>>, cooldown: Duration) -> Self {
        let mut bot = Self { discord, store, stop: None, running: None };
        bot.run(cooldown);
        bot.discord.connected(1).await;
        bot
    }

    /// Starts the bot's process, so to speak.
    pub fn run(&mut self, cooldown: Duration) {
        let (stop, stopped) = oneshot::channel();
        let clubs = Arc::new(Clubs::new(self.store.clone(), app().defaults().clone()));
        let settings = Settings {
            token: self.discord.token(),
            api: self.discord.address(),
            shards: None,
            cooldown,
            today,
            view: Default::default(),
        };
        let stopped = async {
            let _ = stopped.await;
        };
        self.running = Some(tokio::spawn(serve::serve(app(), clubs, settings, |_| {}, stopped)));
        self.stop = Some(stop);
    }

    /// Stops the bot in good order and says how it ended.
    pub async fn stop(&mut self) -> Result<(), serve::ServeError> {
        drop(self.stop.take());
        self.running.take().expect("it runs").await.expect("no panic")
    }
}
