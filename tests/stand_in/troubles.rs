//! Troubles that a test makes at any time.

use serde_json::{Value, json};
use serenity::model::id::{ChannelId, UserId};

use super::{
    StandIn,
    deeds::dispatch,
    faults::Faults,
    sessions::{Gateway, Out},
};

/// Events that no bot can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Garbage {
    /// A dispatch of a type that does not exist.
    UnknownEvent,
    /// An INTERACTION_CREATE that lacks most of its fields.
    MalformedInteraction,
    /// One that cannot even be answered: it has neither an id nor a token.
    EmptyInteraction,
    /// A MESSAGE_CREATE that lacks most of its fields.
    MalformedMessage,
    /// A text frame that is no JSON.
    NoJson,
    /// A binary frame that is no zlib.
    NoZlib,
    /// An opcode that does not exist.
    UnknownOpcode,
}

impl StandIn {
    /// Sets what goes wrong with REST, heartbeats and IDENTIFY.
    pub fn faults<R>(&self, set: impl FnOnce(&mut Faults) -> R) -> R {
        self.change(|state| set(&mut state.faults))
    }

    /// Draws chance from this seed.
    pub fn seed(&self, seed: u64) {
        self.faults(|faults| faults.chance = fastrand::Rng::with_seed(seed));
    }

    /// Nothing goes wrong any more.
    pub fn no_faults(&self) {
        self.faults(|faults| {
            let chance = faults.chance.clone();
            *faults = Faults { chance, ..Faults::default() };
        });
    }

    /// Sets figures of the gateway: interval of heartbeats, recommended shards, intents that are not granted.
    pub fn gateway<R>(&self, set: impl FnOnce(&mut Gateway) -> R) -> R {
        self.change(|state| set(&mut state.gateway))
    }

    /// Closes every gateway connection, with a code or with an empty close frame. Gives how many there were.
    pub fn close_gateway(&self, code: Option<u16>) -> usize {
        self.look(|state| state.gateway.tell_all(|| Out::Close(code)))
    }

    /// Ends every gateway connection without a word.
    pub fn drop_gateway(&self) -> usize {
        self.look(|state| state.gateway.tell_all(|| Out::Drop))
    }

    /// Every gateway connection falls silent and deaf, and stays open.
    pub fn half_close_gateway(&self) -> usize {
        self.look(|state| state.gateway.tell_all(|| Out::HalfClose))
    }

    /// Asks every connection for a heartbeat at once (op 1).
    pub fn ask_heartbeat(&self) -> usize {
        self.tell_gateway(&json!({"op": 1, "d": null}))
    }

    /// Asks every connection to reconnect and resume (op 7).
    pub fn ask_reconnect(&self) -> usize {
        self.tell_gateway(&json!({"op": 7, "d": null}))
    }

    /// Declares every session invalid (op 9). `resumable`: whether a RESUME may still follow.
    pub fn invalidate_sessions(&self, resumable: bool) -> usize {
        let told = self.tell_gateway(&json!({"op": 9, "d": resumable}));
        if !resumable {
            self.change(|state| state.gateway.sessions.clear());
        }
        told
    }

    /// Forgets every session, so that a RESUME gets op 9.
    pub fn forget_sessions(&self) {
        self.change(|state| state.gateway.sessions.clear());
    }

    fn tell_gateway(&self, payload: &Value) -> usize {
        self.look(|state| state.gateway.tell_all(|| Out::Payload(payload.clone())))
    }

    /// Sends something that cannot be read to every connection.
    pub fn garbage(&self, kind: Garbage) {
        self.change(|state| {
            let gateway = &mut state.gateway;
            match kind {
                Garbage::UnknownEvent => {
                    gateway.dispatch(None, 0, "KNEE_JERK", &json!({"id": "1"}));
                }
                Garbage::MalformedInteraction => {
                    let data = json!({"id": "1", "type": 2, "token": "t", "data": {"name": 7}});
                    gateway.dispatch(None, 0, "INTERACTION_CREATE", &data);
                }
                Garbage::EmptyInteraction => {
                    gateway.dispatch(None, 0, "INTERACTION_CREATE", &json!({"data": {"name": "ask"}}));
                }
                Garbage::MalformedMessage => {
                    gateway.dispatch(None, 0, "MESSAGE_CREATE", &json!({"id": [], "content": null}));
                }
                Garbage::NoJson => {
                    gateway.tell_all(|| Out::Text("{\"op\": 0, \"t\": ".to_owned()));
                }
                Garbage::NoZlib => {
                    gateway.tell_all(|| Out::Binary(vec![0x78, 0x9c, 0xff, 0xff]));
                }
                Garbage::UnknownOpcode => {
                    gateway.tell_all(|| Out::Payload(json!({"op": 99, "d": null})));
                }
            }
        });
    }

    /// Sends an interaction whose body the test wrote: `data` of any shape, of any type.
    pub fn strange_interaction(&self, who: UserId, channel: ChannelId, kind: u8, data: Value) {
        self.change(|state| dispatch(state, kind, who, channel, "something strange", data, None));
    }

    /// Sends the last event of every session once more, with a new number. Gives how many were sent.
    pub fn duplicate_last_event(&self) -> usize {
        self.change(|state| {
            let last = state.gateway.sessions.iter().filter_map(|(id, s)| Some((id.clone(), s.replay.back()?.clone())));
            let last: Vec<(String, Value)> = last.collect();
            for (session, payload) in &last {
                state.gateway.send(session, payload["t"].as_str().unwrap_or_default(), &payload["d"]);
            }
            last.len()
        })
    }
}
