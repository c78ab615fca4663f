//! The gateway's memory: who is connected, which sessions exist, and what each has been sent.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};
use serenity::model::id::GuildId;
use tokio::sync::mpsc::UnboundedSender;

/// Events kept for a RESUME.
const REPLAY: usize = 5_000;

/// A text that looks drawn and is not, another for each number.
pub fn scrambled(number: u64) -> String {
    format!("{:032x}", u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

/// What the stand-in tells a connection to do.
pub enum Out {
    /// Send this payload.
    Payload(Value),
    /// Send these bytes as text, whatever they are.
    Text(String),
    /// Send these bytes as a binary frame, whatever they are.
    Binary(Vec<u8>),
    /// Send a close frame, with a code or without, and end.
    Close(Option<u16>),
    /// End without a word.
    Drop,
    /// Say and hear nothing more, but stay open.
    HalfClose,
}

/// A session that a bot identified.
pub struct Session {
    /// Its shard: index and number of shards.
    pub shard: (u64, u64),
    /// The intents asked for.
    pub intents: u64,
    /// The number of the last event.
    pub sequence: u64,
    /// Events that a RESUME may ask for.
    pub replay: VecDeque<Value>,
    /// The connection that serves it.
    pub connection: Option<u64>,
}

/// Everything about the gateway.
pub struct Gateway {
    /// Sessions by id.
    pub sessions: BTreeMap<String, Session>,
    /// Open connections.
    pub connections: BTreeMap<u64, UnboundedSender<Out>>,
    /// IDENTIFYs that arrived, with the time in milliseconds since 1970 and the shard.
    pub identifies: Vec<(u64, (u64, u64))>,
    /// RESUMEs that succeeded.
    pub resumes: u64,
    /// Where the gateway is: `ws://127.0.0.1:PORT`.
    pub url: String,
    /// Heartbeats that arrived.
    pub heartbeats: u64,
    /// Connections that were opened.
    pub opened: u64,
    /// Presence updates and other operations that are heard and not answered, by opcode.
    pub heard: BTreeMap<u64, u64>,
    /// What HELLO says, in milliseconds.
    pub heartbeat_interval: u64,
    /// Shards that `GET /gateway/bot` recommends.
    pub shards: u64,
    /// IDENTIFYs in five seconds that `GET /gateway/bot` allows.
    pub max_concurrency: u64,
    /// Intents that the application was not granted: 4014.
    pub disallowed_intents: u64,
    /// Hold the bot to `max_concurrency`: an IDENTIFY too soon gets op 9, and is noted as a broken rule. All connections count.
    pub hold_identify_limit: bool,
    /// What "too soon" is, in milliseconds; Discord's five seconds, unless a test is in a hurry.
    pub identify_window: u64,
    last_session: u64,
}

impl Default for Gateway {
    fn default() -> Self {
        // Presences, members and message content are the privileged ones; a new application has none of them.
        let privileged = (1 << 8) | (1 << 1) | (1 << 15);
        Self {
            sessions: BTreeMap::new(),
            connections: BTreeMap::new(),
            identifies: Vec::new(),
            resumes: 0,
            url: String::new(),
            heartbeats: 0,
            opened: 0,
            heard: BTreeMap::new(),
            heartbeat_interval: 41_250,
            shards: 1,
            max_concurrency: 1,
            disallowed_intents: privileged,
            hold_identify_limit: false,
            identify_window: 5_000,
            last_session: 0,
        }
    }
}

impl Gateway {
    /// A name for a new session.
    pub fn new_session_id(&mut self) -> String {
        self.last_session += 1;
        scrambled(self.last_session)
    }

    /// Numbers an event and sends it to one session. Without a connection it waits for a RESUME.
    pub fn send(&mut self, session: &str, event: &str, data: &Value) {
        let Some(session) = self.sessions.get_mut(session) else { return };
        session.sequence += 1;
        let payload = json!({"op": 0, "t": event, "s": session.sequence, "d": data});
        if session.replay.len() == REPLAY {
            session.replay.pop_front();
        }
        session.replay.push_back(payload.clone());
        if let Some(out) = session.connection.and_then(|c| self.connections.get(&c)) {
            // A connection that ended meanwhile loses nothing: the event is in the replay buffer.
            let _ = out.send(Out::Payload(payload));
        }
    }

    /// Sends an event to every session that Discord would send it to. `guild` decides the shard; events without a guild
    /// go to shard 0. `intent`: the bits of which a session needs one, 0 for none. Gives the number of sessions.
    pub fn dispatch(&mut self, guild: Option<GuildId>, intent: u64, event: &str, data: &Value) -> usize {
        let place = guild.map_or(0, |guild| guild.get() >> 22);
        let wants = |s: &Session| place % s.shard.1 == s.shard.0 && (intent == 0 || s.intents & intent != 0);
        let ids: Vec<String> = self.sessions.iter().filter(|(_, s)| wants(s)).map(|(id, _)| id.clone()).collect();
        for id in &ids {
            self.send(id, event, data);
        }
        ids.len()
    }

    /// Tells every open connection to do something.
    pub fn tell_all(&self, out: impl Fn() -> Out) -> usize {
        self.connections.values().filter(|connection| connection.send(out()).is_ok()).count()
    }

    /// How many connections serve a shard.
    pub fn serving(&self, shard: u64) -> usize {
        self.sessions.values().filter(|s| s.connection.is_some() && s.shard.0 == shard).count()
    }

    /// Sessions that a connection serves.
    pub fn connected(&self) -> usize {
        self.sessions.values().filter(|s| s.connection.is_some()).count()
    }
}
