//! The gateway: connections to Discord by serenity, what they bring handed to [`Work`], dead ones started again, and a clear stop
//! where starting again would not help.

mod events;
mod knock;
mod pace;
mod share;
mod watch;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serenity::{
    all::{GatewayIntents, OnlineStatus, ShardId, ShardManager},
    client::ClientBuilder,
    gateway::{GatewayError, ShardRunnerInfo, ShardRunnerMessage},
    http::HttpBuilder,
};

pub use self::share::{Shards, Share, parse_share};
use self::{events::Handler, knock::Knock, pace::Pace, watch::Watch};
use super::{view::View, work::Work};

/// How patient the gateway is. The default is meant for Discord; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// How often shards are looked after; 15 seconds.
    pub watch: Duration,
    /// A shard that is not connected for this long, and 5 s more for each shard that may IDENTIFY before it, is started again; 90
    /// seconds: two heartbeats of 41.25 s (events/gateway).
    pub dead: Duration,
    /// A shard whose heartbeats bring nothing new for this long is started again; 150 seconds, more than three heartbeats.
    pub silent: Duration,
    /// The first wait before connecting anew, once that has happened too often, and the longest; doubled in between, with
    /// jitter; 1 second and 2 minutes.
    pub back_off: (Duration, Duration),
    /// How long the shards have to say goodbye; 6 seconds.
    pub goodbye: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            watch: Duration::from_secs(15),
            dead: Duration::from_secs(90),
            silent: Duration::from_secs(150),
            back_off: (Duration::from_secs(1), Duration::from_secs(120)),
            goodbye: Duration::from_secs(6),
        }
    }
}

/// Why the gateway cannot go on, and what to do.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Stop {
    /// Close code 4004.
    #[error(
        "Discord does not accept the bot token.\nReset it in the Developer Portal (your application, Bot, Reset Token) and set it \
         as DISCORD_TOKEN or `discord.token`."
    )]
    Token,
    /// Close codes 4013 and 4014.
    #[error(
        "Discord does not allow the intents that were asked for. Patella needs no privileged intent: this version may be too old \
         for Discord. Update it; if it is the newest, report it."
    )]
    Intents,
    /// Close codes 4010 and 4011.
    #[error(
        "Discord does not accept the shards that were asked for.\nCorrect `discord.shards` or PATELLA_SHARDS (\"0-3/8\"), or \
         leave it out to run as many as Discord recommends."
    )]
    Shards,
}

/// serenity leaves so much time between two IDENTIFYs of a process: Discord's pace where `max_concurrency` is 1 (events/gateway).
pub(super) const IDENTIFY: Duration = Duration::from_secs(5);

/// What the gateway asks Discord for: servers coming and going, messages that mention the bot, direct messages. No privileged one.
pub fn intents() -> GatewayIntents {
    GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::DIRECT_MESSAGES
}

/// The shards that Discord has let in since they were started.
pub type Up = tokio::sync::watch::Sender<BTreeSet<u32>>;

/// A gateway that is run until it is told to stop.
pub struct Gateway {
    /// The bot's token.
    pub token: String,
    /// The base address, for serenity's own look-up of the gateway.
    pub api: String,
    /// The gateway's address, as `GET /gateway/bot` gave it.
    pub address: String,
    /// The bot's own id.
    pub bot: u64,
    /// Which shards to run.
    pub shards: Shards,
    /// Told of each shard when Discord has let it in.
    pub up: Up,
    /// What takes the events.
    pub work: Work,
    /// How patient it is.
    pub timings: Timings,
    /// Where it shows how the shards are.
    pub view: View,
}

