//! Waiting for the bot, without sleeping: the bell of the world rings at each change.

use std::time::Duration;

use serenity::model::id::{ChannelId, InteractionId, MessageId};

use super::{Seen, StandIn, State, payload};

/// How long a wait lasts before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

impl StandIn {
    /// Waits until something is so and gives it. Panics after 30 s of real time with what did arrive.
    pub async fn until<R>(&self, what: &str, mut ready: impl FnMut(&State) -> Option<R>) -> R {
        let mut bell = self.shared.bell.subscribe();
        // Tests may pause their clock, which then jumps while sockets are waited for; the stand-in's own runtime has the
        // machine's clock.
        let mut patience = self.runtime.spawn(tokio::time::sleep(PATIENCE));
        let wait = async {
            loop {
                bell.borrow_and_update();
                if let Some(result) = self.look(&mut ready) {
                    return result;
                }
                bell.changed().await.expect("the bell lives as long as the stand-in");
            }
        };
        let result = tokio::select! {
            biased;
            result = wait => Some(result),
            _ = &mut patience => None,
        };
        patience.abort();
        result.unwrap_or_else(|| panic!("waited {PATIENCE:?} for {what}; this arrived:\n{}", self.look(State::story)))
    }

    /// Waits until a condition holds.
    pub async fn until_so(&self, what: &str, mut so: impl FnMut(&State) -> bool) {
        self.until(what, |state| so(state).then_some(())).await;
    }

    /// Waits until so many sessions are identified or resumed and connected.
    pub async fn connected(&self, sessions: usize) {
        self.until_so(&format!("{sessions} connected sessions"), |state| state.gateway.connected() >= sessions).await;
    }

    /// The first response to an interaction, also if it is only "is thinking ...".
    pub async fn first_response(&self, interaction: InteractionId) -> Seen {
        let what = self.look(|state| format!("a first response to {}", state.interactions[&interaction].name));
        self.until(&what, |state| Seen::response(state, interaction)).await
    }

    /// The answer to an interaction when it can be read: a deferred one when it is filled in.
    pub async fn answer(&self, interaction: InteractionId) -> Seen {
        let filled = |state: &State| {
            let seen = Seen::response(state, interaction)?;
            let deferred_update = state.interactions[&interaction].answered == Some(6) && seen.edits == 0;
            (seen.kind != super::Kind::Thinking && !deferred_update).then_some(seen)
        };
        self.until("an answer that can be read", filled).await
    }

    /// The follow-up of an interaction with this number, counted from 0.
    pub async fn follow_up(&self, interaction: InteractionId, number: usize) -> Seen {
        let posted = |state: &State| {
            let id = state.interactions[&interaction].follow_ups.get(number)?;
            Some(Seen::message(state, &state.messages[id]))
        };
        self.until(&format!("follow-up {number}"), posted).await
    }

    /// The bot's next message in a channel that no call has given yet, answers of interactions that all can see included.
    pub async fn next_message(&self, channel: ChannelId) -> Seen {
        let last = self.look(|state| state.handed_out.get(&channel).copied());
        let next = |state: &State| {
            let mut later = state.messages.values().filter(|m| last.is_none_or(|last| m.id > last));
            let message = later.find(|m| m.channel == channel && m.author == state.bot && !m.ephemeral())?;
            Some(Seen::message(state, message))
        };
        let seen = self.until("a message of the bot", next).await;
        self.change(|state| state.handed_out.insert(channel, seen.message.expect("it is a message")));
        seen
    }

    /// The bot's messages in a channel so far that all can see, the oldest first.
    pub fn messages(&self, channel: ChannelId) -> Vec<Seen> {
        self.look(|state| {
            let here = state.messages.values().filter(|m| m.channel == channel && m.author == state.bot && !m.ephemeral());
            here.map(|message| Seen::message(state, message)).collect()
        })
    }

    /// A message as it stands now.
    pub fn see(&self, message: MessageId) -> Seen {
        self.look(|state| Seen::message(state, &state.messages[&message]))
    }

    /// Waits until a message was edited so often.
    pub async fn edited(&self, message: MessageId, times: u32) -> Seen {
        let edited = |state: &State| {
            let message = &state.messages[&message];
            (message.edits >= times).then(|| Seen::message(state, message))
        };
        self.until("an edited message", edited).await
    }

    /// The message as Discord gives it to the bot by REST.
    pub fn payload_of(&self, message: MessageId) -> serde_json::Value {
        self.look(|state| payload::message(state, &state.messages[&message]))
    }
}
