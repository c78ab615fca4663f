//! The stand-in itself, against a plain serenity client and plain HTTP.

mod raw;
mod rules;

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use serenity::{
    all::{
        Client, Command, CommandOptionType, Context, CreateAllowedMentions, CreateCommand, CreateCommandOption,
        CreateInteractionResponse, CreateInteractionResponseMessage, EventHandler, GatewayIntents, Http, HttpBuilder,
        Interaction, Message, Permissions, Ready, ResumedEvent, UnavailableGuild,
    },
    gateway::ShardManager,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::stand_in::{Garbage, Kind, Seen, StandIn, schema};

/// What a plain bot noticed.
#[derive(Debug, PartialEq, Eq)]
enum Noticed {
    Ready(usize),
    Resumed,
    Guild(String),
    Gone { unavailable: bool },
    Said(String),
}

struct Plain(UnboundedSender<Noticed>);

#[serenity::async_trait]
impl EventHandler for Plain {
    async fn ready(&self, _: Context, ready: Ready) {
        let _ = self.0.send(Noticed::Ready(ready.guilds.len()));
    }

    async fn resume(&self, _: Context, _: ResumedEvent) {
        let _ = self.0.send(Noticed::Resumed);
    }

    async fn guild_create(&self, _: Context, guild: serenity::all::Guild, _: Option<bool>) {
        let _ = self.0.send(Noticed::Guild(guild.name));
    }

    async fn guild_delete(&self, _: Context, guild: UnavailableGuild, _: Option<serenity::all::Guild>) {
        let _ = self.0.send(Noticed::Gone { unavailable: guild.unavailable });
    }

    async fn message(&self, _: Context, message: Message) {
        let _ = self.0.send(Noticed::Said(message.content));
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let message = |text: String| {
            let quiet = CreateAllowedMentions::new();
            CreateInteractionResponseMessage::new().content(text).ephemeral(true).allowed_mentions(quiet)
        };
        match interaction {
            Interaction::Command(command) => {
                let reply = message(format!("You asked: {:?}", command.data.options.first().map(|o| &o.value)));
                let rows = vec![serenity::all::CreateActionRow::Buttons(vec![
                    serenity::all::CreateButton::new("v1:more").label("More"),
                ])];
                let reply = CreateInteractionResponse::Message(reply.components(rows));
                let _ = command.create_response(&context, reply).await;
            }
            Interaction::Component(pressed) => {
                let reply = CreateInteractionResponse::UpdateMessage(message("More of it".to_owned()).components(Vec::new()));
                let _ = pressed.create_response(&context, reply).await;
            }
            _ => {}
        }
    }
}

/// A plain serenity bot that is stopped when it is dropped.
struct Bot {
    noticed: UnboundedReceiver<Noticed>,
    shards: Arc<ShardManager>,
    task: tokio::task::JoinHandle<Result<(), serenity::Error>>,
}

impl Bot {
    async fn start(discord: &StandIn) -> Self {
        Self::start_with(discord, GatewayIntents::non_privileged()).await
    }

    async fn start_with(discord: &StandIn, intents: GatewayIntents) -> Self {
        let (sender, noticed) = unbounded_channel();
        let http = http(discord);
        let builder = serenity::client::ClientBuilder::new_with_http(http, intents);
        let mut client: Client = builder.event_handler(Plain(sender)).await.expect("the stand-in lets it in");
        let shards = client.shard_manager.clone();
        let task = tokio::spawn(async move { client.start().await });
        Self { noticed, shards, task }
    }

    async fn next(&mut self) -> Noticed {
        let next = tokio::time::timeout(Duration::from_secs(10), self.noticed.recv()).await;
        next.expect("the bot notices something within 10 s").expect("the bot runs")
    }

    /// Waits for this, passing over all else.
    async fn until(&mut self, wanted: &Noticed) {
        while self.next().await != *wanted {}
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn http(discord: &StandIn) -> Http {
    HttpBuilder::new(discord.token()).proxy(discord.address()).ratelimiter_disabled(true).build()
}

/// A request, and what came back.
async fn ask(discord: &StandIn, method: Method, path: &str, body: Value) -> (u16, Value) {
    let client = reqwest::Client::new();
    let request = client.request(method, format!("{}/api/v10{path}", discord.address()));
    let request = request.header("Authorization", format!("Bot {}", discord.token()));
    let response = if body.is_null() { request.send().await } else { request.json(&body).send().await };
    let response = response.expect("the stand-in answers");
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

async fn post(discord: &StandIn, path: &str, body: Value) -> (u16, Value) {
    ask(discord, Method::POST, path, body).await
}

/// A message body that breaks no rule.
fn quiet(text: &str) -> Value {
    json!({"content": text, "allowed_mentions": {"parse": []}})
}

/// A club with a channel and a member.
fn club(discord: &StandIn) -> (serenity::all::GuildId, serenity::all::ChannelId, serenity::all::UserId) {
    let club = discord.add_guild("Harbor Runners");
    let channel = discord.add_channel(club, "general");
    (club, channel, discord.add_member(club, "Ann", StandIn::runner()))
}

/// The path of an interaction's callback.
fn callback(discord: &StandIn, id: serenity::all::InteractionId) -> String {
    discord.look(|state| format!("/interactions/{id}/{}/callback", state.interactions[&id].token))
}

/// The path of an interaction's webhook.
fn webhook(discord: &StandIn, id: serenity::all::InteractionId) -> String {
    discord.look(|state| format!("/webhooks/{}/{}", state.application, state.interactions[&id].token))
}

fn reply(text: &str) -> Value {
    json!({"type": 4, "data": quiet(text)})
}

#[tokio::test]
async fn a_bot_identifies_and_hears_of_its_guilds() {
    let discord = StandIn::start().await;
    club(&discord);
    let mut bot = Bot::start(&discord).await;
    assert_eq!(bot.next().await, Noticed::Ready(1));
    assert_eq!(bot.next().await, Noticed::Guild("Harbor Runners".to_owned()));
    let other = discord.add_guild("Hill Striders");
    assert_eq!(bot.next().await, Noticed::Guild("Hill Striders".to_owned()));
    discord.guild_unavailable(other);
    assert_eq!(bot.next().await, Noticed::Gone { unavailable: true });
    discord.guild_delete(other);
    assert_eq!(bot.next().await, Noticed::Gone { unavailable: false });
    discord.guild_back(other);
    assert_eq!(bot.next().await, Noticed::Guild("Hill Striders".to_owned()));
    bot.shards.shutdown_all().await;
}

#[tokio::test]
async fn a_conversation_goes_through_serenity() {
    let discord = StandIn::start().await;
    let (_, channel, ann) = club(&discord);
    let option = CreateCommandOption::new(CommandOptionType::String, "question", "Your question").required(true);
    let ask = CreateCommand::new("ask").description("Ask about a knee").add_option(option);
    let web = http(&discord);
    web.set_application_id(discord.bot().get().into());
    Command::set_global_commands(&web, vec![ask]).await.expect("it is registered");
    let mut bot = Bot::start(&discord).await;
    bot.until(&Noticed::Ready(1)).await;

    let asked = discord.slash(ann, channel, "ask", json!({"question": "*stairs* hurt \u{1f9b5}"})).await;
    let seen = discord.first_response(asked).await;
    assert!(seen.ephemeral);
    assert_eq!(
        seen.to_string(),
        "Patella (only you see this)\nYou asked: Some(String(\"*stairs* hurt \u{1f9b5}\"))\n[More]\n",
        "text comes back as it was sent"
    );
    let pressed = discord.press(ann, &seen, "More").await;
    let seen = discord.first_response(pressed).await;
    assert_eq!((seen.kind, seen.content.as_str()), (Kind::Update, "More of it"));
    assert_eq!(seen.labels(), Vec::<String>::new());

    discord.say(ann, channel, "not for the bot").await;
    bot.until(&Noticed::Said(String::new())).await;
    discord.say(ann, channel, "<@bot> hello").await;
    bot.until(&Noticed::Said(format!("<@{}> hello", discord.bot()))).await;
    discord.dm(ann, "just us").await;
    bot.until(&Noticed::Said("just us".to_owned())).await;
    assert_eq!(discord.requests("POST /interactions/{id}/{token}/callback"), 2);
    discord.assert_no_violations();
}

#[tokio::test]
async fn a_dropped_bot_resumes_and_gets_what_it_missed() {
    let discord = StandIn::start().await;
    let (_, channel, ann) = club(&discord);
    let mut bot = Bot::start(&discord).await;
    bot.until(&Noticed::Ready(1)).await;
    discord.drop_gateway();
    discord.until_so("the connection's end", |state| state.gateway.connected() == 0).await;
    discord.say(ann, channel, "<@bot> in between").await;
    bot.until(&Noticed::Said(format!("<@{}> in between", discord.bot()))).await;
    bot.until(&Noticed::Resumed).await;
    assert_eq!(discord.look(|state| (state.gateway.resumes, state.gateway.identifies.len())), (1, 1));
}

#[tokio::test]
async fn a_bot_outlives_garbage_and_reconnects_when_asked() {
    let discord = StandIn::start().await;
    let (_, channel, ann) = club(&discord);
    let mut bot = Bot::start(&discord).await;
    bot.until(&Noticed::Ready(1)).await;
    for kind in [Garbage::UnknownEvent, Garbage::MalformedInteraction, Garbage::MalformedMessage, Garbage::UnknownOpcode] {
        discord.garbage(kind);
    }
    discord.say(ann, channel, "<@bot> still there?").await;
    bot.until(&Noticed::Said(format!("<@{}> still there?", discord.bot()))).await;
    assert_eq!(discord.duplicate_last_event(), 1);
    bot.until(&Noticed::Said(format!("<@{}> still there?", discord.bot()))).await;
    discord.ask_reconnect();
    bot.until(&Noticed::Resumed).await;
}

#[tokio::test]
async fn tokens_and_intents_are_checked() {
    let discord = StandIn::start().await;
    let mut privileged = Bot::start_with(&discord, GatewayIntents::MESSAGE_CONTENT).await;
    let error = (&mut privileged.task).await.expect("no panic").expect_err("4014 ends it");
    assert!(error.to_string().to_lowercase().contains("intent"), "{error}");
    let client = reqwest::Client::new();
    let me = client.get(format!("{}/api/v10/users/@me", discord.address())).header("Authorization", "Bot wrong");
    let response = me.send().await.expect("it answers");
    assert_eq!(response.status(), 401);
    assert_eq!(response.json::<Value>().await.expect("JSON"), json!({"message": "401: Unauthorized", "code": 0}));
}

#[tokio::test]
async fn a_second_callback_is_refused_and_a_late_one() {
    let discord = StandIn::start().await;
    let (_, channel, ann) = club(&discord);
    let asked = discord.slash(ann, channel, "ask", json!({"question": "?"})).await;
    let path = callback(&discord, asked);
    assert_eq!(post(&discord, &path, reply("one")).await.0, 204);
    let (status, error) = post(&discord, &path, reply("two")).await;
    assert_eq!((status, &error["code"]), (400, &json!(40060)));
    assert_eq!(discord.first_response(asked).await.content, "one");

    let asked = discord.slash(ann, channel, "ask", json!({"question": "?"})).await;
    discord.advance(Duration::from_millis(3_001));
    let (status, error) = post(&discord, &callback(&discord, asked), reply("late")).await;
    assert_eq!((status, error), (404, json!({"message": "Unknown interaction", "code": 10062})));
}

#[tokio::test]
async fn only_the_first_response_decides_who_sees_it_and_tokens_end() {
    let discord = StandIn::start().await;
    let (_, channel, ann) = club(&discord);
    let asked = discord.slash(ann, channel, "ask", json!({"question": "?"})).await;
    let (early, _) = post(&discord, &webhook(&discord, asked), quiet("too early")).await;
    assert_eq!(early, 404);
    assert_eq!(post(&discord, &callback(&discord, asked), json!({"type": 5})).await.0, 204);
    assert_eq!(discord.first_response(asked).await.kind, Kind::Thinking);
    let mut secret = quiet("meant to be secret");
    secret["flags"] = json!(64);
    let original = format!("{}/messages/@original", webhook(&discord, asked));
    assert_eq!(ask(&discord, Method::PATCH, &original, secret).await.0, 200);
    let seen = discord.answer(asked).await;
    assert_eq!((seen.ephemeral, seen.content.as_str()), (false, "meant to be secret"));
    assert_eq!(post(&discord, &webhook(&discord, asked), quiet("and this")).await.0, 200);
    assert_eq!(discord.follow_up(asked, 0).await.content, "and this");
    discord.advance(Duration::from_secs(15 * 60));
    let (status, error) = post(&discord, &webhook(&discord, asked), quiet("too late")).await;
    assert_eq!((status, &error["code"]), (401, &json!(50027)));
}

#[tokio::test]
async fn callback_types_fit_what_was_done() {
    let discord = StandIn::start().await;
    let (_, channel, ann) = club(&discord);
    let typed = discord.autocomplete(ann, channel, "topic", "name", "knee").await;
    let path = callback(&discord, typed);
    assert_eq!(post(&discord, &path, reply("no")).await.0, 400);
    let many: Vec<Value> = (0..26).map(|n| json!({"name": format!("{n}"), "value": format!("{n}")})).collect();
    assert_eq!(post(&discord, &path, json!({"type": 8, "data": {"choices": many}})).await.0, 400);
    let few = json!({"type": 8, "data": {"choices": [{"name": "Runner's knee", "value": "t1"}]}});
    assert_eq!(post(&discord, &path, few).await.0, 204);
    assert_eq!(discord.first_response(typed).await.to_string(), "Patella\n> Runner's knee\n");
    let asked = discord.slash(ann, channel, "ask", json!({"question": "?"})).await;
    let update = json!({"type": 7, "data": quiet("no")});
    assert_eq!(post(&discord, &callback(&discord, asked), update).await.0, 400);
}

#[tokio::test]
async fn permissions_decide_what_the_bot_may_post() {
    let discord = StandIn::start().await;
    let (guild, channel, ann) = club(&discord);
    let path = format!("/channels/{channel}/messages");
    let asked = discord.say(ann, channel, "<@bot> hello").await;
    let code = async |permissions: Permissions, body: Value| {
        discord.set_bot_permissions(guild, permissions);
        let (status, answer) = post(&discord, &path, body).await;
        (status, answer["code"].as_u64().unwrap_or(0))
    };
    let all = StandIn::runner();
    assert_eq!(code(all - Permissions::VIEW_CHANNEL, quiet("x")).await, (403, 50_001));
    assert_eq!(code(all - Permissions::SEND_MESSAGES, quiet("x")).await, (403, 50_013));
    let mut answer = quiet("x");
    answer["message_reference"] = json!({"message_id": asked.to_string()});
    assert_eq!(code(all - Permissions::READ_MESSAGE_HISTORY, answer.clone()).await, (403, 160_002));
    assert_eq!(code(all, answer).await, (200, 0));
    let embed = json!({"embeds": [{"title": "t"}], "allowed_mentions": {"parse": []}});
    assert_eq!(code(all - Permissions::EMBED_LINKS, embed).await, (400, 50_006));
    let (status, error) = post(&discord, "/channels/5/messages", quiet("x")).await;
    assert_eq!((status, &error["code"]), (404, &json!(10_003)));
    discord.refuse_dm(ann);
    let (_, opened) = post(&discord, "/users/@me/channels", json!({"recipient_id": ann.to_string()})).await;
    let (status, error) = post(&discord, &format!("/channels/{}/messages", opened["id"].as_str().unwrap()), quiet("x")).await;
    assert_eq!((status, &error["code"]), (403, &json!(50_007)));
    discord.assert_no_violations();
}

#[tokio::test]
async fn a_nonce_keeps_a_retry_from_posting_twice() {
    let discord = StandIn::start().await;
    let (_, channel, _) = club(&discord);
    let path = format!("/channels/{channel}/messages");
    let mut body = quiet("once");
    (body["nonce"], body["enforce_nonce"]) = (json!("n1"), json!(true));
    discord.faults(|faults| faults.cuts = 1);
    let cut = reqwest::Client::new().post(format!("{}/api/v10{path}", discord.address())).json(&body);
    cut.header("Authorization", format!("Bot {}", discord.token())).send().await.expect_err("its answer is lost");
    let (_, first) = post(&discord, &path, body.clone()).await;
    assert_eq!(discord.messages(channel).len(), 1);
    assert_eq!(discord.next_message(channel).await.content, "once");
    discord.advance(Duration::from_secs(600));
    let (_, second) = post(&discord, &path, body).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(discord.messages(channel).len(), 2);
}

#[tokio::test]
async fn limits_refuse_and_recover() {
    let discord = StandIn::start().await;
    let (_, channel, _) = club(&discord);
    let path = format!("{}/api/v10/channels/{channel}/messages", discord.address());
    let send = async || {
        let request = reqwest::Client::new().post(&path).header("Authorization", format!("Bot {}", discord.token()));
        request.json(&quiet("x")).send().await.expect("it answers")
    };
    discord.limits(|limits| limits.routes.insert("POST /channels/{id}/messages".to_owned(), (2, 60_000)));
    let first = send().await;
    assert_eq!(first.headers()["x-ratelimit-remaining"], "1");
    assert_eq!(send().await.headers()["x-ratelimit-limit"], "2");
    let refused = send().await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["x-ratelimit-scope"]), (429, &"user".parse().unwrap()));
    let body: Value = refused.json().await.expect("JSON");
    assert!(body["retry_after"].as_f64().is_some_and(|s| s > 50.0 && s <= 60.0), "{body}");
    assert_eq!(body["global"], json!(false));
    discord.advance(Duration::from_secs(60));
    assert_eq!(send().await.status(), 200);
    discord.limits(|limits| limits.global = 0);
    discord.advance(Duration::from_secs(60));
    assert_eq!(send().await.headers()["x-ratelimit-global"], "true");
    discord.limits(|limits| limits.on = false);
    assert_eq!(send().await.status(), 200);
}

#[tokio::test]
async fn faults_strike_as_often_as_set() {
    let discord = StandIn::start().await;
    discord.faults(|faults| (faults.errors, faults.error_status, faults.storm) = (1, 503, 1));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(ask(&discord, Method::GET, "/users/@me", Value::Null).await.0);
    }
    assert_eq!(statuses, [429, 503, 200]);
}

#[test]
fn bodies_are_held_to_discords_description() {
    if !schema::is_there() {
        return;
    }
    let body = |embed: Value| json!({"embeds": [embed]});
    assert_eq!(schema::faults("MessageCreateRequest", &body(json!({"title": "t", "color": "255"}))), Vec::<String>::new());
    for wrong in [json!({"title": "x".repeat(257)}), json!({"color": "red"}), json!({"fields": [{"name": "n"}]})] {
        assert_ne!(schema::faults("MessageCreateRequest", &body(wrong.clone())), Vec::<String>::new(), "{wrong}");
    }
    let callback = json!({"type": 4, "data": {"embeds": [{"description": "x".repeat(4_097)}]}});
    assert_ne!(schema::faults("CreateMessageInteractionCallbackRequest", &callback), Vec::<String>::new());
}

#[test]
fn what_members_see_is_drawn() {
    fn assert_send<T: Send>(_: &T) {}
    let discord = StandIn::start_blocking();
    let (_, channel, _) = club(&discord);
    let body = json!({
        "content": "Hello",
        "embeds": [{"title": "Title", "color": 255, "description": "two\nlines", "fields": [{"name": "N", "value": "v"}],
                    "footer": {"text": "small"}}],
        "components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "Go", "custom_id": "a"},
                        {"type": 2, "style": 5, "label": "Web", "url": "https://example.org"}]}],
        "allowed_mentions": {"parse": []},
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let seen: Seen = runtime.block_on(async {
        post(&discord, &format!("/channels/{channel}/messages"), body).await;
        discord.next_message(channel).await
    });
    assert_send(&seen);
    let drawn =
        "Patella\nHello\n| (#0000FF)\n| Title\n| two\n| lines\n| **N**\n| v\n| -- small\n[Go] [Web -> https://example.org]\n";
    assert_eq!(seen.to_string(), drawn);
    discord.assert_no_violations();
}