impl Gateway {
    /// Keeps the shards connected until `stop` ends; then closes them and returns. What they brought until then is taken.
    ///
    /// # Errors
    /// Where connecting again would not help: token, intents, shards.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Stop> {
        self.announce();
        self.keep(stop).await
    }

    /// Shows that these shards are to be run here, and are not connected yet. They are shown until this gateway is dropped.
    pub(super) fn announce(&self) {
        let Shards { first, last, .. } = self.shards;
        (first..=last).for_each(|shard| self.view.shard(shard, false));
    }

    async fn keep(&self, stop: impl Future<Output = ()>) -> Result<(), Stop> {
        tokio::pin!(stop);
        let (first, longest) = self.timings.back_off;
        let mut wait = first;
        loop {
            let started = Instant::now();
            match self.connect(&mut stop).await {
                Ok(Ended::Stopped) => return Ok(()),
                Ok(Ended::ByItself) => tracing::warn!("the gateway ended"),
                Err(stop) => return Err(stop),
            }
            if started.elapsed() > self.timings.dead {
                wait = first;
            }
            tokio::select! {
                () = tokio::time::sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)) => {}
                () = &mut stop => return Ok(()),
            }
            wait = (wait * 2).min(longest);
        }
    }

    async fn connect(&self, stop: &mut (impl Future<Output = ()> + Unpin)) -> Result<Ended, Stop> {
        // serenity's own limiter ignores the base address; it sends nothing but the look-up of the gateway.
        let http = HttpBuilder::new(&self.token).proxy(&self.api).ratelimiter_disabled(true).build();
        let handler = Handler::new(self.work.clone(), self.bot, self.shards, self.up.clone(), self.view.clone());
        let Ok(mut client) = ClientBuilder::new_with_http(http, intents()).raw_event_handler(handler).await else {
            return Ok(Ended::ByItself);
        };
        // Where serenity's own look-up fails, it takes Discord's real address, whatever base address was set.
        *client.ws_url.lock().await = self.address.clone();
        let pace = Pace::new(client.ws_url.clone(), self.shards.count(), self.timings.back_off).keep();
        let manager = client.shard_manager.clone();
        let knock = Knock { address: self.address.clone(), token: self.token.clone(), total: self.shards.total };
        let watch = Watch::new(manager.clone(), self.shards, self.timings, knock, self.view.clone()).run();
        let Shards { first, last, total } = self.shards;
        let running = client.start_shard_range(first..last, total);
        tokio::pin!(running);
        tokio::select! {
            ended = &mut running => match ended.as_ref().err().and_then(stop_of) {
                Some(stop) => {
                    dismiss(&manager, 1000).await;
                    Err(stop)
                }
                None => {
                    self.hang_up(&manager).await;
                    Ok(Ended::ByItself)
                }
            },
            refused = watch => {
                dismiss(&manager, 1000).await;
                Err(refused)
            }
            never = pace => match never {},
            () = stop => {
                self.hang_up(&manager).await;
                Ok(Ended::Stopped)
            }
        }
    }

    /// Closes every connection. One that does not answer is left behind.
    async fn hang_up(&self, manager: &ShardManager) {
        dismiss(manager, 1000).await;
        if tokio::time::timeout(self.timings.goodbye, manager.shutdown_all()).await.is_err() {
            tracing::warn!("not every shard was closed in good order");
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.view.forget(self.shards.first, self.shards.last);
    }
}

/// How a connection ended that may be followed by another.
enum Ended {
    Stopped,
    ByItself,
}

/// Tells every shard to close its connection with a code, without waiting for it.
async fn dismiss(manager: &ShardManager, code: u16) {
    for (id, runner) in &*manager.runners.lock().await {
        close(*id, runner, code);
    }
}

/// Tells a shard to close its connection.
///
/// It is told directly: serenity's manager takes a shard that once logged in anew for one that has just closed, and then forgets it
/// while it runs on. And it is made to send something first: a runner that reads from an ended connection never waits, so that it
/// keeps a thread for itself, and would wait for the end of that connection for ever; when it cannot send, it ends.
fn close(id: ShardId, runner: &ShardRunnerInfo, code: u16) {
    runner.runner_tx.set_status(OnlineStatus::Online);
    runner.runner_tx.send_to_shard(ShardRunnerMessage::Shutdown(id, code));
}

/// What an error of the gateway means, where trying again would not help.
fn stop_of(error: &serenity::Error) -> Option<Stop> {
    match error {
        serenity::Error::Gateway(GatewayError::InvalidAuthentication) => Some(Stop::Token),
        serenity::Error::Gateway(GatewayError::InvalidGatewayIntents | GatewayError::DisallowedGatewayIntents) => {
            Some(Stop::Intents)
        }
        serenity::Error::Gateway(GatewayError::InvalidShardData | GatewayError::OverloadedShard) => Some(Stop::Shards),
        _ => None,
    }
}

/// What a close code of the gateway means, where trying again would not help (topics/opcodes-and-status-codes).
fn stop_of_code(code: u16) -> Option<Stop> {
    match code {
        4004 => Some(Stop::Token),
        4010 | 4011 => Some(Stop::Shards),
        4013 | 4014 => Some(Stop::Intents),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_privileged_intent() {
        assert!(!intents().is_privileged());
    }
}
