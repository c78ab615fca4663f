//! What REST answers, refuses and notes.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use serenity::model::Permissions;

use super::{ask, callback, club, post, quiet, raw, reply, webhook};
use crate::stand_in::{Kind, Seen, StandIn, schema};

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

#[tokio::test]
async fn breaches_are_noted_with_route_and_rule() {
    let discord = StandIn::start().await;
    let (_, channel, ann) = club(&discord);
    let path = format!("/channels/{channel}/messages");
    let (status, error) = post(&discord, &path, json!({"content": "x".repeat(2_001), "allowed_mentions": {"parse": []}})).await;
    assert_eq!((status, &error["code"]), (400, &json!(50_035)));
    let (status, _) = post(&discord, &path, json!({"content": "loud"})).await;
    assert_eq!(status, 200, "Discord lets it pass, and so it is only noted");
    let noted: Vec<String> = discord.violations().iter().map(|v| format!("{} {}", v.route, v.rule)).collect();
    let route = "POST /channels/{id}/messages";
    assert_eq!(noted, [format!("{route} content over 2,000"), format!("{route} allowed_mentions missing")]);
    if schema::is_there() {
        let asked = discord.slash(ann, channel, "ask", json!({})).await;
        let mut wrong = reply("x");
        wrong["data"]["embeds"] = json!([{"title": "t", "timestamp": 5}]);
        assert_eq!(post(&discord, &callback(&discord, asked), wrong).await.0, 400);
        let last = discord.violations().pop().expect("one more");
        assert_eq!(
            (last.rule, last.excerpt.contains("/data/embeds/0/timestamp")),
            ("not as Discord describes it", true),
            "{last}"
        );
    }
}

#[tokio::test]
async fn message_commands_menus_and_forms_come_whole() {
    let discord = StandIn::start().await;
    let (_, channel, ann) = club(&discord);
    let mut gateway = raw::Raw::identified(&discord).await;
    let written = discord.say(ann, channel, "my knee <3 & *more*").await;
    let asked = discord.message_command(ann, channel, "Answer privately", written).await;
    let sent = gateway.event("INTERACTION_CREATE").await;
    assert_eq!(sent["data"]["resolved"]["messages"][written.to_string()]["content"], "my knee <3 & *more*");
    assert_eq!((&sent["context"], &sent["member"]["user"]["global_name"]), (&json!(0), &json!("Ann")));
    let option = |n| json!({"label": format!("Choice {n}"), "value": format!("v{n}")});
    let menu = json!({"type": 3, "custom_id": "m", "options": [option(1), option(2)]});
    let mut body = reply("which?");
    body["data"]["components"] = json!([{"type": 1, "components": [menu]}]);
    let (status, whole) = post(&discord, &format!("{}?with_response=true", callback(&discord, asked)), body).await;
    assert_eq!((status, &whole["resource"]["message"]["content"]), (200, &json!("which?")));
    let seen = discord.first_response(asked).await;
    assert_eq!(seen.to_string(), "Patella\nwhich?\n{Make a selection: Choice 1 | Choice 2}\n");
    let chosen = discord.choose(ann, &seen, "v2").await;
    let input = json!({"type": 4, "custom_id": "name", "style": 1, "label": "Name"});
    let form = json!({"custom_id": "f", "title": "A clinic", "components": [{"type": 1, "components": [input]}]});
    let opened = post(&discord, &callback(&discord, chosen), json!({"type": 9, "data": form})).await;
    assert_eq!(opened, (204, Value::Null));
    let form = discord.first_response(chosen).await;
    assert_eq!(form.to_string(), "Patella\n[[ A clinic ]]\nName: ________\n");
    let filled = discord.submit(ann, &form, &[("name", "Harbor Physio")]).await;
    let update = json!({"type": 7, "data": {"content": "stored", "components": [], "allowed_mentions": {"parse": []}}});
    assert_eq!(post(&discord, &callback(&discord, filled), update).await.0, 204);
    assert_eq!(discord.see(seen.message.expect("a message")).content, "stored");
    discord.assert_no_violations();
}

