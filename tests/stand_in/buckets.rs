//! Rate limits as Discord keeps them: a bucket a route and its main resource, and one for everything.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

/// The bucket that a request fell into, after it was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    /// `X-RateLimit-Bucket`.
    pub bucket: String,
    /// Requests a window.
    pub limit: u64,
    /// Requests left.
    pub remaining: u64,
    /// Milliseconds until the window starts anew.
    pub reset_after: u64,
    /// When that is, in milliseconds since 1970.
    pub reset: u64,
    /// Is it too many?
    pub refused: bool,
    /// By the limit for everything?
    pub global: bool,
}

#[derive(Debug, Default)]
struct Window {
    ends: u64,
    used: u64,
}

impl Window {
    /// Counts one request; true where it is too many.
    fn count(&mut self, now: u64, limit: u64, length: u64) -> bool {
        if now >= self.ends {
            *self = Self { ends: now + length, used: 0 };
        }
        self.used += 1;
        self.used > limit
    }
}

/// Limits and what was used of them. Switchable and settable.
pub struct Buckets {
    /// Off: nothing is refused, headers are still sent.
    pub on: bool,
    /// Requests in a second over all routes, callbacks and webhooks of interactions apart.
    pub global: u64,
    /// Requests a window and the window's milliseconds, where a route has none of its own.
    pub usual: (u64, u64),
    /// The same for routes by template, such as `POST /channels/{id}/messages`.
    pub routes: HashMap<String, (u64, u64)>,
    /// 429s given by limits, not by faults.
    pub refusals: u64,
    windows: HashMap<(String, String), Window>,
    everything: Window,
}

impl Default for Buckets {
    fn default() -> Self {
        Self {
            on: true,
            global: 50,
            usual: (50, 1_000),
            routes: HashMap::from([("POST /channels/{id}/messages".to_owned(), (5, 5_000))]),
            refusals: 0,
            windows: HashMap::new(),
            everything: Window::default(),
        }
    }
}

impl Buckets {
    /// Counts a request. `main`: the channel, guild or webhook token in its path; `exempt`: from the limit for everything.
    pub fn count(&mut self, template: &str, main: &str, exempt: bool, now: u64) -> Count {
        let (limit, length) = self.routes.get(template).copied().unwrap_or(self.usual);
        let over = !exempt && self.everything.count(now, self.global, 1_000);
        if self.windows.len() > 10_000 {
            self.windows.retain(|_, window| window.ends > now);
        }
        let key = (template.to_owned(), main.to_owned());
        // A request that the limit for everything refuses is not counted in its bucket.
        let window = self.windows.entry(key).or_default();
        let full = !(over && self.on) && window.count(now, limit, length);
        let ends = if over && self.on { self.everything.ends } else { window.ends };
        let count = Count {
            bucket: bucket_name(template),
            limit,
            remaining: limit.saturating_sub(window.used),
            reset_after: ends.saturating_sub(now),
            reset: ends,
            refused: self.on && (over || full),
            global: over,
        };
        self.refusals += u64::from(count.refused);
        count
    }
}

/// Discord's bucket names are opaque; this one only has to differ by route.
fn bucket_name(template: &str) -> String {
    let mut hasher = DefaultHasher::new();
    template.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
