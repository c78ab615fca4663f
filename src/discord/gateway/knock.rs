//! Asks the gateway why it does not let a shard in. serenity reads close codes 4010 and 4011 and tells nobody.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{Stop, intents, stop_of_code};

/// How long the gateway has to answer in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// A connection of its own that identifies as a shard, to be told what is wrong with it.
pub(super) struct Knock {
    /// The gateway's address.
    pub(super) address: String,
    /// The bot's token.
    pub(super) token: String,
    /// How many shards there are in all.
    pub(super) total: u32,
}

impl Knock {
    /// Why this shard is not let in, where trying again would not help. `None` where it is let in, or nothing is to be learned.
    pub(super) async fn ask(&self, shard: u32) -> Option<Stop> {
        stop_of_code(tokio::time::timeout(PATIENCE, self.close_code(shard)).await.ok()??)
    }

    async fn close_code(&self, shard: u32) -> Option<u16> {
        let url = format!("{}/?v=10&encoding=json", self.address.trim_end_matches('/'));
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.ok()?;
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Close(frame) => return frame.map(|frame| frame.code.into()),
                Message::Text(text) => match serde_json::from_str::<Value>(&text).ok()?["op"].as_u64() {
                    Some(10) => socket.send(Message::Text(self.identify(shard))).await.ok()?,
                    // READY, or an IDENTIFY too soon after another: it is not refused.
                    Some(0 | 9) => {
                        // 1000: the session is not needed.
                        let _ = socket.close(None).await;
                        return None;
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        None
    }

    fn identify(&self, shard: u32) -> String {
        let token = self.token.trim().trim_start_matches("Bot ");
        let properties = json!({ "os": std::env::consts::OS, "browser": "patella", "device": "patella" });
        json!({ "op": 2, "d": {
            "token": token, "intents": intents().bits(), "shard": [shard, self.total], "properties": properties,
        } })
        .to_string()
    }
}