#[tokio::test]
async fn files_come_as_multipart() {
    let discord = StandIn::start().await;
    let (_, channel, ann) = club(&discord);
    let asked = discord.slash(ann, channel, "ask", json!({})).await;
    let mut body = reply("look");
    body["data"]["attachments"] = json!([{"id": 0, "description": "a drawing of a knee"}]);
    let picture = reqwest::multipart::Part::bytes(vec![1, 2, 3]).file_name("knee.png");
    let form = reqwest::multipart::Form::new().text("payload_json", body.to_string()).part("files[0]", picture);
    let url = format!("{}/api/v10{}", discord.address(), callback(&discord, asked));
    let response = reqwest::Client::new().post(url).multipart(form).send().await.expect("it answers");
    assert_eq!(response.status(), 204);
    let message = discord.message(discord.first_response(asked).await.message.expect("a message"));
    assert_eq!(message.attachments[0]["filename"], "knee.png");
    assert_eq!(message.attachments[0]["description"], "a drawing of a knee");
    discord.assert_no_violations();
}

#[tokio::test]
async fn an_app_of_a_member_has_five_follow_ups_and_no_access() {
    let discord = StandIn::start().await;
    let elsewhere = discord.add_guild_without_bot("Elsewhere");
    let channel = discord.add_channel(elsewhere, "general");
    let ann = discord.add_member(elsewhere, "Ann", StandIn::runner());
    let asked = discord.slash(ann, channel, "ask", json!({"question": "?"})).await;
    assert_eq!(post(&discord, &callback(&discord, asked), reply("here")).await.0, 204);
    for number in 0..6 {
        let (status, _) = post(&discord, &webhook(&discord, asked), quiet("more")).await;
        assert_eq!(status, if number < 5 { 200 } else { 400 });
    }
    assert_eq!(post(&discord, &format!("/channels/{channel}/messages"), quiet("x")).await.0, 403);
    assert_eq!(ask(&discord, Method::GET, &format!("/guilds/{elsewhere}"), Value::Null).await.0, 404);
}

#[tokio::test]
async fn registered_commands_have_ids_and_hold_members_to_them() {
    let discord = StandIn::start().await;
    let (_, channel, ann) = club(&discord);
    let path = format!("/applications/{}/commands", discord.bot());
    let name = json!({"type": 3, "name": "name", "description": "Its name", "required": true});
    let add = json!({"type": 1, "name": "clinic-add", "description": "Add a clinic", "options": [name]});
    let commands = json!([
        {"name": "club", "description": "The club", "options": [add], "contexts": [0], "default_member_permissions": "32"},
        {"name": "Answer privately", "type": 3},
    ]);
    let (status, first) = ask(&discord, Method::PUT, &path, commands.clone()).await;
    assert_eq!(status, 200, "{first}");
    let (_, again) = ask(&discord, Method::PUT, &path, commands).await;
    assert_eq!(first[0]["id"], again[0]["id"], "an id stays");
    assert_eq!(ask(&discord, Method::GET, &path, Value::Null).await.1, again);
    discord.slash(ann, channel, "club clinic-add", json!({"name": "Harbor Physio"})).await;
    let missing = std::panic::AssertUnwindSafe(discord.slash(ann, channel, "club clinic-add", json!({})));
    let panic = futures_util::FutureExt::catch_unwind(missing).await.expect_err("Discord would not send it");
    assert_eq!(panic.downcast_ref::<String>().expect("a text"), "Discord would not send /club clinic-add without name");
    let (status, _) = ask(&discord, Method::PUT, &path, json!([{"name": "Ask", "description": "d"}])).await;
    assert_eq!(status, 400);
    discord.assert_violations(&["upper-case name"]);
}
