//! Weekly tips on their way to a channel, and news to organizers.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    custom_id::Press,
    door::{Places, cause},
    from_discord::permission,
    rest::{Call, Rest, RestError},
    rights::rights,
    to_discord::{self, Message, Place, plain},
};
use crate::{
    app::Live,
    id::{ClubId, PlaceId},
    reply::Block,
    tips::outbox::{Found, News, Outbox, Post, Posted},
    weekly::Cause,
};

/// How long one request may take, its repetitions included: less than the worker waits.
const PATIENCE: Duration = Duration::from_secs(20);
/// Discord's ids count milliseconds from here (reference#snowflakes), 22 bits above what tells those of one millisecond apart.
const EPOCH_MS: i64 = 1_420_070_400_000;
/// Our clock and Discord's may differ by this much (`doctor` finds more).
const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// Messages of a page, the most that Discord gives, and pages that are read: a channel that is busier is not searched to its end.
const PAGE: usize = 100;
const PAGES: usize = 20;
/// Channels that are tried for news, besides that of the tips and the system's.
const OTHERS: usize = 5;
/// Types of channels for news: text and announcements (resources/channel).
const WRITABLE: [u64; 2] = [0, 5];

/// Discord's codes for what stands in the way (topics/opcodes-and-status-codes).
mod code {
    pub const UNKNOWN_CHANNEL: u64 = 10_003;
    pub const UNKNOWN_GUILD: u64 = 10_004;
    pub const MISSING_ACCESS: u64 = 50_001;
    pub const MISSING_PERMISSIONS: u64 = 50_013;
}

/// What a tip needs in its channel.
const POSTING: u64 = permission::VIEW_CHANNEL | permission::SEND_MESSAGES | permission::EMBED_LINKS;

/// The way to Discord's channels.
#[derive(Clone)]
pub struct Channels {
    /// Sends.
    pub rest: Rest,
    /// Has the words.
    pub app: Live,
    /// The bot's own id, to know its messages by.
    pub bot: u64,
}

/// What an error means for a post.
enum Meaning {
    Refused(Cause),
    NotSent,
    Unknown,
}

fn meaning(error: &RestError) -> Meaning {
    match error {
        RestError::Refused { code: code::UNKNOWN_CHANNEL, .. } | RestError::Refused { status: 404, .. } => {
            Meaning::Refused(Cause::NoChannel)
        }
        RestError::Refused { code: code::UNKNOWN_GUILD, .. } => Meaning::Refused(Cause::Gone),
        RestError::Refused { code: code::MISSING_ACCESS | code::MISSING_PERMISSIONS, .. }
        | RestError::Refused { status: 403, .. } => Meaning::Refused(Cause::NoPermission),
        RestError::Refused { status: 429, .. } | RestError::Token | RestError::Stopped | RestError::BadAddress(_) => {
            Meaning::NotSent
        }
        RestError::Refused { .. } => Meaning::Refused(Cause::Refused),
        RestError::Late | RestError::Unreachable | RestError::Faulty { .. } => Meaning::Unknown,
    }
}

/// The mark as it stands in the footer.
fn shown(mark: u64) -> String {
    format!("#{mark:016x}")
}

impl Channels {
    /// A tip as it stands in a channel: the reason behind a button, its sources below it.
    fn message(&self, post: &Post<'_>) -> Value {
        let app = self.app.now();
        let r = &app.knowledge().replies;
        let mut reply = post.reply.clone();
        let why = |b: &Block| matches!(b, Block::Paragraph { heading, .. } if *heading == r.head_why);
        reply.blocks.retain(|b| !why(b));
        let mut message = to_discord::message(&reply, r, Place::Public, 0);
        if let Some(tip) = &post.reply.tip {
            message.rows.push(to_discord::row(vec![
                to_discord::button(&Press::Why(tip.clone()), &r.button_why_tip),
                to_discord::button(&Press::TipFeedback { tip: tip.clone(), helped: true }, &r.button_helpful),
                to_discord::button(&Press::TipFeedback { tip: tip.clone(), helped: false }, &r.button_not_helpful),
            ]));
        }
        if let Some(role) = post.role {
            message.content = format!("<@&{}>", role.0);
        }
        let mut body = message.to_json();
        if let Some(role) = post.role {
            // The one ping there is: the club chose it.
            body["allowed_mentions"] = json!({ "parse": [], "roles": [role.0.to_string()] });
        }
        let footer = &mut body["embeds"][0]["footer"];
        let text = footer["text"].as_str().map(|text| format!("{text} ")).unwrap_or_default();
        *footer = json!({ "text": format!("{text}{}", shown(post.mark)) });
        body["nonce"] = json!(format!("{:016x}", post.mark));
        body["enforce_nonce"] = json!(true);
        body
    }

    async fn send(&self, place: &str, body: Value) -> Result<Value, RestError> {
        self.rest.send(Call::post(format!("/channels/{place}/messages"), body).within(PATIENCE)).await
    }

    /// Whether no message of the channel can be seen, however old.
    async fn seems_empty(&self, place: PlaceId) -> bool {
        let newest = Call::get(format!("/channels/{place}/messages?limit=1"));
        self.rest.send(newest.within(PATIENCE)).await.is_ok_and(|page| page.as_array().is_none_or(Vec::is_empty))
    }

