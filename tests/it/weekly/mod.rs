//! The worker that posts weekly tips, against each store and a channel that can fail in every way.

mod backlog;
mod faults;
pub mod kill;
mod stored;
mod year;

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use async_trait::async_trait;
use jiff::{
    SignedDuration, Timestamp,
    civil::{Time, Weekday},
};
use patella::{
    app::App,
    club::Club,
    embedded,
    id::{ClubId, PlaceId},
    store::{self, Clubs, Store},
    tips::{
        outbox::{Found, News, Outbox, Post, Posted},
        worker::{self, Worker},
    },
    weekly::{Plan, Weeks},
};

use crate::postgres;

/// A clock that tests move.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn at(text: &str) -> Self {
        let at: Timestamp = text.parse().expect("an instant");
        Self(Arc::new(AtomicI64::new(at.as_millisecond())))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).expect("in range")
    }

    fn set(&self, to: Timestamp) {
        self.0.store(to.as_millisecond(), Ordering::Relaxed);
    }

    fn forward(&self, by: SignedDuration) {
        self.set(self.now() + by);
    }
}

/// What the next post meets.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// The message is there, and the answer says so.
    Arrives,
    /// The message is there, and the answer is lost.
    ArrivesUnheard,
    /// Neither message nor answer.
    Lost,
    /// The message is there, and the process dies before it hears of it.
    ArrivesAndDies,
    /// The process dies before anything is sent.
    Dies,
    /// An answer other than success.
    Answer(Posted),
}

/// A message in the channel.
#[derive(Debug, Clone, PartialEq)]
struct Message {
    club: ClubId,
    place: PlaceId,
    mark: u64,
    title: String,
    at: Timestamp,
}

/// A channel that remembers its messages.
struct Channel {
    clock: Hand,
    messages: Mutex<Vec<Message>>,
    fates: Mutex<VecDeque<Fate>>,
    finds: Mutex<VecDeque<Found>>,
    told: Mutex<Vec<(ClubId, News)>>,
    looks: AtomicI64,
}

impl Channel {
    fn new(clock: &Hand) -> Arc<Self> {
        Arc::new(Self {
            clock: clock.clone(),
            messages: Mutex::default(),
            fates: Mutex::default(),
            finds: Mutex::default(),
            told: Mutex::default(),
            looks: AtomicI64::new(0),
        })
    }

    fn fates(&self, fates: impl IntoIterator<Item = Fate>) {
        self.fates.lock().expect("no panic").extend(fates);
    }

    fn messages(&self) -> Vec<Message> {
        self.messages.lock().expect("no panic").clone()
    }

    fn told(&self) -> Vec<(ClubId, News)> {
        self.told.lock().expect("no panic").clone()
    }

    fn arrive(&self, post: &Post<'_>) {
        let at = self.clock.now();
        let mut messages = self.messages.lock().expect("no panic");
        // As Discord does with a nonce that it is told to enforce.
        let again =
            |m: &Message| m.place == post.place && m.mark == post.mark && at.duration_since(m.at) < SignedDuration::from_mins(2);
        if !messages.iter().any(again) {
            let (club, place, mark, title) = (post.club, post.place, post.mark, post.reply.title.clone());
            messages.push(Message { club, place, mark, title, at });
        }
    }
}

#[async_trait]
impl Outbox for Way {
    async fn post(&self, post: Post<'_>) -> Posted {
        let fate = self.0.fates.lock().expect("no panic").pop_front().unwrap_or(Fate::Arrives);
        if matches!(fate, Fate::Arrives | Fate::ArrivesUnheard | Fate::ArrivesAndDies) {
            self.0.arrive(&post);
        }
        match fate {
            Fate::Arrives => Posted::There,
            Fate::ArrivesUnheard | Fate::Lost => Posted::Unknown,
            Fate::ArrivesAndDies | Fate::Dies => panic!("the process dies here"),
            Fate::Answer(posted) => posted,
        }
    }

