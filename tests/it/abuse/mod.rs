//! The HTTP door and those who are not Discord, or not as they should be.

mod closing;
mod load;
mod requests;
mod wire;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use patella::{
    club::Club,
    discord::{
        door::Door,
        interactions::{self, Counts, Keys, Limits, Outcome, PATH},
        rest::{self, Rest},
        work::{self, Work},
    },
    store::Clubs,
    web,
};
use serde_json::{Value, json};
use serenity::model::id::{ChannelId, UserId};
use tokio::sync::watch;

use crate::{
    stand_in::{Seen, Signed, StandIn},
    troubles::{app, today},
};

const ORDINARY: &str = "outside of my knee hurts after 5 miles";

/// The limits of the tests: nobody is waited for long.
fn hasty() -> Limits {
    let ms = Duration::from_millis;
    let web = web::Limits { head: ms(400), farewell: ms(2_000), ..web::Limits::default() };
    Limits { web, within: ms(400), drain: ms(200), ..Limits::default() }
}

/// An open door before a stand-in with a club, a channel in it and a member.
struct Open {
    discord: StandIn,
    channel: ChannelId,
    ann: UserId,
    open: interactions::Open,
    ending: watch::Sender<bool>,
}

impl Open {
    async fn new(limits: Limits) -> Self {
        let discord = StandIn::start().await;
        let keys = discord.public_key();
        Self::with_keys(discord, &keys, limits).await
    }

    async fn with_keys(discord: StandIn, keys: &str, limits: Limits) -> Self {
        let clubs = Arc::new(Clubs::new(None, Club::default()));
        let door = Door::new(app(), clubs, keys, Duration::ZERO, today);
        let api = discord.address();
        let rest =
            Rest::new(rest::Settings { api, token: String::new(), timings: rest::Timings::default() }).expect("an address");
        let work = Work::new(door, rest, work::Limits::default());
        let socket = web::bind(([127, 0, 0, 1], 0).into()).expect("the loopback has a free port");
        let (ending, told) = watch::channel(false);
        let settings = interactions::Settings { socket, keys: Keys::parse(keys).expect("public keys") };
        let open = interactions::open(settings, work, limits, told).expect("a free port");
        let club = discord.add_guild("Harbor Runners");
        let channel = discord.add_channel(club, "general");
        let ann = discord.add_member(club, "Ann", StandIn::runner());
        let open = Self { discord, channel, ann, open, ending };
        open.discord.set_endpoint(&open.url()).await.expect("Discord takes the address");
        open
    }

    fn url(&self) -> String {
        format!("http://{}{PATH}", self.address())
    }

    fn address(&self) -> SocketAddr {
        self.open.address
    }

    fn counts(&self) -> Counts {
        self.open.door.counts()
    }

    /// A member's question, answered.
    async fn answer(&self) -> Seen {
        let asked = self.discord.slash(self.ann, self.channel, "ask", json!({ "question": ORDINARY })).await;
        self.discord.first_response(asked).await
    }

    /// A question that Discord did not send yet, signed so many seconds beside its clock. Each is another one.
    fn question(&self, beside: i64) -> Signed {
        self.discord.signed(beside, self.body(ORDINARY).to_string())
    }

    fn body(&self, question: &str) -> Value {
        let id = self.discord.change(|state| state.id());
        json!({
            "id": id.to_string(), "application_id": "1", "type": 2, "token": "a-token", "version": 1, "context": 0,
            "guild_id": "7", "channel_id": self.channel.to_string(),
            "member": { "user": { "id": self.ann.to_string() }, "permissions": "0" },
            "data": { "id": "1", "name": "ask", "type": 1, "options": [{ "name": "question", "type": 3, "value": question }] },
        })
    }
}
