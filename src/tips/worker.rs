//! Posts the weekly tips that are due: never twice, never silently missing.
//!
//! A club's row is claimed for a while, and what is about to be posted is written into it before it is sent. Whoever finds such a
//! row later, after a crash or a lost answer, looks for the message before sending again. Each write names the version that was
//! read, so that a worker whose time ran out, or an organizer's change, never undoes another's write.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp, civil::Date};
use tokio::{
    sync::{Mutex, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    choose,
    counts::{Counts, Fate},
    deck,
    outbox::{Found, News, Outbox, Post, Posted, mark},
};
use crate::{
    app::Live,
    id::ClubId,
    reply::Reply,
    request::Request,
    store::{Change, Claim, Clubs, Store, StoreError, Version},
    weekly::{Cause, End, Open, Pause, Weeks},
};

/// A tip that could not be posted for so long after its time is left out: it would come in the middle of another day.
pub const CATCH_UP: SignedDuration = SignedDuration::from_hours(24);
/// For so long a claimed row is nobody else's.
const LEASE: SignedDuration = SignedDuration::from_secs(180);
/// Who has less than this left of it does not begin to send: sending takes up to [`SEND`].
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// How long one look or post may take.
pub const SEND: Duration = Duration::from_secs(25);
/// Within this after a first attempt Discord itself refuses a second message with the same nonce: "the past few minutes" in its
/// documentation of `enforce_nonce`; half of the least that this can mean.
const NONCE: SignedDuration = SignedDuration::from_secs(60);
/// The zone's rules are looked at anew this long before a tip is due.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// Posts of one minute are spread over this many seconds, each club always at the same one.
const SPREAD: u64 = 30;
/// How many rows are claimed at once at the most, and for how long they may take: well within the lease.
const BATCH: u32 = 200;
const BATCH_TIME: Duration = Duration::from_secs(5);
/// How many are worked on at once.
const AT_ONCE: usize = 32;
/// Between two looks for what is due.
const LOOK: Duration = Duration::from_secs(2);
/// A copy that has not been heard of for so long is gone.
const COPY_GONE: SignedDuration = SignedDuration::from_secs(30);
/// Waits after refusals that an organizer has to mend; after the last the tips are paused.
const AGAIN: [SignedDuration; 3] = [SignedDuration::from_mins(1), SignedDuration::from_mins(10), SignedDuration::from_hours(1)];
/// The first and the longest wait after faults that pass by themselves.
const BACK_OFF: (SignedDuration, SignedDuration) = (SignedDuration::from_secs(15), SignedDuration::from_mins(15));

/// When a worker is to look at a club's tips next; `None` while they are paused.
pub fn wake(club: ClubId, weeks: &Weeks, now: Timestamp) -> Option<Timestamp> {
    let due = weeks.next?.at;
    let ahead = due - AHEAD;
    if ahead > now {
        return Some(ahead);
    }
    let spread = i64::try_from(deck::mixed(club, "spread") % SPREAD).unwrap_or(0);
    Some(due + SignedDuration::from_secs(spread))
}

/// What is to be done with a row.
enum Step {
    /// Nothing before its time.
    Wait,
    /// Organizers are told.
    Tell(News),
    /// A post may be there since.
    Look(Timestamp),
    /// It is posted.
    Post,
}

/// Posts what is due.
pub struct Worker<O> {
    app: Live,
    clubs: Arc<Clubs>,
    store: Arc<dyn Store>,
    outbox: O,
    clock: Clock,
    /// This copy of the program among all.
    me: u64,
    /// Posts a second of all copies.
    rate: f64,
    pace: Mutex<Pace>,
    counts: Arc<Counts>,
}

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Parts of a second between posts.
struct Pace {
    next: Instant,
    apart: Duration,
}

impl<O: Outbox> Worker<O> {
    /// A worker over the store behind the clubs' settings, or `None` where there is no store. `me` tells this copy of the program
    /// from all others; `rate` is how many posts all of them may make in a second.
    pub fn new(app: impl Into<Live>, clubs: Arc<Clubs>, outbox: O, clock: Clock, me: u64, rate: f64) -> Option<Self> {
        let store = clubs.store()?.clone();
        let pace = Mutex::new(Pace { next: Instant::now(), apart: Duration::from_secs_f64(1.0 / rate) });
        Some(Self { app: app.into(), clubs, store, outbox, clock, me, rate, pace, counts: Arc::default() })
    }

    /// How the tips fare that this worker posts.
    pub fn counts(&self) -> Arc<Counts> {
        self.counts.clone()
    }

    /// Works until told to stop, then finishes what is begun.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut jobs = JoinSet::new();
        let mut counted: Option<Instant> = None;
        while !*stop.borrow() {
            if counted.is_none_or(|at| at.elapsed() > Duration::from_secs(10)) {
                self.share().await;
                counted = Some(Instant::now());
            }
            let begun = self.start(&mut jobs).await;
            self.counts.looked(begun.is_ok());
            let more = match begun {
                Ok(begun) => begun > 0,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "due tips cannot be read");
                    false
                }
            };
            if !more {
                tokio::select! {
                    () = sleep(LOOK) => {}
                    _ = stop.changed() => {}
                }
            }
        }
        while jobs.join_next().await.is_some() {}
    }

    /// Does all that is due now, and waits for its end. For tests and one-shot programs.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn once(self: &Arc<Self>) -> Result<usize, StoreError> {
        let mut jobs = JoinSet::new();
        let mut done = 0;
        loop {
            let begun = self.start(&mut jobs).await?;
            while jobs.join_next().await.is_some() {}
            done += begun;
            if begun == 0 {
                return Ok(done);
            }
        }
    }

    /// Claims a batch and begins to work on it; returns how many.
    async fn start(self: &Arc<Self>, jobs: &mut JoinSet<()>) -> Result<usize, StoreError> {
        let now = (self.clock)();
        let until = now + LEASE;
        let apart = self.pace.lock().await.apart;
        // The more copies share the pace, the fewer rows can one of them work on in time.
        let most = (BATCH_TIME.as_secs_f64() / apart.as_secs_f64()).clamp(1.0, f64::from(BATCH));
        let claims = self.store.claim(now, until, most as u32).await?;
        let begun = claims.len();
        let (changes, steps): (Vec<Change>, Vec<Step>) = claims.into_iter().map(|claim| self.step(claim, now, until)).unzip();
        // All are noted in one write: a slow disk confirms only some dozens of writes in a second.
        let versions = self.store.save_many(&changes).await?;
        for ((change, step), version) in changes.into_iter().zip(steps).zip(versions) {
            // An organizer changed something: the next look sees.
            let Some(version) = version else { continue };
            while jobs.len() >= AT_ONCE {
                jobs.join_next().await;
            }
            let (worker, claim) = (self.clone(), Claim { club: change.club, weeks: change.weeks, version });
            jobs.spawn(async move { worker.work(claim, step, until).await });
        }
        Ok(begun)
    }

    /// What is to be done with a row, and how it is noted beforehand.
    fn step(&self, Claim { club, mut weeks, version: seen }: Claim, now: Timestamp, until: Timestamp) -> (Change, Step) {
        if let Some(since) = weeks.open.as_ref().and_then(|open| open.tried) {
            return (Change { club, weeks, wake: Some(until), seen }, Step::Look(since));
        }
        if weeks.open.is_none() {
            self.open(club, &mut weeks, now);
        }
        let place = weeks.plan.place;
        let Some(open) = &mut weeks.open else {
            let refused = weeks.paused == Some(Pause::Refused);
            let step = if refused { Step::Tell(News::Paused(Cause::NoZone)) } else { Step::Wait };
            let wake = wake(club, &weeks, now);
            return (Change { club, weeks, wake, seen }, step);
        };
        if now.duration_since(open.due.at) > CATCH_UP {
            let date = open.due.date;
            weeks.end(End::Missed, now);
            self.counts.add(Fate::Late);
            tracing::warn!("a tip was left out: it is more than a day late");
            let wake = wake(club, &weeks, now);
            return (Change { club, weeks, wake, seen }, Step::Tell(News::Missed(date)));
        }
        (open.place, open.tried) = (place, Some(now));
        (Change { club, weeks, wake: Some(until), seen }, Step::Post)
    }

    /// Shares Discord's limit among the copies that run.
    async fn share(&self) {
        let now = (self.clock)();
        if let Ok(copies) = self.store.copies(self.me, now, now - COPY_GONE).await {
            self.pace.lock().await.apart = Duration::from_secs_f64(copies.max(1) as f64 / self.rate);
        }
    }

    async fn turn(&self) {
        let at = {
            let mut pace = self.pace.lock().await;
            let at = pace.next.max(Instant::now());
            pace.next = at + pace.apart;
            at
        };
        // A timer would wait for a millisecond more.
        if at > Instant::now() {
            sleep_until(at).await;
        }
    }

    async fn work(&self, claim: Claim, step: Step, until: Timestamp) {
        match step {
            Step::Wait => {}
            Step::Tell(news) => self.outbox.tell(claim.club, claim.weeks.plan.place, news).await,
            Step::Look(since) => self.look(claim, since, until).await,
            Step::Post => self.post(claim, until).await,
        }
    }

    /// Chooses what is to be posted now, if anything is.
    fn open(&self, club: ClubId, weeks: &mut Weeks, now: Timestamp) {
        let Some(due) = weeks.next else { return };
        let Some(slot) = weeks.plan.slot() else {
            weeks.fault(Cause::NoZone, now);
            weeks.pause(Pause::Refused);
            tracing::error!("a zone is not in this machine's database");
            return;
        };
        // The zone's rules may have changed since the date was fixed.
        let due = slot.due(due.date).unwrap_or(due);
        weeks.next = Some(due);
        if wake(club, weeks, now).is_none_or(|wake| wake > now) {
            return;
        }
        match choose(&self.app.now().knowledge().tips, club, weeks, due) {
            Some((tip, round)) => {
                let tip = tip.id.clone();
                self.counts.add(Fate::Due);
                weeks.open = Some(Open { due, tip, round, place: weeks.plan.place, tried: None });
            }
            None => weeks.next = slot.following(due.date, now),
        }
    }

    /// Looks for a post of which nobody noted how it ended; posts it where it is not there.
    async fn look(&self, Claim { club, mut weeks, version }: Claim, since: Timestamp, until: Timestamp) {
        let Some(open) = &weeks.open else { return };
        let found = timeout(SEND, self.outbox.find(open.place, mark(club, open.due.date), since)).await;
        match found.unwrap_or(Found::NotYet) {
            Found::There => {
                weeks.end(End::Posted, (self.clock)());
                self.counts.add(Fate::Posted);
                tracing::info!("a tip was found posted");
                return self.save(club, &weeks, version, None).await;
            }
            // A channel that is gone took its messages along.
            Found::NotThere | Found::Refused(Cause::NoChannel) => {
                let place = weeks.plan.place;
                if let Some(open) = &mut weeks.open
                    && open.place != place
                {
                    // The organizers chose another channel meanwhile. Where it is looked for must be noted before it is sent.
                    open.place = place;
                    return self.save(club, &weeks, version, Some((self.clock)())).await;
                }
            }
            // Discord tells a second attempt from a first one by itself for a while.
            Found::Refused(_) if (self.clock)().duration_since(since) < NONCE => {}
            Found::Refused(cause) => return self.give_up(club, weeks, version, End::Unknown, Some(cause)).await,
            Found::NotYet => return self.put_off(club, weeks, version).await,
        }
        self.post(Claim { club, weeks, version }, until).await;
    }

    async fn post(&self, Claim { club, mut weeks, version }: Claim, until: Timestamp) {
        let Some(open) = &weeks.open else { return };
        self.turn().await;
        let now = (self.clock)();
        if now.duration_since(open.due.at) > CATCH_UP {
            return self.give_up(club, weeks, version, End::Missed, None).await;
        }
        if until.duration_since(now) < MARGIN {
            // Somebody else gets it soon.
            return;
        }
        let (tip, date) = (open.tip.clone(), open.due.date);
        // One knowledge for the look and for the reply.
        let app = self.app.now();
        if app.knowledge().tip(&tip).is_none() {
            // The knowledge was replaced meanwhile, and this tip is gone: the next look chooses another.
            weeks.open = None;
            return self.save(club, &weeks, version, Some(now)).await;
        }
        let settings = self.clubs.of(Some(club));
        let reply = app.handle_for(&Request::ThatTip { tip }, &settings, date);
        self.send(club, weeks, version, &reply, date).await;
    }

    async fn send(&self, club: ClubId, mut weeks: Weeks, version: Version, reply: &Reply, date: Date) {
        let post = Post { club, place: weeks.plan.place, role: weeks.plan.role, reply, mark: mark(club, date) };
        let posted = timeout(SEND, self.outbox.post(post)).await.unwrap_or(Posted::Unknown);
        let now = (self.clock)();
        match posted {
            Posted::There => {
                weeks.end(End::Posted, now);
                self.counts.add(Fate::Posted);
                self.save(club, &weeks, version, None).await;
            }
            Posted::Refused(cause) => {
                if let Some(open) = &mut weeks.open {
                    open.tried = None;
                }
                let tries = weeks.fault(cause, now).tries;
                match usize::try_from(tries).ok().and_then(|tries| AGAIN.get(tries.saturating_sub(1))) {
                    Some(wait) => self.save(club, &weeks, version, Some(now + *wait)).await,
                    None => {
                        weeks.open = None;
                        weeks.pause(Pause::Refused);
                        self.counts.add(Fate::Refused);
                        tracing::warn!(?cause, "the tips of a club are paused");
                        let place = weeks.plan.place;
                        self.save(club, &weeks, version, None).await;
                        self.outbox.tell(club, place, News::Paused(cause)).await;
                    }
                }
            }
            Posted::NotYet => {
                if let Some(open) = &mut weeks.open {
                    open.tried = None;
                }
                self.put_off(club, weeks, version).await;
            }
            Posted::Unknown => self.put_off(club, weeks, version).await,
        }
    }

    /// Tries again later, or gives up where it is too late.
    async fn put_off(&self, club: ClubId, mut weeks: Weeks, version: Version) {
        let now = (self.clock)();
        let late = weeks.open.as_ref().is_some_and(|open| now.duration_since(open.due.at) > CATCH_UP);
        if late {
            let unknown = weeks.open.as_ref().is_some_and(|open| open.tried.is_some());
            let end = if unknown { End::Unknown } else { End::Missed };
            return self.give_up(club, weeks, version, end, None).await;
        }
        self.counts.add(Fate::PutOff);
        let tries = weeks.fault(Cause::Unreachable, now).tries;
        let wait = BACK_OFF.0.checked_mul(1 << tries.saturating_sub(1).min(10)).unwrap_or(BACK_OFF.1).min(BACK_OFF.1);
        self.save(club, &weeks, version, Some(now + wait)).await;
    }

    /// Leaves a date behind and says so.
    async fn give_up(&self, club: ClubId, mut weeks: Weeks, version: Version, end: End, cause: Option<Cause>) {
        let now = (self.clock)();
        let Some(date) = weeks.open.as_ref().map(|open| open.due.date) else { return };
        if let Some(cause) = cause {
            weeks.fault(cause, now);
        }
        weeks.end(end, now);
        self.counts.add(if end == End::Missed { Fate::Late } else { Fate::Unknown });
        tracing::warn!(?end, "a tip was left behind");
        let place = weeks.plan.place;
        self.save(club, &weeks, version, None).await;
        let news = if end == End::Missed { News::Missed(date) } else { News::Unknown(date) };
        self.outbox.tell(club, place, news).await;
    }

    /// Writes how it stands; without a time to `wake`, that of the next date. What cannot be written is found again by the next
    /// look: then the row says that a post was begun.
    async fn save(&self, club: ClubId, weeks: &Weeks, version: Version, again: Option<Timestamp>) {
        const TRIES: u32 = 4;
        let wake = again.or_else(|| wake(club, weeks, (self.clock)()));
        for nth in 1..=TRIES {
            match self.store.save_weekly(club, weeks, wake, Some(version)).await {
                Ok(Some(_)) => return,
                Ok(None) => {
                    tracing::info!("somebody changed a weekly tip meanwhile");
                    return;
                }
                Err(error) if nth == TRIES => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "how a tip ended could not be written");
                }
                Err(_) => sleep(Duration::from_millis(200 * u64::from(nth))).await,
            }
        }
    }
}
