//! Several copies of the program before one Discord, with nothing in common but the store.

mod broken;
mod hand_over;
mod processes;
mod turn;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use patella::{
    discord::{
        gateway::Share,
        serve::{self, ServeError, Settings, Tuning},
        work::Tally,
    },
    store::{Clubs, Store},
};
use serde_json::json;
use serenity::model::id::{ChannelId, InteractionId, UserId};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    stand_in::StandIn,
    troubles::{app, hasty, today},
};

/// A copy of the program, in this process.
struct Copy {
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<Tally, ServeError>>,
}

impl Copy {
    fn start(discord: &StandIn, store: Arc<dyn Store>, share: Share, tuning: Tuning) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let clubs = Arc::new(Clubs::new(Some(store), app().defaults().clone()));
        let (token, api) = (discord.token(), discord.address());
        let settings = Settings {
            token: Some(token),
            api,
            shards: Some(share),
            cooldown: Duration::ZERO,
            today,
            http: None,
            view: Default::default(),
        };
        let stopped = async {
            let _ = stopped.await;
        };
        let running = tokio::spawn(serve::serve_with(app(), clubs, settings, tuning, |_| {}, stopped));
        Self { stop, running }
    }

    /// Stops it in good order: what it did.
    async fn stop(self) -> Tally {
        drop(self.stop);
        let ended = tokio::time::timeout(Duration::from_secs(40), self.running).await;
        ended.expect("it ends").expect("no panic").expect("it was told to stop")
    }
}

/// A Discord that recommends so many shards and counts logins, with a club on each shard.
struct World {
    discord: Arc<StandIn>,
    ann: UserId,
    /// A channel of each shard's club.
    channels: Vec<ChannelId>,
}

impl World {
    async fn new(shards: u64) -> Self {
        let discord = Arc::new(StandIn::start().await);
        discord.gateway(|gateway| {
            gateway.shards = shards;
            gateway.hold_identify_limit = true;
        });
        let ann = discord.add_user("Ann");
        let mut channels = vec![None; shards as usize];
        while channels.contains(&None) {
            let club = discord.add_guild("Club");
            let channel = discord.add_channel(club, "general");
            discord.join(club, ann, StandIn::runner());
            channels[((club.get() >> 22) % shards) as usize] = Some(channel);
        }
        Self { discord, ann, channels: channels.into_iter().flatten().collect() }
    }

    /// Logins are too soon within so many milliseconds.
    fn in_a_hurry(self, window: u64) -> Self {
        self.discord.gateway(|gateway| gateway.identify_window = window);
        self
    }

    /// Waits until each shard is served by so many connections.
    async fn served_by(&self, connections: &[usize]) {
        let what = format!("shards served by {connections:?}");
        let so = |state: &crate::stand_in::State| {
            connections.iter().enumerate().all(|(shard, count)| state.gateway.serving(shard as u64) == *count)
        };
        self.discord.until_so(&what, so).await;
    }

    /// Members begin to ask in each club, again and again, until told to stop.
    fn load(&self, every: Duration) -> Load {
        let (asked, end): (Arc<Mutex<Vec<Asked>>>, Arc<AtomicBool>) = Default::default();
        let (discord, ann, channels) = (self.discord.clone(), self.ann, self.channels.clone());
        let (log, told) = (asked.clone(), end.clone());
        let asking = tokio::spawn(async move {
            while !told.load(Ordering::Relaxed) {
                for (shard, channel) in channels.iter().enumerate() {
                    let at = Instant::now();
                    // A reply that costs nothing to decide: it is the way there and back that is looked at.
                    let id = discord.slash(ann, *channel, "clinic", json!({})).await;
                    log.lock().expect("no panic").push(Asked { id, shard, at });
                }
                tokio::time::sleep(every).await;
            }
        });
        Load { discord: self.discord.clone(), asked, end, asking }
    }
}

/// A question.
#[derive(Clone, Copy)]
struct Asked {
    id: InteractionId,
    shard: usize,
    at: Instant,
}

/// Members who ask.
struct Load {
    discord: Arc<StandIn>,
    asked: Arc<Mutex<Vec<Asked>>>,
    end: Arc<AtomicBool>,
    asking: JoinHandle<()>,
}

impl Load {
    /// Members stop asking; all that was asked, and what of it nobody answered in the time that Discord gives.
    async fn finish(self) -> (Vec<Asked>, Vec<Asked>) {
        self.end.store(true, Ordering::Relaxed);
        self.asking.await.expect("no panic");
        let asked = self.asked.lock().expect("no panic").clone();
        let answered = |state: &crate::stand_in::State, asked: &Asked| state.interactions[&asked.id].answered.is_some();
        let all = self.discord.until_so("all answers", |state| asked.iter().all(|one| answered(state, one)));
        // Discord's three seconds.
        let _ = tokio::time::timeout(Duration::from_secs(3), all).await;
        let unanswered = self.discord.look(|state| asked.iter().filter(|one| !answered(state, one)).copied().collect());
        (asked, unanswered)
    }
}

/// Which copies hold parts of the shards; and how many parts are held.
async fn holders(store: &dyn Store) -> (BTreeSet<u64>, usize) {
    let leases = store.leases(Timestamp::now()).await.expect("it answers");
    let parts: Vec<u64> = leases.iter().filter(|lease| lease.name.starts_with("shards ")).map(|lease| lease.holder).collect();
    (parts.iter().copied().collect(), parts.len())
}

/// Waits until so many parts are held by so many copies, one after the other asking the store.
async fn shared_out(store: &dyn Store, copies: usize, parts: usize) {
    let wait = async {
        loop {
            let (holders, held) = holders(store).await;
            if (holders.len(), held) == (copies, parts) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(30), wait).await.is_err() {
        panic!("waited for {parts} parts held by {copies} copies: {:?}", store.leases(Timestamp::now()).await);
    }
}