    /// The channels where organizers may read news, the likeliest first.
    async fn readers(&self, club: ClubId) -> Vec<String> {
        let get = async |path: String| self.rest.send(Call::get(path).within(PATIENCE)).await.unwrap_or(Value::Null);
        let club_itself = get(format!("/guilds/{club}")).await;
        let mut places: Vec<String> = club_itself["system_channel_id"].as_str().map(str::to_owned).into_iter().collect();
        let channels = get(format!("/guilds/{club}/channels")).await;
        let writable = |c: &&Value| c["type"].as_u64().is_some_and(|kind| WRITABLE.contains(&kind));
        let others = channels.as_array().into_iter().flatten().filter(writable).filter_map(|c| c["id"].as_str());
        places.extend(others.take(OTHERS).map(str::to_owned));
        places
    }
}

#[async_trait]
impl Places for Channels {
    async fn hindrance(&self, club: ClubId, place: PlaceId) -> Option<Cause> {
        let get = async |path: String| self.rest.send(Call::get(path).within(PATIENCE)).await;
        let me = format!("/guilds/{club}/members/{}", self.bot);
        let (channel, server, member) = tokio::join!(get(format!("/channels/{place}")), get(format!("/guilds/{club}")), get(me));
        let channel = match channel {
            Ok(channel) => channel,
            Err(error) => {
                return match meaning(&error) {
                    Meaning::Refused(cause) => Some(cause),
                    Meaning::NotSent | Meaning::Unknown => None,
                };
            }
        };
        let has = rights(&server.ok()?, &channel, &member.ok()?)?;
        if has & POSTING != POSTING {
            Some(Cause::NoPermission)
        } else if has & permission::READ_MESSAGE_HISTORY == 0 {
            Some(Cause::NoHistory)
        } else {
            None
        }
    }
}

#[async_trait]
impl Outbox for Channels {
    async fn post(&self, post: Post<'_>) -> Posted {
        match self.send(&post.place.to_string(), self.message(&post)).await {
            Ok(_) => Posted::There,
            Err(error) => match meaning(&error) {
                Meaning::Refused(cause) => Posted::Refused(cause),
                Meaning::NotSent => Posted::NotYet,
                Meaning::Unknown => Posted::Unknown,
            },
        }
    }

    async fn find(&self, place: PlaceId, mark: u64, since: Timestamp) -> Found {
        let (mark, bot) = (shown(mark), self.bot.to_string());
        let from = since.as_millisecond() - SKEW.as_millis() as i64 - EPOCH_MS;
        let mut after = u64::try_from(from).unwrap_or(0) << 22;
        let mut any = false;
        for _ in 0..PAGES {
            let path = format!("/channels/{place}/messages?after={after}&limit={PAGE}");
            let page = match self.rest.send(Call::get(path).within(PATIENCE)).await {
                Ok(page) => page,
                Err(error) => {
                    return match meaning(&error) {
                        Meaning::Refused(Cause::NoPermission) => Found::Refused(Cause::NoHistory),
                        Meaning::Refused(cause) => Found::Refused(cause),
                        Meaning::NotSent | Meaning::Unknown => Found::NotYet,
                    };
                }
            };
            let messages = page.as_array().map_or(&[][..], Vec::as_slice);
            let ours = |m: &Value| {
                m["author"]["id"].as_str() == Some(&bot)
                    && m["embeds"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .any(|e| e["footer"]["text"].as_str().is_some_and(|text| text.ends_with(&mark)))
            };
            if messages.iter().any(ours) {
                return Found::There;
            }
            any |= !messages.is_empty();
            let newest = messages.iter().filter_map(|m| m["id"].as_str()?.parse::<u64>().ok()).max();
            match newest.filter(|_| messages.len() == PAGE) {
                Some(newest) => after = newest,
                // Who may not read the history is not refused, but shown an empty channel.
                None if !any && self.seems_empty(place).await => return Found::Refused(Cause::NoHistory),
                None => return Found::NotThere,
            }
        }
        Found::Refused(Cause::NoHistory)
    }

    async fn tell(&self, club: ClubId, place: PlaceId, news: News) {
        let app = self.app.now();
        let r = &app.knowledge().replies;
        let channel = format!("<#{place}>");
        let words = match news {
            News::Missed(date) => plain(&r.weekly_told_missed).replace("{date}", &date.to_string()),
            News::Unknown(date) => plain(&r.weekly_told_unknown).replace("{date}", &date.to_string()),
            News::Paused(why) => plain(&r.weekly_told_paused).replace("{cause}", &plain(cause(r, why))),
        };
        let message = Message { content: words.replace("{channel}", &channel), ..Message::default() };
        let mut places = vec![place.to_string()];
        places.extend(self.readers(club).await);
        places.dedup();
        for place in places {
            if self.send(&place, message.to_json()).await.is_ok() {
                return;
            }
        }
        tracing::warn!("a club could not be told about its weekly tips; `/weekly show` says it");
    }
}
