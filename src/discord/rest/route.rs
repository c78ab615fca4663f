//! What a path is to the sender: who answers for its limits, whether it carries the bot token, and how it may be shown.

use std::hash::{BuildHasher, RandomState};

use reqwest::Method;

/// The words of Discord's paths that Patella knows. Every other segment is an id, a token or an argument, and is not shown.
const WORDS: [&str; 34] = [
    "@me",
    "@original",
    "application",
    "applications",
    "archived",
    "bot",
    "callback",
    "channels",
    "commands",
    "crosspost",
    "emojis",
    "entitlements",
    "followers",
    "gateway",
    "guilds",
    "interactions",
    "invites",
    "members",
    "messages",
    "metadata",
    "oauth2",
    "permissions",
    "pins",
    "reactions",
    "role-connections",
    "roles",
    "search",
    "skus",
    "threads",
    "typing",
    "users",
    "voice",
    "webhooks",
    "welcome-screen",
];

/// Which rules a path falls under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Uses the bot token and counts toward the bot's limits.
    Bot,
    /// The first response to an interaction: authorized by the token in its path, exempt from the global limit.
    Callback,
    /// Follow-ups and edits of responses: authorized by the token in its path, exempt from the global limit.
    Webhook,
}

/// A path, understood.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// Which rules it falls under.
    pub(super) kind: Kind,
    /// The method with the path, without query, ids and tokens: `POST /channels/:id/messages`. Fit for logs.
    pub(super) shown: String,
    /// The path as the limiter knows it: ids that share a limit are gone, the id that separates limits is a keyed hash. So
    /// the limiter remembers channels rather than messages, and what it logs names nobody.
    pub(super) bucket: String,
}

impl Route {
    /// Reads a path such as `/channels/1/messages?limit=1`.
    pub(super) fn of(method: &Method, path: &str, key: &RandomState) -> Self {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let kind = match segments[0] {
            "interactions" => Kind::Callback,
            "webhooks" => Kind::Webhook,
            _ => Kind::Bot,
        };
        let (mut shown, mut bucket) = (format!("{method} "), String::new());
        for (at, segment) in segments.iter().enumerate() {
            let form = if WORDS.contains(segment) {
                segment
            } else if !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit()) {
                ":id"
            } else {
                ":token"
            };
            shown.push('/');
            shown.push_str(form);
            if at > 0 {
                bucket.push('/');
            }
            // Discord keeps limits apart by the first id of these (topics/rate-limits).
            if at == 1 && matches!(segments[0], "channels" | "guilds") {
                bucket.push_str(&format!("{:016x}", key.hash_one(segment)));
            } else {
                bucket.push_str(form);
            }
        }
        Self { kind, shown, bucket }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Route {
        Route::of(&Method::GET, path, &RandomState::new())
    }

    #[test]
    fn shown_without_ids_tokens_and_query() {
        for (path, shown) in [
            ("/channels/12/messages/34?around=5", "GET /channels/:id/messages/:id"),
            ("/interactions/12/aBc-_9/callback?with_response=true", "GET /interactions/:id/:token/callback"),
            ("/webhooks/12/lowercase/messages/@original", "GET /webhooks/:id/:token/messages/@original"),
            ("/channels/12/messages/3/reactions/%F0%9F/@me", "GET /channels/:id/messages/:id/reactions/:token/@me"),
            ("/users/@me", "GET /users/@me"),
            ("/", "GET /:token"),
        ] {
            assert_eq!(route(path).shown, shown);
        }
    }

    #[test]
    fn limits_are_kept_apart_by_channel_and_guild_only() {
        let key = RandomState::new();
        let bucket = |path: &str| Route::of(&Method::POST, path, &key).bucket;
        assert_eq!(bucket("/channels/12/messages/1"), bucket("/channels/12/messages/2?x=1"));
        assert_ne!(bucket("/channels/12/messages"), bucket("/channels/13/messages"));
        assert_ne!(bucket("/guilds/12/members"), bucket("/guilds/13/members"));
        assert_eq!(bucket("/applications/12/commands"), "applications/:id/commands");
        assert!(!bucket("/channels/123456789/messages").contains("123456789"));
    }

    #[test]
    fn kinds() {
        assert_eq!(route("/interactions/1/t/callback").kind, Kind::Callback);
        assert_eq!(route("/webhooks/1/t").kind, Kind::Webhook);
        assert_eq!(route("/applications/1/commands").kind, Kind::Bot);
    }
}