    async fn find(&self, place: PlaceId, mark: u64, since: Timestamp) -> Found {
        self.0.looks.fetch_add(1, Ordering::Relaxed);
        if let Some(found) = self.0.finds.lock().expect("no panic").pop_front() {
            return found;
        }
        let there = self.0.messages().iter().any(|m| m.place == place && m.mark == mark && m.at >= since);
        if there { Found::There } else { Found::NotThere }
    }

    async fn tell(&self, club: ClubId, _place: PlaceId, news: News) {
        self.0.told.lock().expect("no panic").push((club, news));
    }
}

/// The way to the channel, of which each process of the bot has one.
struct Way(Arc<Channel>);

/// A bot with a store, a clock and a channel.
struct Bot {
    app: Arc<App>,
    store: Arc<dyn Store>,
    clock: Hand,
    channel: Arc<Channel>,
}

impl Bot {
    fn new(store: Arc<dyn Store>, begin: &str) -> Self {
        let base = embedded::base().expect("the knowledge inside is sound");
        let clock = Hand::at(begin);
        let channel = Channel::new(&clock);
        Self {
            app: Arc::new(App::new(base, embedded::encoder().expect("the weights are sound"), Club::default())),
            store,
            clock,
            channel,
        }
    }

    /// Another process of the bot.
    fn worker(&self, me: u64) -> Arc<Worker<Way>> {
        let clubs = Arc::new(Clubs::new(Some(self.store.clone()), Club::default()));
        let clock = self.clock.clone();
        let clock = Arc::new(move || clock.now());
        Arc::new(Worker::new(self.app.clone(), clubs, Way(self.channel.clone()), clock, me, 1e9).expect("there is a store"))
    }

    /// Works on all that is due now, as a process that starts, does so and ends.
    async fn work(&self) {
        self.worker(1).once().await.expect("the store answers");
    }

    async fn start(&self, club: ClubId, plan: Plan) {
        let seen = self.store.weekly(club).await.expect("read");
        let (before, version) = seen.map_or((None, None), |(weeks, version)| (Some(weeks), Some(version)));
        let weeks = Weeks::start(before, plan, self.clock.now()).expect("the zone is known");
        let wake = worker::wake(club, &weeks, self.clock.now());
        self.store.save_weekly(club, &weeks, wake, version).await.expect("saved").expect("nobody else writes");
    }

    async fn weeks(&self, club: ClubId) -> Weeks {
        self.store.weekly(club).await.expect("read").expect("started").0
    }

    /// Moves the clock to the club's next date and works there.
    async fn next_week(&self, club: ClubId) {
        let due = self.weeks(club).await.next.expect("not paused").at;
        // A day before, the date is looked at.
        self.clock.set(due - SignedDuration::from_hours(24));
        self.work().await;
        self.clock.set(due + SignedDuration::from_secs(30));
        self.work().await;
    }
}

/// Thursdays at half past six in New York.
fn plan() -> Plan {
    let time = Time::constant(18, 30, 0, 0);
    Plan { place: PlaceId(7), day: Weekday::Thursday, time, zone: "America/New_York".to_owned(), role: None }
}

/// The address of a SQLite file that is not there yet.
fn new_file(name: &str) -> String {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).display().to_string();
    for beside in ["", "-wal", "-shm"] {
        // There is none on the first run.
        let _ = std::fs::remove_file(format!("{file}{beside}"));
    }
    format!("sqlite://{file}")
}

/// Tells a story on every store there is.
async fn on_each_store(story: impl AsyncFn(Arc<dyn Store>)) {
    #[cfg(feature = "sqlite")]
    story(store::open("sqlite::memory:").await.expect("a store in memory")).await;
    #[cfg(feature = "postgres")]
    if let Some(url) = postgres::database() {
        story(store::open(&url).await.expect("a new database")).await;
    }
}
