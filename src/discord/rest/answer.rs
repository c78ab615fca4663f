//! What Discord says in its answers about limits and errors.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;
use tokio::time::Instant;
use twilight_http_ratelimiting::RateLimitHeaders;

/// Discord's code for a second first response to an interaction.
pub(super) const ALREADY_ACKNOWLEDGED: u64 = 40060;
/// The longest wait that is believed: what a ban of an address lasts, with room to spare.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);
/// The wait after a 429 that names none.
const UNNAMED: Duration = Duration::from_secs(1);

/// The state of the bucket after an answer, if the headers tell it.
pub(super) fn bucket(headers: &HeaderMap) -> Option<RateLimitHeaders> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    Some(RateLimitHeaders {
        bucket: text(RateLimitHeaders::BUCKET)?.as_bytes().to_vec(),
        limit: text(RateLimitHeaders::LIMIT)?.parse().ok()?,
        remaining: text(RateLimitHeaders::REMAINING)?.parse().ok()?,
        reset_at: (Instant::now() + seconds(text(RateLimitHeaders::RESET_AFTER)?.parse().ok()?)?).into_std(),
    })
}

/// A 429.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Limited {
    /// How long to wait.
    pub(super) wait: Duration,
    /// Whether all routes are to wait.
    pub(super) global: bool,
    /// Whether others used the resource up; such an answer does not count as invalid.
    pub(super) shared: bool,
}

impl Limited {
    /// Reads the headers and the body of a 429.
    pub(super) fn read(headers: &HeaderMap, body: &Value) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // The body is to the millisecond, the header rounds up.
        let wait = body["retry_after"].as_f64().or_else(|| text(RETRY_AFTER.as_str())?.parse().ok());
        let scope = text(RateLimitHeaders::SCOPE);
        let said = text("x-ratelimit-global").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        // Without Discord's headers and body, the answer comes from the wall before Discord and concerns the address.
        let wall = scope.is_none() && body["retry_after"].is_null() && bucket(headers).is_none();
        Self {
            wait: wait.and_then(seconds).unwrap_or(UNNAMED),
            global: said || scope == Some("global") || body["global"] == true || wall,
            shared: scope == Some("shared"),
        }
    }
}

/// Discord's error code in a body, 0 if none.
pub(super) fn code(body: &Value) -> u64 {
    body["code"].as_u64().unwrap_or_default()
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok().map(|wait| wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn waits_are_read_from_body_then_header_and_are_bounded() {
        let wait = |pairs: &[_], body| Limited::read(&headers(pairs), &body).wait.as_millis();
        assert_eq!(wait(&[("retry-after", "65")], json!({"retry_after": 64.57})), 64_570);
        assert_eq!(wait(&[("retry-after", "0.25")], Value::Null), 250);
        assert_eq!(wait(&[], Value::Null), 1000);
        for odd in ["-1", "NaN", "inf", "soon", "1e300"] {
            assert_eq!(wait(&[("retry-after", odd)], Value::Null), 1000, "{odd}");
        }
        assert_eq!(wait(&[("retry-after", "1e9")], Value::Null), LONGEST.as_millis());
    }

    #[test]
    fn scopes() {
        let read = |pairs: &[_], body| Limited::read(&headers(pairs), &body);
        let body = json!({"retry_after": 1.0, "global": false});
        let user = read(&[("x-ratelimit-scope", "user")], body.clone());
        assert!(!user.global && !user.shared);
        let shared = read(&[("x-ratelimit-scope", "shared")], body.clone());
        assert!(!shared.global && shared.shared);
        assert!(read(&[("x-ratelimit-global", "true")], body.clone()).global);
        assert!(read(&[("x-ratelimit-scope", "global")], body.clone()).global);
        assert!(read(&[], json!({"retry_after": 1.0, "global": true})).global);
        assert!(!read(&[], body).global);
        assert!(read(&[("retry-after", "600")], Value::Null).global, "a ban of the address");
    }

    #[test]
    fn a_bucket_needs_all_its_headers() {
        let all = [
            ("x-ratelimit-bucket", "abc"),
            ("x-ratelimit-limit", "5"),
            ("x-ratelimit-remaining", "2"),
            ("x-ratelimit-reset-after", "0.75"),
        ];
        let whole = bucket(&headers(&all)).unwrap();
        assert_eq!((whole.bucket.as_slice(), whole.limit, whole.remaining), (b"abc".as_slice(), 5, 2));
        for left_out in 0..all.len() {
            let some: Vec<_> = all.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, pair)| *pair).collect();
            assert_eq!(bucket(&headers(&some)), None);
        }
    }
}
