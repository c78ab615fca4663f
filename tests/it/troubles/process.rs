//! The program itself: what it says without a token, and what it never says or keeps.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::*;
use crate::{
    program::{self, Running},
    stand_in::{Garbage, State},
};

/// A word that is in nobody's vocabulary, in what a member writes.
const MARKER: &str = "zebrafinchuary";
/// A member's name.
const NAME: &str = "Quillonette";

pub(super) fn patella(folder: &Path) -> Command {
    let mut command = program::patella();
    command.current_dir(folder).env("RUST_LOG", "trace");
    command
}

/// A folder of a test's own.
pub(super) fn folder(name: &str) -> PathBuf {
    program::folder(format!("troubles/{name}"))
}

#[test]
fn without_a_token_it_says_in_four_steps_how_to_get_one() {
    let output = patella(&folder("no-token")).arg("serve").output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    insta::assert_snapshot!(String::from_utf8_lossy(&output.stderr), @"
    patella: there is no bot token yet. To get one:
      1. Open https://discord.com/developers/applications and press New Application.
      2. On its page Bot, press Reset Token and copy what appears. No privileged intent is needed; leave them off.
      3. Set it: `export DISCORD_TOKEN=...`, or `token` under `[discord]` in the file that --config names.
      4. Run `patella serve` again and open the link that it prints, to install the bot in your server.
    Signed HTTP interactions alone need no token, but `discord.public_key` and `http.listen`: see docs/operating.md.
    ");
}

#[test]
fn with_a_wrong_token_it_says_what_to_do_and_not_the_token() {
    let discord = StandIn::start_blocking();
    let mut command = patella(&folder("wrong-token"));
    command.env("DISCORD_TOKEN", "MTA.wrong.token").env("PATELLA_DISCORD_API", discord.address()).arg("serve");
    let output = command.output().expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Discord does not accept the bot token.\nReset it in the Developer Portal"), "{said}");
    assert!(!said.contains("MTA"), "{said}");
}

#[test]
fn a_public_key_needs_an_address_and_the_other_way_round() {
    let folder = folder("http-settings");
    let discord = StandIn::start_blocking();
    let (key, token) = (discord.public_key(), discord.token());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = taken.local_addr().expect("it is bound").to_string();
    for (keys, listen, words) in [
        (Some(key.as_str()), None, &["`http.listen` (PATELLA_HTTP_LISTEN) is not"][..]),
        (None, Some("127.0.0.1:0"), &["`discord.public_key` (DISCORD_PUBLIC_KEY) is not"]),
        (
            Some(&token),
            Some("127.0.0.1:0"),
            &["`discord.public_key` (DISCORD_PUBLIC_KEY): public key 1 of 1 has", "General Information"],
        ),
        (Some(&format!("{key},{}", &key[2..])), Some("127.0.0.1:0"), &["public key 2 of 2 has 62 characters, not 64."]),
        (Some(&"0".repeat(64)), Some("127.0.0.1:0"), &["anyone can make signatures for"]),
        (Some(&key), Some(&taken), &["cannot be taken at 127.0.0.1:", "`http.listen`"]),
        (Some(&key), Some("8430"), &["PATELLA_HTTP_LISTEN", "127.0.0.1:8430"]),
    ] {
        // With a token there is the gateway to run, so that a public key alone is no fault.
        let tokens = if listen.is_none() { &[None][..] } else { &[None, Some(&token)] };
        for token in tokens {
            let mut command = patella(&folder);
            command.env("PATELLA_DISCORD_API", discord.address()).env("PATELLA_STORE_URL", "sqlite::memory:").arg("serve");
            let given =
                [("DISCORD_PUBLIC_KEY", keys), ("PATELLA_HTTP_LISTEN", listen), ("DISCORD_TOKEN", token.map(|t| t.as_str()))];
            for (variable, value) in given {
                value.map(|value| command.env(variable, value));
            }
            let output = command.output().expect("the program starts");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{said}");
            for word in words {
                assert!(said.contains(word), "{word}: {said}");
            }
            assert!(!said.contains("MTA"), "{said}");
        }
    }
    assert_eq!(discord.statuses(), [].into(), "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_up_looks_at_public_keys() {
    let folder = folder("http-doctor");
    let discord = StandIn::start().await;
    let key = discord.public_key();
    let check = |keys: &str, token: bool| {
        let mut command = patella(&folder);
        command.env("DISCORD_PUBLIC_KEY", keys).env("PATELLA_HTTP_LISTEN", "127.0.0.1:8430");
        command.env("PATELLA_DISCORD_API", discord.address()).env("PATELLA_STORE_URL", "sqlite::memory:").arg("doctor");
        if token {
            command.env("DISCORD_TOKEN", discord.token());
        }
        let output = command.output().expect("the program starts");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let (code, said) = check(&key, false);
    assert!(code == Some(0) && said.contains("ok     HTTP") && said.contains("note   token"), "{said}");
    let (code, said) = check("abc", false);
    assert!(code == Some(1) && said.contains("FAULT  HTTP") && said.contains("public key 1 of 1 has 3 characters"), "{said}");
    let (_, said) = check(&key, true);
    assert!(said.contains("note   public key") && said.contains("no Interactions Endpoint URL"), "{said}");
    discord.change(|state| state.endpoint = State::new("").endpoint);
    discord.change_key(99);
    let (code, said) = check(&key, true);
    assert!(code == Some(1) && said.contains("FAULT  public key"), "{said}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_members_write_or_are_is_logged_or_stored() {
    for (format, posted) in [("human", false), ("json", false), ("human", true)] {
        let folder = folder(&format!("marker-{format}-{posted}"));
        fs::write(
            folder.join("config.toml"),
            format!("[log]\nformat = \"{format}\"\nlevel = \"debug\"\n[ask]\ncooldown_s = 0\n"),
        )
        .expect("there is room");
        let bot = Bot::new().await;
        let (discord, channel) = (&bot.discord, bot.channel);
        let quill = discord.add_member(bot.club, NAME, StandIn::organizer());
        let log = folder.join("log");
        let mut command = patella(&folder);
        command.env("DISCORD_TOKEN", discord.token()).env("PATELLA_DISCORD_API", discord.address());
        command.env("PATELLA_STORE_URL", "sqlite://kept.db").args(["serve", "--config", "config.toml"]);
        command.stdout(Stdio::piped()).stderr(fs::File::create(&log).expect("there is room"));
        if posted {
            command.env("DISCORD_PUBLIC_KEY", discord.public_key()).env("PATELLA_HTTP_LISTEN", "127.0.0.1:0");
        }
        let mut child = Running::start(command);
        discord.connected(1).await;
        if posted {
            let mut said = BufReader::new(child.stdout()).lines().map(|line| line.expect("text"));
            let url = said.find_map(|line| Some(line.split("are taken at ").nth(1)?.trim_end_matches('.').to_owned()));
            discord.set_endpoint(&url.expect("it says where")).await.expect("Discord takes the address");
        }

        everything(discord, quill, channel).await;
        discord.drop_gateway();
        discord.until_so("the resume", |state| state.gateway.resumes == 1).await;
        everything(discord, quill, channel).await;
        child.end();

        let logged = fs::read_to_string(&log).expect("text");
        for line in ["connected", "answered", "stopped", "lost"] {
            assert!(logged.contains(line), "the log is the log: {line}\n{logged}");
        }
        assert_eq!(format == "json", logged.starts_with('{'), "{logged}");
        let secrets = secrets(discord, quill);
        for secret in &secrets {
            assert!(!logged.contains(secret.as_str()), "{secret} is in the log:\n{logged}");
        }
        let kept: Vec<u8> = fs::read_dir(&folder)
            .expect("it is there")
            .map(|entry| entry.expect("it is there").path())
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("kept.db")))
            .flat_map(|path| fs::read(path).expect("it is ours"))
            .collect();
        assert!(kept.starts_with(b"SQLite"));
        let holds = |bytes: &[u8]| kept.windows(bytes.len()).any(|window| window == bytes);
        assert!(holds(b"pain.outside") && holds(&row_id(bot.club.get())), "the search finds what is kept");
        for secret in &secrets {
            // A club's own number is kept with its settings.
            if *secret != bot.club.to_string() {
                assert!(!holds(secret.as_bytes()), "{secret} is in the store");
            }
        }
        for id in [quill.get(), channel.get()] {
            assert!(!holds(&row_id(id)) && !holds(&id.to_be_bytes()), "{id} is in the store");
        }
    }
}

/// An id as SQLite writes the number of a row: seven bits a byte, and eight in the ninth. All ids of Discord are that long.
fn row_id(id: u64) -> Vec<u8> {
    let sevens = (0..8).rev().map(|at| 0x80 | ((id >> 8 >> (7 * at)) & 0x7f) as u8);
    sevens.chain([(id & 0xff) as u8]).collect()
}

/// Every way in, with the marker in it, while all is well and while it is not.
async fn everything(discord: &StandIn, quill: UserId, channel: ChannelId) {
    let question = format!("outside of my knee hurts {MARKER}");
    let urgent = format!("{EMERGENCY} {MARKER}");
    discord.slash(quill, channel, "club set", json!({ "region": "us" })).await;
    discord.slash(quill, channel, "club set", json!({ "region": MARKER })).await;
    for fault in ["none", "error", "cut", "storm", "refused"] {
        discord.faults(|faults| match fault {
            "error" => (faults.errors, faults.error_status) = (3, 500),
            "cut" => faults.cuts = 2,
            "storm" => faults.storm = 2,
            "refused" => (faults.errors, faults.error_status) = (8, 403),
            _ => {}
        });
        let answers = |state: &State| state.statuses.values().chain(state.endpoint.statuses.values()).sum::<u64>();
        let before = discord.look(answers);
        for text in [&question, &urgent] {
            discord.slash(quill, channel, "ask", json!({ "question": text, "why": true })).await;
            let said = discord.say(quill, channel, &format!("<@bot> {text}")).await;
            discord.dm(quill, text).await;
            discord.message_command(quill, channel, "Answer privately", said).await;
            discord.autocomplete(quill, channel, "topic", "name", text).await;
        }
        discord.garbage(Garbage::MalformedInteraction);
        discord.strange_interaction(quill, channel, 2, json!({ "id": [], "name": MARKER, "options": [{ "value": MARKER }] }));
        discord.strange_interaction(quill, channel, 3, json!({ "component_type": 2, "custom_id": MARKER }));
        // Ten requests at the least lead to ten answers, good or bad.
        discord.until_so("the answers", |state| answers(state) >= before + 10).await;
        discord.no_faults();
    }
    let asked = discord.slash(quill, channel, "ask", json!({ "question": question })).await;
    let seen = discord.first_response(asked).await;
    let pressed = discord.press(quill, &seen, "Helpful").await;
    discord.first_response(pressed).await;
}

/// What no log and no store may hold.
fn secrets(discord: &StandIn, quill: UserId) -> Vec<String> {
    let mut secrets = vec![MARKER.to_owned(), NAME.to_owned(), "catch my breath".to_owned(), discord.token(), quill.to_string()];
    discord.look(|state| {
        secrets.extend(state.tokens.keys().cloned());
        secrets.extend(state.interactions.keys().map(ToString::to_string));
        secrets.extend(state.channels.keys().map(ToString::to_string));
        secrets.extend(state.messages.keys().map(ToString::to_string));
        secrets.extend(state.guilds.iter().flat_map(|(id, guild)| [id.to_string(), guild.name.clone()]));
    });
    secrets
}
