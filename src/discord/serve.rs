//! The running bot: who it is, its commands, its gateway, and an orderly end.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde_json::Value;
use tokio::{sync::watch, task::JoinSet};

use super::{
    door::Door,
    gateway::{self, Gateway, Shards, Share, Stop, Up},
    interactions,
    keeper::{self, Keeper},
    outbox::Channels,
    register,
    rest::{self, Call, Rest, RestError},
    view::{Running, View},
    work::{self, Tally, Work},
};
use crate::{
    app::Live,
    store::{Clubs, Freshness},
    tips::worker::Worker,
};

/// What is stored about a club is erased so long after it removed the bot.
const KEPT_AFTER_LEAVING: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Where the gateway is, should Discord not say.
const GATEWAY: &str = "wss://gateway.discord.gg";

/// What the bot needs to run.
pub struct Settings {
    /// The bot's token. Without one there is no gateway and nothing is sent: signed HTTP interactions alone are answered.
    pub token: Option<String>,
    /// Discord's base address.
    pub api: String,
    /// Which shards; as many as Discord recommends where `None`.
    pub shards: Option<Share>,
    /// Between two questions of a member; never for a safety reply.
    pub cooldown: Duration,
    /// The day, where this machine stands.
    pub today: fn() -> Date,
    /// What the running bot shows of itself.
    pub view: View,
    /// Where signed HTTP interactions are taken; nowhere where `None`.
    pub http: Option<interactions::Settings>,
}

/// How patient the bot is and how much it does at once. The default is meant for Discord; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// Of the gateway.
    pub gateway: gateway::Timings,
    /// Of what keeps it.
    pub keeper: keeper::Timings,
    /// Of the work.
    pub work: work::Limits,
    /// Of the sender.
    pub rest: rest::Timings,
    /// The first wait between attempts to reach Discord at the start, and the longest; 1 second and 1 minute.
    pub start: (Duration, Duration),
    /// Replies under way are waited for so long when the bot ends; 10 seconds.
    pub farewell: Duration,
    /// Weekly tips that all copies of the program post in a second; [`rest::ORDINARY`].
    pub tips: usize,
    /// How often clubs that left are looked for; 6 hours.
    pub sweep: Duration,
    /// Of signed HTTP interactions.
    pub http: interactions::Limits,
    /// How old settings may become that other copies change.
    pub fresh: Freshness,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            gateway: gateway::Timings::default(),
            keeper: keeper::Timings::default(),
            work: work::Limits::default(),
            rest: rest::Timings::default(),
            start: (Duration::from_secs(1), Duration::from_secs(60)),
            farewell: Duration::from_secs(10),
            tips: rest::ORDINARY,
            sweep: Duration::from_secs(6 * 3600),
            http: interactions::Limits::default(),
            fresh: Freshness::default(),
        }
    }
}

