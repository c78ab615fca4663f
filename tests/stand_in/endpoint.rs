//! Interactions as signed HTTP requests, for a bot that has given an Interactions Endpoint URL.

use std::{collections::BTreeMap, sync::Arc};

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use serenity::model::id::InteractionId;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{Shared, StandIn, rest, state::FIRST_RESPONSE};

/// Where interactions go, and who signs them.
pub struct Endpoint {
    key: SigningKey,
    url: Option<String>,
    out: Option<UnboundedSender<(InteractionId, Value)>>,
    /// Answers by status; those that did not come in time under 0.
    pub statuses: BTreeMap<u16, u64>,
}

impl Default for Endpoint {
    fn default() -> Self {
        Self { key: SigningKey::from_bytes(&[23; 32]), url: None, out: None, statuses: BTreeMap::new() }
    }
}

impl Endpoint {
    /// Are interactions posted?
    pub fn is_set(&self) -> bool {
        self.out.is_some()
    }

    /// Where.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The application's public key, in hexadecimal.
    pub fn public_key(&self) -> String {
        hex(self.key.verifying_key().as_bytes())
    }

    /// Posts an interaction.
    pub fn send(&mut self, id: InteractionId, payload: Value) {
        let out = self.out.as_ref().expect("the caller asked whether it is set");
        out.send((id, payload)).expect("the stand-in posts as long as it lives");
    }
}

/// A request as Discord makes it: what it is signed with stands in two headers.
pub struct Signed {
    /// `X-Signature-Ed25519`.
    pub signature: String,
    /// `X-Signature-Timestamp`, in Unix seconds.
    pub timestamp: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Signed {
    /// Signs a body.
    pub fn new(key: &SigningKey, seconds: u64, body: impl Into<Vec<u8>>) -> Self {
        let (timestamp, body) = (seconds.to_string(), body.into());
        let signature = hex(&key.sign(&[timestamp.as_bytes(), &body].concat()).to_bytes());
        Self { signature, timestamp, body }
    }

    /// Posts it.
    pub async fn post(self, client: &reqwest::Client, url: &str) -> reqwest::Result<reqwest::Response> {
        let request = client.post(url).header("content-type", "application/json");
        let request = request.header("user-agent", "Discord-Interactions/1.0 (+https://discord.com)");
        let signed = request.header("x-signature-ed25519", self.signature).header("x-signature-timestamp", self.timestamp);
        signed.body(self.body).timeout(FIRST_RESPONSE).send().await
    }
}

/// A client that goes straight there.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client without surprises")
}

impl StandIn {
    /// The application's public key, in hexadecimal.
    pub fn public_key(&self) -> String {
        self.look(|state| state.endpoint.public_key())
    }

    /// Someone saves an Interactions Endpoint URL: Discord sends PINGs, one of them with a wrong signature, and takes the address
    /// if both are answered as they should be. From then on interactions are posted there.
    pub async fn set_endpoint(&self, url: &str) -> Result<(), String> {
        let (key, seconds, id, application) =
            self.change(|state| (state.endpoint.key.clone(), state.now() / 1_000, state.id(), state.application));
        let (shared, url) = (self.shared.clone(), url.to_owned());
        let saved = self.runtime.spawn(async move {
            let client = client();
            let ping = json!({
                "id": id.to_string(), "application_id": application.to_string(), "type": 1, "token": "a-ping-has-one-too", "version": 1,
                "entitlements": [], "authorizing_integration_owners": {}, "app_permissions": "0",
            });
            let body = ping.to_string();
            let mut forged = Signed::new(&key, seconds, body.clone());
            let last = if forged.signature.ends_with('0') { "1" } else { "0" };
            forged.signature.replace_range(127.., last);
            let refused = forged.post(&client, &url).await.map_err(|e| e.to_string())?;
            if refused.status() != 401 {
                return Err(format!("a wrong signature got {}", refused.status()));
            }
            let answer = Signed::new(&key, seconds, body).post(&client, &url).await.map_err(|e| e.to_string())?;
            let (status, json) = read(answer).await.map_err(|e| e.to_string())?;
            if (status, &json) != (200, &json!({ "type": 1 })) {
                return Err(format!("a PING got {status}: {json}"));
            }
            let (out, mut posts) = unbounded_channel();
            shared.change(|state| (state.endpoint.url, state.endpoint.out) = (Some(url.clone()), Some(out)));
            let poster = shared.clone();
            tokio::spawn(async move {
                while let Some((id, payload)) = posts.recv().await {
                    tokio::spawn(deliver(poster.clone(), client.clone(), url.clone(), id, payload));
                }
            });
            Ok(())
        });
        saved.await.expect("no panic")
    }

    /// Someone clears the URL: interactions go by the gateway again.
    pub fn clear_endpoint(&self) {
        self.change(|state| (state.endpoint.url, state.endpoint.out) = (None, None));
    }

    /// A body, signed by the stand-in's clock, or so many seconds beside it.
    pub fn signed(&self, beside: i64, body: impl Into<Vec<u8>>) -> Signed {
        let (key, now) = self.look(|state| (state.endpoint.key.clone(), state.now() / 1_000));
        Signed::new(&key, now.saturating_add_signed(beside), body)
    }

    /// Signs with another key from now on; its public half.
    pub fn change_key(&self, seed: u8) -> String {
        self.change(|state| {
            state.endpoint.key = SigningKey::from_bytes(&[seed; 32]);
            state.endpoint.public_key()
        })
    }
}

/// Status and JSON; null where the answer does not say that it is JSON.
async fn read(answer: reqwest::Response) -> reqwest::Result<(u16, Value)> {
    let status = answer.status().as_u16();
    let is_json = answer.headers().get("content-type").is_some_and(|kind| kind == "application/json");
    let bytes = answer.bytes().await?;
    let json = serde_json::from_slice(&bytes).ok().filter(|_| is_json).unwrap_or(Value::Null);
    Ok((status, json))
}

async fn deliver(shared: Arc<Shared>, client: reqwest::Client, url: String, id: InteractionId, payload: Value) {
    let (key, now) = shared.look(|state| (state.endpoint.key.clone(), state.now() / 1_000));
    let answer = async { read(Signed::new(&key, now, payload.to_string()).post(&client, &url).await?).await };
    // The client itself waits no longer than Discord does.
    let (status, json) = answer.await.unwrap_or((0, Value::Null));
    shared.change(|state| {
        *state.endpoint.statuses.entry(status).or_default() += 1;
        state.tell(format!("a posted interaction got {status}"));
        if status == 200 {
            rest::posted(state, id, json);
        }
    });
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
