//! The gateway: connections to Discord by serenity, what they bring handed to [`Work`], dead ones started again, and a clear stop
//! where starting again would not help.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::Value;
use serenity::{
    all::{ConnectionStage, Context, Event, GatewayIntents, RawEventHandler, ShardId, ShardManager},
    async_trait,
    client::ClientBuilder,
    gateway::GatewayError,
    http::HttpBuilder,
};

use super::work::Work;
use crate::id::ClubId;

/// How often shards are looked after.
const WATCH: Duration = Duration::from_secs(15);
/// A shard that is not connected for this long is started again. Twice a heartbeat, with room for an IDENTIFY in the queue.
const DEAD: Duration = Duration::from_secs(90);
/// Waits between attempts to connect: doubled from the first to the last, with jitter.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(120));

/// Which shards this process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
    /// How many there are in all processes.
    pub total: u32,
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

/// What the handler shares with the watch.
struct Handler {
    work: Work,
    bot: u64,
    shards: Shards,
    ready: Arc<Mutex<HashMap<u32, Vec<u64>>>>,
    closing: Arc<AtomicBool>,
}

/// What the gateway asks Discord for: servers coming and going, messages that mention the bot, direct messages. No privileged one.
pub fn intents() -> GatewayIntents {
    GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::DIRECT_MESSAGES
}

#[async_trait]
impl RawEventHandler for Handler {
    async fn raw_event(&self, ctx: Context, event: Event) {
        if self.closing.load(Ordering::SeqCst) {
            return;
        }
        match event {
            Event::InteractionCreate(event) => match serde_json::to_value(&event.interaction) {
                Ok(mut value) => {
                    // serenity keeps the type in its own, and drops it from what it writes.
                    value["type"] = Value::from(u8::from(event.interaction.kind()));
                    self.work.interaction(value).await;
                }
                Err(_) => self.work.unread(),
            },
            Event::MessageCreate(event) => {
                let message = &event.message;
                // Most messages are for others; they cost no more than this look.
                let ours = message.guild_id.is_none() || message.mentions.iter().any(|m| m.id.get() == self.bot);
                if ours && let Ok(mut value) = serde_json::to_value(message) {
                    // Not part of a message itself, but of the event.
                    value["guild_id"] = message.guild_id.map_or(Value::Null, |id| Value::from(id.get()));
                    self.work.message(value, self.bot).await;
                }
            }
            Event::Ready(event) => {
                let guilds = event.ready.guilds.iter().map(|g| g.id.get()).collect();
                self.ready(ctx.shard_id.0, guilds).await;
            }
            Event::GuildCreate(event) => self.joined(event.guild.id.get()).await,
            Event::GuildDelete(event) if !event.guild.unavailable => self.left(event.guild.id.get()).await,
            // What serenity cannot read is read by us where somebody waits for an answer.
            Event::Unknown(event) => match event.kind.as_str() {
                "INTERACTION_CREATE" => self.work.interaction(event.value).await,
                "MESSAGE_CREATE" => self.work.message(event.value, self.bot).await,
                _ => self.work.unread(),
            },
            _ => {}
        }
    }
}

impl Handler {
    /// The servers of a shard, as Discord lists them: clubs that are stored but not listed have removed the bot.
    async fn ready(&self, shard: u32, guilds: Vec<u64>) {
        tracing::info!(shard, servers = guilds.len(), "connected");
        let present: Vec<ClubId> = guilds.iter().copied().map(ClubId).collect();
        self.ready.lock().expect("no holder of this lock panics").insert(shard, guilds);
        let shard = (u64::from(shard), u64::from(self.shards.total));
        if let Some(store) = self.work.door().clubs().store()
            && store.reconcile(&present, shard, Timestamp::now()).await.is_err()
        {
            tracing::warn!("the store did not take the list of servers; the next connection brings it again");
        }
    }

    async fn joined(&self, guild: u64) {
        let new = {
            let mut ready = self.ready.lock().expect("no holder of this lock panics");
            let known = ready.values().any(|guilds| guilds.contains(&guild));
            if !known {
                ready.entry(self.shard_of(guild)).or_default().push(guild);
            }
            !known
        };
        if new
            && let Some(store) = self.work.door().clubs().store()
            && store.club_present(ClubId(guild)).await.is_err()
        {
            tracing::warn!("the store did not take that a server is back");
        }
    }

    async fn left(&self, guild: u64) {
        self.ready.lock().expect("no holder of this lock panics").values_mut().for_each(|guilds| guilds.retain(|g| *g != guild));
        if let Some(store) = self.work.door().clubs().store()
            && store.club_left(ClubId(guild), Timestamp::now()).await.is_err()
        {
            tracing::warn!("the store did not take that a server has left; the next connection brings it again");
        }
    }