/// Why the bot does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The gateway said so for good.
    #[error(transparent)]
    Stop(#[from] Stop),
    /// Discord refused what the bot needs at the start.
    #[error("Discord refused at the start: {0}")]
    Refused(#[source] RestError),
    /// Shards are shared out in the store, and there is none.
    #[error("`shared` shards need a store: see `store.url`")]
    NoStore,
    /// The base address is none.
    #[error("{0}")]
    Address(#[source] RestError),
    /// There is neither a token nor a place for signed HTTP interactions.
    #[error("there is neither a bot token nor an address for signed HTTP interactions")]
    NoWay,
    /// The address for signed HTTP interactions was taken meanwhile.
    #[error("signed HTTP interactions cannot be taken: {0}")]
    Http(#[source] std::io::Error),
}

/// Who the bot is, as Discord says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The application's id: commands and the install link need it.
    pub application: String,
    /// The application's name.
    pub name: String,
    /// The bot's own id: its mention.
    pub bot: u64,
}

/// Asks Discord who the bot is. Each of three addresses says enough, so that one that is refused or out of order does not keep the
/// bot from its work.
///
/// # Errors
/// Where Discord cannot be reached or does not take the token.
pub async fn identity(rest: &Rest) -> Result<Identity, RestError> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let id = |value: &Value| value["id"].as_str().and_then(|id| id.parse::<u64>().ok());
    let user = rest.send(Call::get("/users/@me")).await;
    let bot = match &user {
        Err(RestError::Token) => return Err(RestError::Token),
        answered => answered.as_ref().ok().and_then(id),
    };
    for path in ["/applications/@me", "/oauth2/applications/@me"] {
        match rest.send(Call::get(path)).await {
            Ok(application) => {
                if let Some(own) = id(&application) {
                    let name = text(&application["name"]);
                    return Ok(Identity { application: own.to_string(), name, bot: bot.unwrap_or(own) });
                }
            }
            Err(RestError::Token) => return Err(RestError::Token),
            Err(error) => tracing::warn!(%error, "Discord did not say which application this is"),
        }
    }
    // The application of a bot has the bot's id, but for those older than 2016.
    let user = user?;
    let bot = bot.ok_or(RestError::Faulty { status: 200 })?;
    Ok(Identity { application: bot.to_string(), name: text(&user["username"]), bot })
}

/// Runs the bot until `stop` ends. `say` takes the lines for whoever started it: the install link first of all.
///
/// # Errors
/// Where going on would not help. While Discord cannot be reached, it waits and tries again.
pub async fn serve(
    app: impl Into<Live>,
    clubs: Arc<Clubs>,
    settings: Settings,
    say: impl Fn(&str),
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    serve_with(app, clubs, settings, Tuning::default(), say, stop).await.map(|_| ())
}

/// The same with other patience; says how much was done.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(
    app: impl Into<Live>,
    clubs: Arc<Clubs>,
    settings: Settings,
    tuning: Tuning,
    say: impl Fn(&str),
    stop: impl Future<Output = ()>,
) -> Result<Tally, ServeError> {
    let app = app.into();
    let view = settings.view.clone();
    // Whoever has to know at once that the bot is going looks here.
    let (ending, told) = watch::channel(false);
    let stop = async {
        stop.await;
        view.stop();
        ending.send_replace(true);
    };
    if settings.token.is_none() {
        return http_alone(app, clubs, settings, tuning, say, stop, told).await;
    }
    let Settings { token: Some(token), api, shards, cooldown, today, .. } = settings else { return Err(ServeError::NoWay) };
    let rest = Rest::new(rest::Settings { api: api.clone(), token: token.clone(), timings: tuning.rest })
        .map_err(ServeError::Address)?;
    if matches!(shards, Some(Share::Parts(_))) && clubs.store().is_none() {
        return Err(ServeError::NoStore);
    }
    tokio::pin!(stop);
    let reached = async {
        let identity = patiently(tuning.start, || identity(&rest)).await?;
        let registered = registered(&rest, &identity.application).await?;
        let (address, recommended) = gateway(&rest, tuning.start).await?;
        Ok::<_, ServeError>((identity, registered, address, recommended))
    };
    let (identity, registered, address, recommended) = tokio::select! {
        reached = reached => reached?,
        () = &mut stop => return Ok(Tally::default()),
    };
    say(&format!("{} is ready. Install it in a server with this link:", identity.name));
    say(&register::install_link(&identity.application));
    say(registered);
    let share = shards.unwrap_or(Share::Own(Shards::all(recommended)));
    // This copy of the program among all.
    let me = fastrand::u64(..);
    if let Err(error) = clubs.refresh().await {
        tracing::warn!(%error, "the store does not answer; clubs have the default settings until it does");
    }
    let kept = keep(&clubs, tuning);
    let (tips_end, tips_told) = watch::channel(false);
    let channels = Channels { rest: rest.clone(), app: app.clone(), bot: identity.bot };
    let rate = tuning.tips as f64;
    let door = Door::new(app.clone(), clubs.clone(), &token, cooldown, today).with_places(Arc::new(channels.clone()));
    let worker = Worker::new(app.clone(), clubs.clone(), channels, Arc::new(Timestamp::now), me, rate);
    let counts = worker.as_ref().map(Worker::counts);
    let tips = worker.map(|worker| tokio::spawn(Arc::new(worker).run(tips_told)));
    let work = Work::new(door, rest.clone(), tuning.work);
    let store = clubs.store().cloned();
    let http = open(settings.http, &work, tuning.http, told, &say)?;
    let door = http.as_ref().map(|http| http.door.clone());
    view.run(Running { app, clubs, work: work.clone(), rest: rest.clone(), http: door, tips: counts });
    let open = |shards: Shards, up: Up| {
        let (token, api, address, work, view) = (token.clone(), api.clone(), address.clone(), work.clone(), view.clone());
        Gateway { token, api, address, bot: identity.bot, shards, up, work, timings: tuning.gateway, view }
    };
    let keeper = Keeper { store, me, recommended, timings: tuning.keeper, open };
    let run = keeper.run(share, stop).await;
    // Also where the gateway ended by itself.
    ending.send_replace(true);
    drop(kept);
    // Posts under way are finished: they have their own time limits.
    let _ = tips_end.send(true);
    if let Some(tips) = tips {
        let _ = tokio::time::timeout(tuning.farewell, tips).await;
    }
    if let Some(http) = http {
        http.closed().await;
    }
    let tally = finished(&work, tuning.farewell).await;
    run?;
    Ok(tally)
}

