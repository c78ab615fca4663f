//! The gateway side: one task a connection.

use std::{collections::HashMap, io::Write, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use flate2::{Compression, write::ZlibEncoder};
use serde_json::{Value, json};
use serenity::model::id::{ChannelId, GuildId};
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::Instant,
};

use super::{
    Shared, payload,
    rules::Violation,
    sessions::{Out, Session},
    state::State,
};

/// A bot's payload is this long at most (Discord's gateway page).
const LARGEST: usize = 4_096;
/// Payloads a minute that a bot may send (the same page).
const SENDS_A_MINUTE: usize = 120;
/// All intents that exist.
const INTENTS: u64 = ((1 << 17) - 1) | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25);
/// GUILD_CREATE and GUILD_DELETE come with this one.
pub const GUILDS: u64 = 1;

/// Close codes that end a session for good: a RESUME cannot follow.
const FINAL: [u16; 8] = [4_004, 4_007, 4_009, 4_010, 4_011, 4_012, 4_013, 4_014];

/// Is this the bot's token? serenity sends it as REST wants it, `Bot ` before it, and Discord lets that pass.
fn is_token(state: &State, data: &Value) -> bool {
    let given = data["token"].as_str().unwrap_or_default();
    given.strip_prefix("Bot ").unwrap_or(given) == state.token
}

/// What a handled payload leads to.
enum Next {
    Go,
    /// Close with this code.
    Close(u16),
}

/// One connection as its task sees it.
struct Connection {
    id: u64,
    session: Option<String>,
    compress: bool,
    mute: bool,
    sent: Vec<u64>,
}

/// Serves one connection until it ends.
pub async fn serve(shared: Arc<Shared>, query: String, mut socket: WebSocket) {
    let (sender, mut orders) = unbounded_channel();
    let asked = |pair: &str| query.split('&').any(|given| given == pair);
    if !asked("v=10") {
        return close(&mut socket, Some(4_012)).await;
    }
    // serenity asks for compression of payloads in IDENTIFY, never for a compressed stream.
    if query.contains("compress=") || query.contains("encoding=etf") {
        shared.change(|state| state.tell(format!("the gateway was asked for {query}, which the stand-in lacks")));
        return close(&mut socket, Some(4_002)).await;
    }
    let (id, interval) = shared.change(|state| {
        state.gateway.opened += 1;
        let id = state.gateway.opened;
        state.gateway.connections.insert(id, sender);
        state.tell(format!("gateway connection {id} opened"));
        (id, state.gateway.heartbeat_interval)
    });
    let mut connection = Connection { id, session: None, compress: false, mute: false, sent: Vec::new() };
    let hello = json!({"op": 10, "d": {"heartbeat_interval": interval, "_trace": ["stand-in"]}, "s": null, "t": null});
    if socket.send(Message::Text(hello.to_string().into())).await.is_ok() {
        connection.run(&shared, &mut socket, &mut orders, interval).await;
    }
    shared.change(|state| {
        state.gateway.connections.remove(&id);
        if let Some(session) = connection.session.and_then(|s| state.gateway.sessions.get_mut(&s))
            && session.connection == Some(id)
        {
            session.connection = None;
        }
        state.tell(format!("gateway connection {id} ended"));
    });
}

async fn close(socket: &mut WebSocket, code: Option<u16>) {
    let frame = code.map(|code| CloseFrame { code, reason: "".into() });
    // The other side may be gone already.
    let _ = socket.send(Message::Close(frame)).await;
}

