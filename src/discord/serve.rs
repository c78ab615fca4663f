//! The running bot: who it is, its commands, its gateway, and an orderly end.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde_json::Value;

use super::{
    door::Door,
    gateway::{Gateway, Shards, Stop, Timings},
    register,
    rest::{self, Call, Rest, RestError},
    work::Work,
};
use crate::{app::App, store::Clubs};

/// What is stored about a club is erased so long after it removed the bot.
const KEPT_AFTER_LEAVING: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often that is looked at, and settings written by other programs are read.
const SWEEP: Duration = Duration::from_secs(6 * 3600);
/// Replies under way are waited for so long when the bot ends.
const FAREWELL: Duration = Duration::from_secs(10);
/// Waits between attempts to reach Discord at the start.
const START: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What the bot needs to run.
pub struct Settings {
    /// The bot's token.
    pub token: String,
    /// Discord's base address.
    pub api: String,
    /// Which shards; as many as Discord recommends where `None`.
    pub shards: Option<Shards>,
    /// Between two questions of a member; never for a safety reply.
    pub cooldown: Duration,
    /// The day, where this machine stands.
    pub today: fn() -> Date,
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
    /// The base address is none.
    #[error("{0}")]
    Address(#[source] RestError),
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

/// Asks Discord who the bot is.
///
/// # Errors
/// Where Discord cannot be reached or does not take the token.
pub async fn identity(rest: &Rest) -> Result<Identity, RestError> {
    let application = rest.send(Call::get("/applications/@me")).await?;
    let user = rest.send(Call::get("/users/@me")).await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(Identity {
        application: text(&application["id"]),
        name: text(&application["name"]),
        bot: user["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or(0),
    })
}

/// Runs the bot until `stop` ends. `say` takes the lines for whoever started it: the install link first of all.
///
/// # Errors
/// Where going on would not help. While Discord cannot be reached, it waits and tries again.
pub async fn serve(
    app: Arc<App>,
    clubs: Arc<Clubs>,
    settings: Settings,
    say: impl Fn(&str),
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let Settings { token, api, shards, cooldown, today } = settings;
    let rest = Rest::new(rest::Settings { api: api.clone(), token: token.clone(), timings: rest::Timings::default() })
        .map_err(ServeError::Address)?;
    tokio::pin!(stop);
    let reached = async {
        let identity = patiently(|| identity(&rest)).await?;
        let application = identity.application.clone();
        let registered = patiently(|| register::register(&rest, &application)).await?;
        let gateway = patiently(|| rest.send(Call::get("/gateway/bot"))).await?;
        Ok::<_, ServeError>((identity, registered, gateway))
    };
    let (identity, registered, gateway) = tokio::select! {
        reached = reached => reached?,
        () = &mut stop => return Ok(()),
    };
    say(&format!("{} is ready. Install it in a server with this link:", identity.name));
    say(&register::install_link(&identity.application));
    say(if registered { "The commands were registered." } else { "The commands are registered." });
    let recommended = gateway["shards"].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(1).max(1);
    let shards = shards.unwrap_or(Shards { first: 0, last: recommended - 1, total: recommended });
    let address = gateway["url"].as_str().unwrap_or("wss://gateway.discord.gg").to_owned();
    if let Err(error) = clubs.refresh().await {
        tracing::warn!(%error, "the store does not answer; clubs have the default settings until it does");
    }
    let sweep = tokio::spawn(sweep(clubs.clone()));
    let work = Work::new(Door::new(app, clubs, &token, cooldown, today), rest.clone());
    let run = Gateway { token, api, address, bot: identity.bot, shards, work: work.clone(), timings: Timings::default() }.run(stop).await;
    sweep.abort();
    let left = work.finish(FAREWELL).await;
    let tally = work.tally();
    tracing::info!(
        answered = tally.answered,
        messages = tally.messages,
        urgent = tally.urgent,
        shed = tally.shed,
        lost = tally.lost,
        broken = tally.broken,
        unread = tally.unread,
        left,
        "stopped"
    );
    Ok(run?)
}

/// Tries until Discord answers; a refusal is final.
async fn patiently<T, F: Future<Output = Result<T, RestError>>>(mut ask: impl FnMut() -> F) -> Result<T, ServeError> {
    let mut wait = START.0;
    loop {
        match ask().await {
            Ok(value) => return Ok(value),
            Err(RestError::Token) => return Err(Stop::Token.into()),
            Err(error @ (RestError::Refused { .. } | RestError::BadAddress(_))) => return Err(ServeError::Refused(error)),
            Err(error) => tracing::warn!(%error, seconds = wait.as_secs(), "Discord does not answer; trying again"),
        }
        tokio::time::sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        wait = (wait * 2).min(START.1);
    }
}

/// Erases what is stored about clubs that left long ago, and reads the settings again.
async fn sweep(clubs: Arc<Clubs>) {
    loop {
        let before = Timestamp::now() - KEPT_AFTER_LEAVING;
        match clubs.erase_left_before(before).await {
            Ok(0) => {}
            Ok(erased) => tracing::info!(erased, "erased what was stored about clubs that left 30 days ago"),
            Err(error) => tracing::warn!(%error, "clubs that left could not be erased; tried again later"),
        }
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = clubs.refresh().await {
            tracing::warn!(%error, "the store does not answer; the settings stay as they are");
        }
    }
}
