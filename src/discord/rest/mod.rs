//! The sender: carries requests to Discord's REST API and keeps Discord's rules on the way.
//!
//! It waits for buckets and pauses instead of running into them, repeats what failed on the way, lets urgent calls go first,
//! and stops before Discord would ban the address. Repeating is safe for everything but a POST that makes something new;
//! messages carry `nonce` and `enforce_nonce` for that.
//!
//! Nothing here logs a body, an id or a token. Calls authorized by a token in their path (`/interactions`, `/webhooks`) are
//! sent without the bot token, past the buckets: each such token has limits of its own, used a few times in its 15 minutes,
//! and remembering them all would fill the memory. If one meets its limit it waits as told.

mod answer;
mod call;
mod counts;
mod error;
mod invalid;
mod order;
mod route;
mod settings;

use std::{
    hash::RandomState,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use reqwest::{
    Client, Response, StatusCode, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};
use twilight_http_ratelimiting::{Endpoint, Permit, RateLimitHeaders, RateLimiter};

use self::{
    answer::{ALREADY_ACKNOWLEDGED, Limited},
    counts::Tally,
    invalid::Invalid,
    order::{Gate, Pace},
    route::{Kind, Route},
};
pub use self::{
    call::{Body, Call, File},
    counts::Counts,
    error::RestError,
    order::ORDINARY,
    settings::{Settings, Timings},
};
pub use reqwest::Method;

/// How often a call is repeated after 5xx, cut connections and time-outs.
const RETRIES: u32 = 5;
/// How often a call is repeated after 429.
const LIMITED: u32 = 10;
/// The largest answer that is read, in bytes; Discord's own are far below.
const LARGEST: usize = 8 << 20;

/// Sends requests to Discord. Cheap to clone; clones share limits and counts.
#[derive(Clone)]
pub struct Rest {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    /// The base address with `/api/v10`, without a slash at the end.
    base: String,
    /// The header, if there is a token.
    authorization: Option<HeaderValue>,
    timings: Timings,
    /// For [`Route::of`].
    key: RandomState,
    buckets: RateLimiter,
    gate: Gate,
    pace: Pace,
    invalid: Invalid,
    token_refused: AtomicBool,
    tally: Tally,
}

/// How one attempt ended.
enum Attempt {
    Done(Value),
    Refused {
        status: u16,
        code: u64,
    },
    /// After so long it may be tried again; the limiter and the pace know of it where they can.
    Limited {
        wait: Duration,
        code: u64,
    },
    /// `fate_unknown`: Discord may have acted.
    Fault {
        error: RestError,
        fate_unknown: bool,
    },
}

impl Rest {
    /// A sender. Must be called within a Tokio runtime, whose end is the sender's too.
    ///
    /// # Errors
    ///
    /// [`RestError::BadAddress`] if the base address is none, [`RestError::Token`] if the token can be no token. No token at
    /// all is fine for one who answers interactions only.
    pub fn new(settings: Settings) -> Result<Self, RestError> {
        let timings = settings.timings;
        Ok(Self {
            inner: Arc::new(Inner {
                client: settings.client()?,
                base: settings.base()?,
                authorization: settings.authorization()?,
                key: RandomState::new(),
                // The global limit is kept by the pace, which knows what is urgent.
                buckets: RateLimiter::new(u16::MAX),
                gate: Gate::default(),
                pace: Pace::new(timings.global_window),
                invalid: Invalid::new(timings.invalid_limit, timings.invalid_window),
                token_refused: AtomicBool::new(false),
                tally: Tally::default(),
                timings,
            }),
        })
    }

    /// Sends a call and returns the JSON of the answer, `Null` where it is empty.
    ///
    /// A first response to an interaction that Discord says it has already, after an attempt whose fate was unknown, is a
    /// success with `Null`: it was ours.
    ///
    /// # Errors
    ///
    /// See [`RestError`].
    pub async fn send(&self, call: Call) -> Result<Value, RestError> {
        let Some(give_up) = call.give_up else { return self.inner.repeat(&call, None).await };
        let deadline = Instant::now() + give_up.min(Duration::from_secs(24 * 60 * 60));
        let result = timeout_at(deadline, self.inner.repeat(&call, Some(deadline))).await.unwrap_or(Err(RestError::Late));
        if result == Err(RestError::Late) {
            self.inner.tally.late.fetch_add(1, Relaxed);
        }
        result
    }

    /// The time by Discord's clock, to the second; `None` where Discord does not answer or does not say.
    pub async fn server_time(&self) -> Option<jiff::Timestamp> {
        let url = settings::address(&self.inner.base, "/gateway").ok()?;
        let response = self.inner.client.get(url).timeout(self.inner.timings.attempt).send().await.ok()?;
        let date = response.headers().get(reqwest::header::DATE)?.to_str().ok()?;
        // HTTP writes "GMT" where RFC 2822 wants an offset; the parser takes both.
        Some(jiff::fmt::rfc2822::DateTimeParser::new().parse_zoned(date).ok()?.timestamp())
    }

    /// What was done so far.
    pub fn counts(&self) -> Counts {
        self.inner.tally.counts(self.inner.invalid.len())
    }
}

impl Inner {
    async fn repeat(&self, call: &Call, deadline: Option<Instant>) -> Result<Value, RestError> {
        let route = Route::of(&call.method, &call.path, &self.key);
        let url = settings::address(&self.base, &call.path)?;
        let (mut faults, mut limited, mut fate_unknown) = (0, 0, false);
        loop {
            let wait = match self.attempt(call, &route, &url).await? {
                Attempt::Done(value) => return Ok(value),
                Attempt::Refused { code: ALREADY_ACKNOWLEDGED, .. } if fate_unknown && route.kind == Kind::Callback => {
                    return Ok(Value::Null);
                }
                Attempt::Refused { status: 401, .. } if route.kind == Kind::Bot => return Err(RestError::Token),
                Attempt::Refused { status, code } => return Err(RestError::Refused { status, code }),
                Attempt::Limited { code, .. } if limited == LIMITED => return Err(RestError::Refused { status: 429, code }),
                Attempt::Limited { wait, .. } => {
                    limited += 1;
                    wait
                }
                Attempt::Fault { error, .. } if faults == RETRIES => return Err(error),
                Attempt::Fault { fate_unknown: unknown, .. } => {
                    fate_unknown |= unknown;
                    faults += 1;
                    self.timings.back_off(faults)
                }
            };
            // Better late at once than late after waiting in vain.
            if deadline.is_some_and(|deadline| Instant::now() + wait >= deadline) {
                return Err(RestError::Late);
            }
            sleep(wait).await;
            self.tally.retried.fetch_add(1, Relaxed);
        }
    }

    async fn attempt(&self, call: &Call, route: &Route, url: &Url) -> Result<Attempt, RestError> {
        self.allowed(route)?;
        let limited = route.kind == Kind::Bot;
        let line = format!("{} {}", call.method, route.bucket);
        // Held until the answer: the limiter has one request per bucket under way, so nothing is lost, and an urgent call
        // finds at most one ordinary call before it.
        let _place = if limited && !call.urgent { Some(self.gate.enter(&line).await) } else { None };
        let permit = if limited { Some(self.permit(call, route).await) } else { None };
        // Much may have happened in line.
        self.allowed(route)?;

        let mut request = self.client.request(call.method.clone(), url.clone()).timeout(self.timings.attempt(call.give_up));
        if let (Kind::Bot, Some(authorization)) = (route.kind, &self.authorization) {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        self.tally.sent.fetch_add(1, Relaxed);
        let began = Instant::now();
        let answer = match call.body.fill(request).send().await {
            Ok(response) => read(response).await,
            Err(error) => Err(error),
        };
        let (status, headers, body) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.tally.unreachable.fetch_add(1, Relaxed);
                let fault = if error.is_timeout() { "time-out" } else { "no connection" };
                tracing::debug!(route = route.shown, fault, ms = ms(began), "no answer");
                return Ok(Attempt::Fault { error: RestError::Unreachable, fate_unknown: !error.is_connect() });
            }
        };
        tracing::debug!(route = route.shown, status = status.as_u16(), ms = ms(began), "answered");
        Ok(self.judge(route, status, &headers, &body, permit))
    }

    /// Waits for room in the bucket and at the global limit.
    async fn permit(&self, call: &Call, route: &Route) -> Permit {
        loop {
            // Before the permit, as ordinary calls must not keep their bucket from an urgent one while they wait.
            if !call.urgent {
                self.pace.room().await;
            }
            let permit = self.buckets.acquire(endpoint(&call.method, route)).await;
            loop {
                match self.pace.take(call.urgent) {
                    Ok(()) => return permit,
                    Err(again) if call.urgent => tokio::time::sleep_until(again).await,
                    Err(_) => break,
                }
            }
        }
    }

    /// Whether a request may leave now.
    fn allowed(&self, route: &Route) -> Result<(), RestError> {
        if route.kind == Kind::Bot && (self.authorization.is_none() || self.token_refused.load(Relaxed)) {
            return Err(RestError::Token);
        }
        // First responses go on: a person waits for them, and they are refused one by one at most.
        if route.kind != Kind::Callback && self.invalid.stopped() {
            self.tally.stopped.fetch_add(1, Relaxed);
            return Err(RestError::Stopped);
        }
        Ok(())
    }

    fn judge(&self, route: &Route, status: StatusCode, headers: &HeaderMap, body: &[u8], permit: Option<Permit>) -> Attempt {
        let json = serde_json::from_slice(body);
        let value = json.as_ref().unwrap_or(&Value::Null);
        let (mut bucket, code) = (answer::bucket(headers), answer::code(value));
        let attempt = match status.as_u16() {
            200..=299 if body.is_empty() => Attempt::Done(Value::Null),
            200..=299 => match json {
                Ok(value) => Attempt::Done(value),
                Err(_) => Attempt::Fault { error: RestError::Faulty { status: status.as_u16() }, fate_unknown: true },
            },
            429 => {
                self.tally.limited.fetch_add(1, Relaxed);
                let limited = Limited::read(headers, value);
                if !limited.shared {
                    self.invalid.count();
                }
                let until = Instant::now() + limited.wait;
                if limited.global {
                    self.pace.pause(until);
                } else {
                    // The whole bucket waits, not only this call. One without a name gets ours until Discord names it.
                    let name = bucket.map_or_else(|| route.bucket.clone().into_bytes(), |bucket| bucket.bucket);
                    bucket = Some(RateLimitHeaders { bucket: name, limit: 1, remaining: 0, reset_at: until.into_std() });
                }
                Attempt::Limited { wait: limited.wait, code }
            }
            status @ 500..=599 => {
                self.tally.failed.fetch_add(1, Relaxed);
                Attempt::Fault { error: RestError::Faulty { status }, fate_unknown: true }
            }
            status => {
                self.tally.refused.fetch_add(1, Relaxed);
                if matches!(status, 401 | 403) {
                    self.invalid.count();
                }
                if status == 401 && route.kind == Kind::Bot && !self.token_refused.swap(true, Relaxed) {
                    tracing::error!("Discord refused the bot token: no further request is made with it");
                }
                Attempt::Refused { status, code }
            }
        };
        if let Some(permit) = permit {
            permit.complete(bucket);
        }
        attempt
    }
}

fn endpoint(method: &Method, route: &Route) -> Endpoint {
    use twilight_http_ratelimiting::Method as Limited;
    let method = match *method {
        Method::DELETE => Limited::Delete,
        Method::PATCH => Limited::Patch,
        Method::POST => Limited::Post,
        Method::PUT => Limited::Put,
        _ => Limited::Get,
    };
    Endpoint { method, path: route.bucket.clone() }
}

/// The whole of an answer.
async fn read(mut response: Response) -> Result<(StatusCode, HeaderMap, Vec<u8>), reqwest::Error> {
    let (status, mut body) = (response.status(), Vec::new());
    let headers = std::mem::take(response.headers_mut());
    while let Some(chunk) = response.chunk().await? {
        // What is cut off is no JSON then, and is treated so.
        body.extend_from_slice(&chunk[..chunk.len().min(LARGEST - body.len())]);
        if body.len() == LARGEST {
            break;
        }
    }
    Ok((status, headers, body))
}

fn ms(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
