//! The stand-in itself, against a plain serenity client and plain HTTP.

mod raw;
mod rest;
mod rules;

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use serenity::{
    all::{
        Client, Command, CommandOptionType, Context, CreateAllowedMentions, CreateCommand, CreateCommandOption,
        CreateInteractionResponse, CreateInteractionResponseMessage, EventHandler, GatewayIntents, Http, HttpBuilder,
        Interaction, Message, Ready, ResumedEvent, UnavailableGuild,
    },
    gateway::ShardManager,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::stand_in::{Garbage, Kind, StandIn};

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

/// A plain serenity bot; it runs until the test's runtime ends.
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