/// Waits for what is under way, and says in the log what was done.
async fn finished(work: &Work, farewell: Duration) -> Tally {
    let left = work.finish(farewell).await;
    let tally = work.tally();
    tracing::info!(
        answered = tally.answered,
        messages = tally.messages,
        urgent = tally.urgent,
        shed = tally.shed,
        lost = tally.lost,
        late = tally.late,
        again = tally.again,
        broken = tally.broken,
        unread = tally.unread,
        left,
        "stopped"
    );
    tally
}

/// Runs without a token: what Discord posts is answered, and nothing else is done.
async fn http_alone(
    app: Live,
    clubs: Arc<Clubs>,
    settings: Settings,
    tuning: Tuning,
    say: impl Fn(&str),
    stop: impl Future<Output = ()>,
    told: watch::Receiver<bool>,
) -> Result<Tally, ServeError> {
    let Settings { api, cooldown, today, http: Some(http), view, .. } = settings else { return Err(ServeError::NoWay) };
    let rest = Rest::new(rest::Settings { api, token: String::new(), timings: tuning.rest }).map_err(ServeError::Address)?;
    if let Err(error) = clubs.refresh().await {
        tracing::warn!(%error, "the store does not answer; clubs have the default settings until it does");
    }
    let kept = keep(&clubs, tuning);
    // Marks need a key, and without a token there is no secret. Only answers to messages bear marks, and messages come by the gateway:
    // none is made here. Those that a copy with the token made cannot be read here; their buttons then say what to do at their level.
    let door = Door::new(app.clone(), clubs.clone(), http.keys.as_str(), cooldown, today);
    let work = Work::new(door, rest.clone(), tuning.work);
    let open = open(Some(http), &work, tuning.http, told, &say)?;
    let door = open.as_ref().map(|open| open.door.clone());
    view.run(Running { app, clubs, work: work.clone(), rest, http: door, tips: None });
    say("There is no bot token: no messages are heard, no weekly tips are posted and no commands are registered here.");
    stop.await;
    drop(kept);
    if let Some(open) = open {
        open.closed().await;
    }
    Ok(finished(&work, tuning.farewell).await)
}

/// Keeps the clubs' settings as other copies change them, and erases those that left, until what is returned is dropped.
fn keep(clubs: &Arc<Clubs>, tuning: Tuning) -> JoinSet<()> {
    let mut kept = JoinSet::new();
    kept.spawn(sweep(clubs.clone(), tuning.sweep));
    let followed = clubs.clone();
    kept.spawn(async move { followed.follow(tuning.fresh).await });
    kept
}