impl Connection {
    async fn run(&mut self, shared: &Shared, socket: &mut WebSocket, orders: &mut UnboundedReceiver<Out>, interval: u64) {
        // Discord gives up on a bot that misses its heartbeat by about half an interval.
        let patience = Duration::from_millis(interval * 3 / 2);
        let mut deadline = Instant::now() + patience;
        loop {
            tokio::select! {
                biased;
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    if !self.obey(shared, socket, order).await {
                        return;
                    }
                }
                frame = socket.recv() => {
                    let message = match frame {
                        Some(Ok(message)) => message,
                        Some(Err(_)) | None => return,
                    };
                    if self.mute {
                        continue;
                    }
                    let text = match &message {
                        Message::Text(text) => text.as_str(),
                        Message::Close(frame) => {
                            let code = frame.as_ref().map(|f| f.code);
                            // A bot that closes with these says that it will not come back.
                            if matches!(code, Some(1_000 | 1_001)) {
                                shared.change(|state| self.forget(state));
                            }
                            return;
                        }
                        Message::Binary(_) => "",
                        Message::Ping(_) | Message::Pong(_) => continue,
                    };
                    let heartbeats = shared.look(|state| state.gateway.heartbeats);
                    let next = shared.change(|state| self.hear(state, text));
                    if shared.look(|state| state.gateway.heartbeats) > heartbeats {
                        deadline = Instant::now() + patience;
                    }
                    if let Next::Close(code) = next {
                        shared.change(|state| {
                            state.tell(format!("gateway closed with {code}"));
                            if FINAL.contains(&code) {
                                self.forget(state);
                            }
                        });
                        return close(socket, Some(code)).await;
                    }
                }
                () = tokio::time::sleep_until(deadline), if !self.mute => {
                    shared.change(|state| self.forget(state));
                    return close(socket, Some(4_009)).await;
                }
            }
        }
    }

    /// Drops the session: nobody may resume it.
    fn forget(&mut self, state: &mut State) {
        if let Some(session) = self.session.take() {
            state.gateway.sessions.remove(&session);
        }
    }

    /// Does what the stand-in orders; false where that ends the connection.
    async fn obey(&mut self, shared: &Shared, socket: &mut WebSocket, order: Out) -> bool {
        if self.mute && !matches!(order, Out::Drop) {
            return true;
        }
        let message = match order {
            Out::Payload(payload) => self.frame(&payload),
            Out::Text(text) => Message::Text(text.into()),
            Out::Binary(bytes) => Message::Binary(bytes.into()),
            Out::Close(code) => {
                if code.is_some_and(|code| FINAL.contains(&code)) {
                    shared.change(|state| self.forget(state));
                }
                close(socket, code).await;
                return false;
            }
            Out::Drop => return false,
            Out::HalfClose => {
                self.mute = true;
                return true;
            }
        };
        socket.send(message).await.is_ok()
    }

    /// A payload as a frame: zlib, each by itself, where the bot asked for that.
    fn frame(&self, payload: &Value) -> Message {
        let text = payload.to_string();
        if !self.compress {
            return Message::Text(text.into());
        }
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).expect("memory takes it");
        Message::Binary(encoder.finish().expect("memory takes it").into())
    }

    fn say(&self, state: &State, payload: Value) {
        if let Some(out) = state.gateway.connections.get(&self.id) {
            // The order is lost only where the connection ends anyway.
            let _ = out.send(Out::Payload(payload));
        }
    }

    fn hear(&mut self, state: &mut State, text: &str) -> Next {
        let now = state.now();
        self.sent.retain(|at| now.saturating_sub(*at) < 60_000);
        self.sent.push(now);
        if self.sent.len() > SENDS_A_MINUTE {
            return Next::Close(4_008);
        }
        let Ok(payload) = serde_json::from_str::<Value>(text) else { return Next::Close(4_002) };
        if text.len() > LARGEST {
            return Next::Close(4_002);
        }
        let Some(op) = payload["op"].as_u64() else { return Next::Close(4_001) };
        let data = &payload["d"];
        match op {
            1 => {
                state.gateway.heartbeats += 1;
                if !state.faults.no_acknowledgement {
                    self.say(state, json!({"op": 11}));
                }
                Next::Go
            }
            2 if self.session.is_some() => Next::Close(4_005),
            2 => self.identify(state, data),
            6 if self.session.is_some() => Next::Close(4_005),
            6 => self.resume(state, data),
            3 | 4 | 8 | 31 if self.session.is_none() => Next::Close(4_003),
            3 | 4 | 8 | 31 => {
                *state.gateway.heard.entry(op).or_default() += 1;
                Next::Go
            }
            _ => Next::Close(4_001),
        }
    }

    fn identify(&mut self, state: &mut State, data: &Value) -> Next {
        if !data["properties"].is_object() || !data["token"].is_string() {
            return Next::Close(4_002);
        }
        if !is_token(state, data) {
            return Next::Close(4_004);
        }
        let shard = match data.get("shard").filter(|s| !s.is_null()) {
            None => Some((0, 1)),
            Some(pair) => pair[0].as_u64().zip(pair[1].as_u64()).filter(|(index, count)| index < count),
        };
        let Some(shard) = shard else { return Next::Close(4_010) };
        let Some(intents) = data["intents"].as_u64().filter(|bits| bits & !INTENTS == 0) else {
            return Next::Close(4_013);
        };
        if intents & state.gateway.disallowed_intents != 0 {
            return Next::Close(4_014);
        }
        if let Some(code) = state.faults.refuse_identify.take().or(state.faults.refuse_every_identify) {
            return Next::Close(code);
        }
        let now = state.now();
        let concurrency = state.gateway.max_concurrency;
        let bucket = |shard: &(u64, u64)| shard.0 % concurrency;
        let window = state.gateway.identify_window;
        let recent = state.gateway.identifies.iter().rev().take_while(|(at, _)| now.saturating_sub(*at) < window);
        let early = recent.into_iter().any(|(_, other)| bucket(other) == bucket(&shard));
        state.gateway.identifies.push((now, shard));
        if early && state.gateway.hold_identify_limit {
            let excerpt = format!("shard {} of {}, within {window} ms of another", shard.0, shard.1);
            state.violations.push(Violation { route: "IDENTIFY".to_owned(), rule: "IDENTIFY too soon", excerpt });
            self.say(state, json!({"op": 9, "d": false}));
            return Next::Go;
        }
        // Sessions of this shard that nobody serves will not be resumed any more.
        state.gateway.sessions.retain(|_, s| s.shard != shard || s.connection.is_some());
        self.compress = data["compress"] == json!(true);
        let id = state.gateway.new_session_id();
        let session = Session { shard, intents, sequence: 0, replay: Default::default(), connection: Some(self.id) };
        state.gateway.sessions.insert(id.clone(), session);
        self.session = Some(id.clone());
        state.tell(format!("identified shard {} of {}", shard.0, shard.1));
        self.ready(state, &id, shard, intents);
        Next::Go
    }

    /// READY, and a GUILD_CREATE each.
    fn ready(&self, state: &mut State, session: &str, shard: (u64, u64), intents: u64) {
        let mine = |id: &GuildId| (id.get() >> 22) % shard.1 == shard.0 && state.bot_is_in(*id);
        let guilds: Vec<GuildId> = state.guilds.keys().copied().filter(mine).collect();
        let listed: Vec<Value> = guilds.iter().map(|id| json!({"id": id.to_string(), "unavailable": true})).collect();
        let mut user = payload::user(state, state.bot);
        (user["verified"], user["mfa_enabled"], user["email"]) = (json!(true), json!(false), Value::Null);
        let ready = json!({
            "v": 10, "user": user, "guilds": listed, "session_id": session, "resume_gateway_url": state.gateway.url,
            "shard": [shard.0, shard.1], "application": {"id": state.application.to_string(), "flags": 0},
            "session_type": "normal", "private_channels": [], "relationships": [], "presences": [], "user_settings": {},
            "geo_ordered_rtc_regions": [], "guild_join_requests": [], "_trace": ["stand-in"],
        });
        state.gateway.send(session, "READY", &ready);
        if intents & GUILDS == 0 {
            return;
        }
        let mut channels: HashMap<GuildId, Vec<ChannelId>> = HashMap::new();
        for (id, channel) in &state.channels {
            if let Some(guild) = channel.guild {
                channels.entry(guild).or_default().push(*id);
            }
        }
        for id in guilds {
            if !state.guilds[&id].unavailable {
                let own = channels.get(&id).into_iter().flatten().map(|channel| &state.channels[channel]);
                let guild = payload::guild_create_with(state, id, own);
                state.gateway.send(session, "GUILD_CREATE", &guild);
            }
        }
    }

    fn resume(&mut self, state: &mut State, data: &Value) -> Next {
        if !is_token(state, data) {
            return Next::Close(4_004);
        }
        let (Some(id), Some(seen)) = (data["session_id"].as_str(), data["seq"].as_u64()) else {
            return Next::Close(4_002);
        };
        let connection = self.id;
        let Some(session) = state.gateway.sessions.get_mut(id) else {
            self.say(state, json!({"op": 9, "d": false}));
            return Next::Go;
        };
        if seen > session.sequence {
            return Next::Close(4_007);
        }
        let first = session.replay.front().and_then(|p| p["s"].as_u64()).unwrap_or(1);
        if seen + 1 < first {
            state.gateway.sessions.remove(id);
            self.say(state, json!({"op": 9, "d": false}));
            return Next::Go;
        }
        session.connection = Some(connection);
        let missed: Vec<Value> = session.replay.iter().filter(|p| p["s"].as_u64() > Some(seen)).cloned().collect();
        self.session = Some(id.to_owned());
        // serenity says whether it wants zlib only in IDENTIFY; RESUME keeps to text, which every client reads.
        state.tell(format!("resumed at {seen}, {} events missed", missed.len()));
        for payload in missed {
            self.say(state, payload);
        }
        state.gateway.resumes += 1;
        state.gateway.send(id, "RESUMED", &json!({"_trace": ["stand-in"]}));
        Next::Go
    }
}
