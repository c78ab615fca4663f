//! Where the sender sends, as whom, and how patient it is.

use std::{fmt, time::Duration};

use reqwest::{Client, Url, header::HeaderValue, redirect::Policy};

use super::RestError;

/// What a sender needs to know.
#[derive(Clone)]
pub struct Settings {
    /// The base address: `https://discord.com`, or `http://127.0.0.1:PORT` for a stand-in or a proxy.
    pub api: String,
    /// The bot token; empty for none. [`fmt::Debug`] does not show it.
    pub token: String,
    /// How patient it is.
    pub timings: Timings,
}

/// How patient the sender is. The default is meant for Discord; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// For a connection; 5 seconds.
    pub connect: Duration,
    /// For one attempt, from connecting to the last byte; 15 seconds, room for 10 MiB of files on a slow line.
    pub attempt: Duration,
    /// The first retry waits up to this long, each further one up to twice as long as the one before; half a second.
    pub back_off: Duration,
    /// No retry waits longer; 20 seconds.
    pub longest_back_off: Duration,
    /// What Discord's 50 requests a second are counted in; 1 second (topics/rate-limits).
    pub global_window: Duration,
    /// What invalid requests are counted in; 10 minutes (topics/rate-limits).
    pub invalid_window: Duration,
    /// At so many invalid requests in that window the sender stops; 1,000, a tenth of what Discord bans at.
    pub invalid_limit: usize,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(15),
            back_off: Duration::from_millis(500),
            longest_back_off: Duration::from_secs(20),
            global_window: Duration::from_secs(1),
            invalid_window: Duration::from_secs(600),
            invalid_limit: 1000,
        }
    }
}

impl Timings {
    /// The time-out of one attempt. A call that is given up leaves room for a second: a lost packet is not the end.
    pub(super) fn attempt(&self, give_up: Option<Duration>) -> Duration {
        give_up.map_or(self.attempt, |give_up| self.attempt.min(give_up / 2))
    }

    /// How long to wait after the nth fault: anything from nothing to the full step, so that calls that failed together do
    /// not return together.
    pub(super) fn back_off(&self, fault: u32) -> Duration {
        let step = self.back_off.saturating_mul(1 << (fault - 1).min(16)).min(self.longest_back_off);
        step.mul_f64(fastrand::f64())
    }
}

/// Shows no token.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("api", &self.api).field("timings", &self.timings).finish_non_exhaustive()
    }
}

impl Settings {
    /// An HTTP client without surprises: no redirects, no proxy from the environment.
    pub(super) fn client(&self) -> Result<Client, RestError> {
        let home = match env!("CARGO_PKG_REPOSITORY") {
            "" => env!("CARGO_PKG_NAME"),
            home => home,
        };
        Client::builder()
            .user_agent(format!("DiscordBot ({home}, {})", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(self.timings.connect)
            .tcp_keepalive(Duration::from_secs(60))
            .build()
            .map_err(|_| RestError::BadAddress("no HTTP client could be made".to_owned()))
    }

    /// The base address with `/api/v10`.
    pub(super) fn base(&self) -> Result<String, RestError> {
        let bad = |why: &str| Err(RestError::BadAddress(why.to_owned()));
        let Ok(url) = Url::parse(self.api.trim()) else { return bad("it is no URL") };
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return bad("it does not begin with https:// or http:// and a host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return bad("it holds a name or a password");
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return bad("it holds more than a host and a port");
        }
        Ok(format!("{}api/v10", url.as_str()))
    }

    /// The header with the token.
    pub(super) fn authorization(&self) -> Result<Option<HeaderValue>, RestError> {
        let token = self.token.trim();
        let token = token.strip_prefix("Bot ").unwrap_or(token).trim_start();
        if token.is_empty() {
            return Ok(None);
        }
        let mut value = HeaderValue::from_str(&format!("Bot {token}")).map_err(|_| RestError::Token)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// The whole address of a path.
pub(super) fn address(base: &str, path: &str) -> Result<Url, RestError> {
    let bad = || RestError::BadAddress("a path is not of the form /channels/1".to_owned());
    let url = Url::parse(&format!("{base}{path}")).map_err(|_| bad())?;
    // A path with dots would lead elsewhere.
    if path.starts_with('/') && url.as_str().starts_with(base) { Ok(url) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(api: &str, token: &str) -> Settings {
        Settings { api: api.to_owned(), token: token.to_owned(), timings: Timings::default() }
    }

    #[test]
    fn base_addresses() {
        for (api, base) in [
            ("https://discord.com", "https://discord.com/api/v10"),
            ("https://discord.com/", "https://discord.com/api/v10"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v10"),
        ] {
            assert_eq!(settings(api, "").base().as_deref(), Ok(base));
        }
        for bad in
            ["", "discord.com", "ftp://discord.com", "https://discord.com/api", "https://a:sesame@discord.com", "https://a?b"]
        {
            let error = settings(bad, "").base().unwrap_err();
            assert!(matches!(error, RestError::BadAddress(_)), "{bad}");
            assert!(!error.to_string().contains("sesame"));
        }
    }

    #[test]
    fn paths_stay_below_the_base() {
        let base = "https://discord.com/api/v10";
        assert_eq!(address(base, "/users/@me?x=1").unwrap().as_str(), "https://discord.com/api/v10/users/@me?x=1");
        for bad in ["", "users", "@evil.example/", "/../../oauth2", ".example/a"] {
            assert!(matches!(address(base, bad), Err(RestError::BadAddress(_))), "{bad}");
        }
    }

    #[test]
    fn tokens() {
        let header = |token| settings("", token).authorization().map(|header| header.map(|h| h.to_str().unwrap().to_owned()));
        assert_eq!(header(" Bot abc\n"), Ok(Some("Bot abc".to_owned())));
        assert_eq!(header("abc"), Ok(Some("Bot abc".to_owned())));
        assert_eq!(header("  "), Ok(None));
        assert_eq!(header("a\nb"), Err(RestError::Token));
        assert!(!format!("{:?}", settings("https://discord.com", "sesame")).contains("sesame"));
    }

    #[test]
    fn back_off_grows_to_its_bound() {
        let timings = Timings::default();
        for (fault, bound) in [(1, 500), (2, 1000), (5, 8000), (60, 20_000)] {
            let waits: Vec<u128> = (0..200).map(|_| timings.back_off(fault).as_millis()).collect();
            assert!(waits.iter().all(|wait| *wait <= bound));
            assert!(waits.iter().any(|wait| *wait > bound / 2) && waits.iter().any(|wait| *wait < bound / 2));
        }
    }

    #[test]
    fn an_attempt_leaves_room_for_another() {
        let timings = Timings::default();
        assert_eq!(timings.attempt(None), Duration::from_secs(15));
        assert_eq!(timings.attempt(Some(Duration::from_secs(3))), Duration::from_millis(1500));
        assert_eq!(timings.attempt(Some(Duration::from_secs(300))), Duration::from_secs(15));
    }
}
