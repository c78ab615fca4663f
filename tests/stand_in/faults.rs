//! What goes wrong on purpose, between the bot and the stand-in's REST side.

use std::time::Duration;

/// Who a 429 is meant for, as `X-RateLimit-Scope` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// The bot, on this route.
    #[default]
    User,
    /// The bot, everywhere.
    Global,
    /// Everybody on this resource.
    Shared,
}

impl Scope {
    /// The header's value.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Global => "global",
            Self::Shared => "shared",
        }
    }
}

/// Settings; all off by default. Counters go down as faults happen.
pub struct Faults {
    /// Every answer waits this long.
    pub delay: Duration,
    /// So many of the next requests get a 429.
    pub storm: u32,
    /// Of this scope.
    pub storm_scope: Scope,
    /// With this `retry_after`, in seconds.
    pub storm_retry_after: f64,
    /// So many of the next requests get a 5xx and change nothing.
    pub errors: u32,
    /// The status of those and of the random ones.
    pub error_status: u16,
    /// Share of requests, 0 to 1, that get a 5xx and change nothing.
    pub error_rate: f64,
    /// So many of the next requests are applied, and then the connection is cut before the answer.
    pub cuts: u32,
    /// Share of requests, 0 to 1, that are cut in that way.
    pub cut_rate: f64,
    /// Faults strike only requests whose template has this in it, such as `callback`; empty for all.
    pub only: String,
    /// Heartbeats are heard but not acknowledged.
    pub no_acknowledgement: bool,
    /// The next IDENTIFY is answered with this close code.
    pub refuse_identify: Option<u16>,
    /// Every IDENTIFY is answered with this close code.
    pub refuse_every_identify: Option<u16>,
    /// Where chance comes from.
    pub chance: fastrand::Rng,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            storm: 0,
            storm_scope: Scope::User,
            storm_retry_after: 0.05,
            errors: 0,
            error_status: 502,
            error_rate: 0.0,
            cuts: 0,
            cut_rate: 0.0,
            only: String::new(),
            no_acknowledgement: false,
            refuse_identify: None,
            refuse_every_identify: None,
            chance: fastrand::Rng::with_seed(0),
        }
    }
}

/// What befalls one request.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Fate {
    /// It waits.
    pub delay: Duration,
    /// It gets this 429, with its `retry_after`.
    pub storm: Option<(Scope, f64)>,
    /// It gets this status.
    pub error: Option<u16>,
    /// It is applied, and its answer is lost.
    pub cut: bool,
}

impl Faults {
    /// Draws a request's fate. `template`: its route, such as `GET /channels/{id}`.
    pub fn fate(&mut self, template: &str) -> Fate {
        if !template.contains(&self.only) {
            return Fate::default();
        }
        let mut fate = Fate { delay: self.delay, ..Fate::default() };
        // One draw each, so that a seed gives the same run whatever the counters are.
        let (error, cut) = (self.chance.f64() < self.error_rate, self.chance.f64() < self.cut_rate);
        if self.storm > 0 {
            self.storm -= 1;
            fate.storm = Some((self.storm_scope, self.storm_retry_after));
        } else if self.errors > 0 {
            self.errors -= 1;
            fate.error = Some(self.error_status);
        } else if error {
            fate.error = Some(self.error_status);
        } else if self.cuts > 0 {
            self.cuts -= 1;
            fate.cut = true;
        } else {
            fate.cut = cut;
        }
        fate
    }
}
