//! What the gateway brings, handed on: requests to [`Work`], servers that come and go to the store.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde_json::Value;
use serenity::{
    all::{Context, Event, RawEventHandler},
    async_trait,
};

use super::{Shards, Up};
use crate::{
    discord::{view::View, work::Work},
    id::ClubId,
};

/// Takes events as serenity reads them.
pub(super) struct Handler {
    work: Work,
    bot: u64,
    shards: Shards,
    up: Up,
    /// The servers of each shard.
    servers: Mutex<HashMap<u32, Vec<u64>>>,
    view: View,
}

#[async_trait]
impl RawEventHandler for Handler {
    async fn raw_event(&self, ctx: Context, event: Event) {
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
                // Discord's news that neither of us knows: nobody waits for an answer.
                _ => {}
            },
            _ => {}
        }
    }
}

impl Handler {
    /// A handler for a bot with this id.
    pub(super) fn new(work: Work, bot: u64, shards: Shards, up: Up, view: View) -> Self {
        Self { work, bot, shards, up, servers: Mutex::default(), view }
    }

    /// The servers of a shard, as Discord lists them: clubs that are stored but not listed have removed the bot.
    async fn ready(&self, shard: u32, guilds: Vec<u64>) {
        tracing::info!(shard, servers = guilds.len(), "connected");
        self.view.shard(shard, true);
        let present: Vec<ClubId> = guilds.iter().copied().map(ClubId).collect();
        self.servers().insert(shard, guilds);
        self.up.send_modify(|up| {
            up.insert(shard);
        });
        let shard = (u64::from(shard), u64::from(self.shards.total));
        if let Some(store) = self.work.door().clubs().store()
            && store.reconcile(&present, shard, Timestamp::now()).await.is_err()
        {
            tracing::warn!("the store did not take the list of servers; the next connection brings it again");
        }
    }

    async fn joined(&self, guild: u64) {
        let new = {
            let mut servers = self.servers();
            let own = servers.entry(self.shard_of(guild)).or_default();
            let new = !own.contains(&guild);
            if new {
                own.push(guild);
            }
            new
        };
        if new
            && let Some(store) = self.work.door().clubs().store()
            && store.club_present(ClubId(guild)).await.is_err()
        {
            tracing::warn!("the store did not take that a server is back");
        }
    }

    async fn left(&self, guild: u64) {
        self.servers().values_mut().for_each(|guilds| guilds.retain(|g| *g != guild));
        if let Some(store) = self.work.door().clubs().store()
            && store.club_left(ClubId(guild), Timestamp::now()).await.is_err()
        {
            tracing::warn!("the store did not take that a server has left; the next connection brings it again");
        }
    }

    /// What is held is whole between any two statements, so a panic elsewhere leaves it whole.
    fn servers(&self) -> MutexGuard<'_, HashMap<u32, Vec<u64>>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shard_of(&self, guild: u64) -> u32 {
        u32::try_from((guild >> 22) % u64::from(self.shards.total.max(1))).unwrap_or(0)
    }
}