    fn shard_of(&self, guild: u64) -> u32 {
        u32::try_from((guild >> 22) % u64::from(self.shards.total.max(1))).unwrap_or(0)
    }
}

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
    /// What takes the events.
    pub work: Work,
}

impl Gateway {
    /// Keeps the shards connected until `stop` ends; then takes no more and returns.
    ///
    /// # Errors
    /// Where connecting again would not help: token, intents, shards.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Stop> {
        tokio::pin!(stop);
        let closing = Arc::new(AtomicBool::new(false));
        let mut wait = BACK_OFF.0;
        loop {
            let started = Instant::now();
            let ended = self.connect(&closing, &mut stop).await;
            match ended {
                Ok(()) if closing.load(Ordering::SeqCst) => return Ok(()),
                Ok(()) => tracing::warn!("the gateway ended"),
                Err(error) => match stop_of(&error) {
                    Some(stop) => return Err(stop),
                    // The error's own text may quote what was received.
                    None => tracing::warn!("the gateway cannot be reached"),
                },
            }
            if started.elapsed() > DEAD {
                wait = BACK_OFF.0;
            }
            let jitter = wait.mul_f64(0.5 + fastrand::f64() / 2.0);
            tokio::select! {
                () = tokio::time::sleep(jitter) => {}
                () = &mut stop => return Ok(()),
            }
            wait = (wait * 2).min(BACK_OFF.1);
        }
    }

    async fn connect(
        &self,
        closing: &Arc<AtomicBool>,
        stop: &mut (impl Future<Output = ()> + Unpin),
    ) -> Result<(), serenity::Error> {
        // serenity's own limiter ignores the base address; it sends nothing but the look-up of the gateway.
        let http = HttpBuilder::new(&self.token).proxy(&self.api).ratelimiter_disabled(true).build();
        let handler = Handler {
            work: self.work.clone(),
            bot: self.bot,
            shards: self.shards,
            ready: Arc::default(),
            closing: closing.clone(),
        };
        let mut client = ClientBuilder::new_with_http(http, intents()).raw_event_handler(handler).await?;
        // Where serenity's own look-up fails, it takes Discord's real address, whatever base address was set.
        *client.ws_url.lock().await = self.address.clone();
        let manager = client.shard_manager.clone();
        let watch = tokio::spawn(watch(manager.clone(), self.shards));
        let Shards { first, last, total } = self.shards;
        let running = client.start_shard_range(first..last, total);
        tokio::pin!(running);
        let ended = tokio::select! {
            ended = &mut running => ended,
            () = stop => {
                closing.store(true, Ordering::SeqCst);
                // Both go on together: the shards close while the client waits for that.
                tokio::join!(manager.shutdown_all(), async { let _ = tokio::time::timeout(Duration::from_secs(6), &mut running).await; });
                Ok(())
            }
        };
        watch.abort();
        ended
    }
}

/// Starts a shard again that has not been connected for too long, or that has no runner left.
async fn watch(manager: Arc<ShardManager>, shards: Shards) {
    let mut since: HashMap<ShardId, Instant> = HashMap::new();
    loop {
        tokio::time::sleep(WATCH).await;
        for id in (shards.first..=shards.last).map(ShardId) {
            let stage = manager.runners.lock().await.get(&id).map(|runner| runner.stage);
            if stage == Some(ConnectionStage::Connected) {
                since.remove(&id);
                continue;
            }
            let down = *since.entry(id).or_insert_with(Instant::now);
            if down.elapsed() >= DEAD {
                tracing::warn!(shard = id.0, "a shard is dead; it is started again");
                manager.restart(id).await;
                since.remove(&id);
            }
        }
    }
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

/// The shards of a setting such as `0-3/8`, `2/8` or `8`.
pub fn parse_shards(text: &str) -> Option<Shards> {
    let (range, total) = text.trim().split_once('/').unwrap_or(("", text.trim()));
    let total: u32 = total.trim().parse().ok().filter(|n| *n > 0)?;
    let (first, last) = match range.trim().split_once('-') {
        Some((first, last)) => (first.trim().parse().ok()?, last.trim().parse().ok()?),
        None if range.is_empty() => (0, total - 1),
        None => (range.trim().parse().ok()?, range.trim().parse().ok()?),
    };
    (first <= last && last < total).then_some(Shards { first, last, total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_a_range_of_all() {
        assert_eq!(parse_shards("0-3/8"), Some(Shards { first: 0, last: 3, total: 8 }));
        assert_eq!(parse_shards(" 2 / 8 "), Some(Shards { first: 2, last: 2, total: 8 }));
        assert_eq!(parse_shards("4"), Some(Shards { first: 0, last: 3, total: 4 }));
        for wrong in ["", "0", "3-1/8", "0-8/8", "a/8", "0-3/", "-1/4"] {
            assert_eq!(parse_shards(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_privileged_intent() {
        assert!(!intents().is_privileged());
    }
}