/// Opens the door for signed HTTP interactions, if there is one, and says where it is.
fn open(
    http: Option<interactions::Settings>,
    work: &Work,
    limits: interactions::Limits,
    told: watch::Receiver<bool>,
    say: &impl Fn(&str),
) -> Result<Option<interactions::Open>, ServeError> {
    let Some(http) = http else { return Ok(None) };
    let open = interactions::open(http, work.clone(), limits, told).map_err(ServeError::Http)?;
    let path = interactions::PATH;
    say(&format!("Signed HTTP interactions are taken at http://{}{path}.", open.address));
    say(&format!(
        "In the Developer Portal, on the page General Information, enter https://YOUR-HOST{path} as Interactions Endpoint URL; \
         YOUR-HOST is a proxy that does TLS and leads here."
    ));
    Ok(Some(open))
}

/// Sees to it that Discord has the commands, and says how that went. Those that it has from an earlier start work on.
async fn registered(rest: &Rest, application: &str) -> Result<&'static str, ServeError> {
    let registered = match register::register(rest, application).await {
        // A refusal to show them need not be one to take them.
        Err(RestError::Refused { .. }) => {
            let path = format!("/applications/{application}/commands");
            rest.send(Call::put(path, register::registration())).await.map(|_| true)
        }
        registered => registered,
    };
    match registered {
        Ok(true) => Ok("The commands were registered."),
        Ok(false) => Ok("The commands are registered."),
        Err(RestError::Token) => Err(Stop::Token.into()),
        Err(error) => {
            tracing::warn!(%error, "the commands could not be registered; those that Discord has work on");
            Ok(
                "The commands could not be registered: those that Discord has work on. Start again later, or see `patella doctor`.",
            )
        }
    }
}

/// The gateway's address, and how many shards Discord recommends.
async fn gateway(rest: &Rest, start: (Duration, Duration)) -> Result<(String, u32), ServeError> {
    let asked = async |path| match patiently(start, || rest.send(Call::get(path))).await {
        Err(ServeError::Refused(error)) => {
            tracing::warn!(%error, path, "Discord does not say where the gateway is, or how many shards it recommends");
            Ok(Value::Null)
        }
        asked => asked,
    };
    let public = asked("/gateway").await?;
    let own = asked("/gateway/bot").await?;
    let address = [&public, &own].into_iter().find_map(|answer| answer["url"].as_str()).unwrap_or(GATEWAY);
    let shards = own["shards"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(1).max(1);
    Ok((address.to_owned(), shards))
}

/// Tries until Discord answers; a refusal is final.
async fn patiently<T, F: Future<Output = Result<T, RestError>>>(
    (first, longest): (Duration, Duration),
    mut ask: impl FnMut() -> F,
) -> Result<T, ServeError> {
    let mut wait = first;
    loop {
        match ask().await {
            Ok(value) => return Ok(value),
            Err(RestError::Token) => return Err(Stop::Token.into()),
            Err(error @ (RestError::Refused { .. } | RestError::BadAddress(_))) => return Err(ServeError::Refused(error)),
            Err(error) => tracing::warn!(%error, seconds = wait.as_secs(), "Discord does not answer; trying again"),
        }
        tokio::time::sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        wait = (wait * 2).min(longest);
    }
}

/// Erases what is stored about clubs that left long ago.
async fn sweep(clubs: Arc<Clubs>, every: Duration) {
    loop {
        let before = Timestamp::now() - KEPT_AFTER_LEAVING;
        match clubs.erase_left_before(before).await {
            Ok(0) => {}
            Ok(erased) => tracing::info!(erased, "erased what was stored about clubs that left 30 days ago"),
            Err(error) => tracing::warn!(%error, "clubs that left could not be erased; tried again later"),
        }
        tokio::time::sleep(every).await;
    }
}
