//! Paths to operations.

use axum::http::Method;

/// What a request is for; the method tells the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Gateway,
    GatewayBot,
    Me,
    MyGuilds,
    Application,
    Commands,
    Callback,
    Webhook,
    WebhookMessage,
    OpenDm,
    Channel,
    Messages,
    Message,
    Guild,
    /// The channels of one.
    GuildChannels,
    GuildMember,
}

/// A request's route.
pub struct Route {
    /// What it is for.
    pub operation: Operation,
    /// How.
    pub method: Method,
    /// Method and path without ids, as counters and rules name it.
    pub template: String,
    /// The resource whose bucket it falls into.
    pub main: String,
    parts: Vec<String>,
}

impl Route {
    /// The path's part at a place, counted after the version.
    pub fn part(&self, at: usize) -> &str {
        &self.parts[at]
    }

    /// The id at a place. 0 is nobody's id, but ids cannot be 0: a path without digits gives 1, which nobody has.
    pub fn id(&self, at: usize) -> u64 {
        self.parts[at].parse().ok().filter(|id| *id > 0).unwrap_or(1)
    }

    /// Interactions' own routes carry their token in the path.
    pub fn needs_token(&self) -> bool {
        !matches!(self.operation, Operation::Callback | Operation::Webhook | Operation::WebhookMessage | Operation::Gateway)
    }
}

/// The route of a path; none where the stand-in has no such thing.
pub fn find(method: &Method, path: &str) -> Option<Route> {
    let rest = path.strip_prefix("/api/v10/")?;
    let parts: Vec<&str> = rest.split('/').collect();
    let (operation, shape, methods, main) = match parts.as_slice() {
        ["gateway"] => (Operation::Gateway, "/gateway", "GET", ""),
        ["gateway", "bot"] => (Operation::GatewayBot, "/gateway/bot", "GET", ""),
        ["users", "@me"] => (Operation::Me, "/users/@me", "GET", ""),
        ["users", "@me", "guilds"] => (Operation::MyGuilds, "/users/@me/guilds", "GET", ""),
        ["users", "@me", "channels"] => (Operation::OpenDm, "/users/@me/channels", "POST", ""),
        ["applications", "@me"] => (Operation::Application, "/applications/@me", "GET", ""),
        ["oauth2", "applications", "@me"] => (Operation::Application, "/oauth2/applications/@me", "GET", ""),
        ["applications", _, "commands"] => (Operation::Commands, "/applications/{id}/commands", "GET PUT POST", ""),
        ["interactions", _, token, "callback"] => (Operation::Callback, "/interactions/{id}/{token}/callback", "POST", *token),
        ["webhooks", _, token] => (Operation::Webhook, "/webhooks/{id}/{token}", "POST", *token),
        ["webhooks", _, token, "messages", "@original"] => {
            (Operation::WebhookMessage, "/webhooks/{id}/{token}/messages/@original", "GET PATCH DELETE", *token)
        }
        ["webhooks", _, token, "messages", _] => {
            (Operation::WebhookMessage, "/webhooks/{id}/{token}/messages/{id}", "GET PATCH DELETE", *token)
        }
        ["channels", id] => (Operation::Channel, "/channels/{id}", "GET", *id),
        ["channels", id, "messages"] => (Operation::Messages, "/channels/{id}/messages", "GET POST", *id),
        ["channels", id, "messages", _] => (Operation::Message, "/channels/{id}/messages/{id}", "GET PATCH DELETE", *id),
        ["guilds", id, "channels"] => (Operation::GuildChannels, "/guilds/{id}/channels", "GET", *id),
        ["guilds", id, "members", _] => (Operation::GuildMember, "/guilds/{id}/members/{id}", "GET", *id),
        ["guilds", id] => (Operation::Guild, "/guilds/{id}", "GET", *id),
        _ => return None,
    };
    methods.split(' ').any(|allowed| allowed == method.as_str()).then(|| Route {
        operation,
        method: method.clone(),
        template: format!("{method} {shape}"),
        main: main.to_owned(),
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
    })
}
