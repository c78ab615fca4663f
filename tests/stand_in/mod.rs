//! A Discord that remembers, for tests and benches: REST and gateway on one loopback port.
//!
//! It is no list of expected calls. It keeps guilds, channels, people, messages and interactions, answers as Discord
//! answers, and notes every rule that the bot breaks; see [`StandIn::violations`]. Tests read as conversations:
//!
//! ```ignore
//! let discord = StandIn::start().await;
//! let club = discord.add_guild("Harbor Runners");
//! let channel = discord.add_channel(club, "general");
//! let ann = discord.add_member(club, "Ann", StandIn::runner());
//! // start the bot at discord.address() with discord.token(), then
//! let asked = discord.slash(ann, channel, "ask", json!({"question": "..."})).await;
//! println!("{}", discord.first_response(asked).await);
//! ```
//!
//! It runs on a thread and a runtime of its own, so that a busy or blocked bot does not hold it up.

// Benches and tests include this by path, and each uses a part of it.
#![allow(dead_code, unused_imports)]

mod buckets;
mod deeds;
mod endpoint;
mod faults;
mod gateway;
mod payload;
mod rest;
pub mod rules;
pub mod schema;
mod seen;
mod sessions;
pub mod state;
mod troubles;
mod waits;
mod wire;
mod world;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};

use axum::{
    Router,
    extract::{ConnectInfo, FromRequestParts, Request, State as Given, ws::WebSocketUpgrade},
    response::{IntoResponse, Response},
};
use tokio::{
    net::TcpListener,
    runtime::Handle,
    sync::{oneshot, watch},
};

pub use endpoint::Signed;
pub use faults::Scope;
pub use seen::{Kind, Seen};
pub use state::{Message, State};
pub use troubles::Garbage;

use wire::{Scissors, Wire};

/// The token that is let in.
const TOKEN: &str = "MTA.stand-in.token-of-the-bot";

/// The world behind a lock, and a bell that rings at every change.
pub struct Shared {
    state: Mutex<State>,
    bell: watch::Sender<()>,
}

impl Shared {
    /// Changes the world and rings the bell.
    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        // A test that failed while it held the lock must not hide its message behind another.
        let result = change(&mut self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        self.bell.send_replace(());
        result
    }

    /// Looks at the world.
    fn look<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

/// A running stand-in. It ends when this is dropped.
pub struct StandIn {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    runtime: Handle,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Starts one on a free port of the loopback. It answers when this returns.
    pub async fn start() -> Self {
        Self::start_blocking()
    }

    /// The same, outside of a runtime.
    pub fn start_blocking() -> Self {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("the loopback has a free port");
        socket.set_nonblocking(true).expect("a fresh socket can be set");
        let address = socket.local_addr().expect("it is bound");
        let mut state = State::new(TOKEN);
        state.gateway.url = format!("ws://{address}");
        let shared = Arc::new(Shared { state: Mutex::new(state), bell: watch::Sender::new(()) });
        let (stop, stopped) = oneshot::channel::<()>();
        let served = shared.clone();
        let own = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let runtime = own.handle().clone();
        let serve = move || {
            own.block_on(async move {
                let listener = Wire(TcpListener::from_std(socket).expect("a socket that does not block"));
                let app = Router::new().fallback(door).with_state(served);
                let service = app.into_make_service_with_connect_info::<Scissors>();
                tokio::select! {
                    ended = axum::serve(listener, service) => ended.expect("serving does not end"),
                    // Dropping the runtime drops every connection.
                    _ = stopped => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("stand-in".to_owned()).spawn(serve).expect("a thread");
        Self { shared, address, stop: Some(stop), runtime, thread: Some(thread) }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The valid bot token, without `Bot `.
    pub fn token(&self) -> String {
        self.shared.look(|state| state.token.clone())
    }

    /// Moves the stand-in's clock on: interactions, tokens, nonces and limits grow older.
    pub fn advance(&self, by: Duration) {
        self.shared.change(|state| state.advance(by));
    }

    /// Looks at all that the stand-in remembers.
    pub fn look<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        self.shared.look(look)
    }

    /// Changes what the stand-in remembers, for what has no method of its own.
    pub fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        self.shared.change(change)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed when it happened.
            let _ = thread.join();
        }
    }
}

/// Gateway and REST share the port; an upgrade tells them apart.
async fn door(Given(shared): Given<Arc<Shared>>, ConnectInfo(scissors): ConnectInfo<Scissors>, request: Request) -> Response {
    if !request.headers().contains_key("upgrade") {
        return rest::serve(shared, scissors, request).await;
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(move |socket| gateway::serve(shared, query, socket)),
        Err(refusal) => refusal.into_response(),
    }
}
