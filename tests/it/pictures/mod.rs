//! The pictures of the pages, drawn from what the running bot sends: an answer, a safety reply, suggestions. With `PATELLA_BLESS=1`
//! they are written; otherwise they must be what the bot sends today.

mod draw;
mod sheet;
mod words;

use std::{env, fs, path::Path, time::Duration};

use patella::store;
use serde_json::{Value, json};
use serenity::model::id::{ChannelId, UserId};

use crate::{
    conversations::{Bot, Way},
    stand_in::StandIn,
};
use sheet::Sheet;

/// A club in the United States with a clinic of its own, set as organizers set it, and a member in its channel.
async fn club() -> (Bot, ChannelId, UserId) {
    let discord = StandIn::start().await;
    let club = discord.add_guild("Harbor Runners");
    let channel = discord.add_channel(club, "general");
    let ann = discord.add_member(club, "Ann", StandIn::runner());
    let cleo = discord.add_member(club, "Cleo", StandIn::organizer());
    let store = store::open("sqlite::memory:").await.expect("a store in memory");
    let bot = Bot::start_with(discord, Way::Gateway, Some(store), Duration::ZERO).await;
    let clinic = json!({ "name": "Riverside Sports Clinic", "phone": "(555) 010-0123", "hours": "Mo-Fr 8-18" });
    for (command, options) in [("club set", json!({ "region": "us" })), ("club clinic-add", clinic)] {
        let asked = bot.discord.slash(cleo, channel, command, options).await;
        let seen = bot.discord.first_response(asked).await;
        assert!(seen.text().contains("Saved"), "{seen}");
    }
    (bot, channel, ann)
}

/// Draws the same as the file, or writes it.
fn compare(name: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures").join(name);
    if env::var_os("PATELLA_BLESS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of pictures can be made");
        fs::write(&path, drawn).expect("the picture can be written");
    }
    // Git may have turned the ends of lines.
    let there = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let differs = there.lines().zip(drawn.lines()).find(|(there, drawn)| there != drawn);
    assert!(
        there == drawn,
        "docs/pictures/{name} is not what the bot sends (first difference: {differs:?}); look at it after\n\
         PATELLA_BLESS=1 cargo test --test it pictures"
    );
}

/// A question and its answer.
fn conversation(question: &str, body: &Value, title: &str, about: &str) -> String {
    let mut sheet = Sheet::default();
    draw::typed(&mut sheet, &draw::usage("ask", "question", question));
    draw::message(&mut sheet, body);
    sheet.svg(title, about)
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_show_what_the_bot_sends() {
    let (bot, channel, ann) = club().await;
    let discord = &bot.discord;

    let question = "My knee hurts on the outside after five miles";
    let asked = discord.slash(ann, channel, "ask", json!({ "question": question })).await;
    let seen = discord.first_response(asked).await;
    assert!(seen.ephemeral && seen.text().contains("outside of the knee"), "{seen}");
    let about = "A phone screen. Someone asks about pain on the outside of the knee after five miles. The answer is a card with \
                 headings, numbers that point to its sources, small print, and rows of buttons: More, Sources, Clinics, Show \
                 everyone, neighboring topics, Helpful and Not helpful. Below it: only you can see this.";
    compare("answer.svg", &conversation(question, &seen.raw, "An answer from Patella", about));

    let question = "my left calf is swollen, hot and throbbing";
    let asked = discord.slash(ann, channel, "ask", json!({ "question": question, "visible": "everyone" })).await;
    let seen = discord.first_response(asked).await;
    assert!(seen.ephemeral && seen.text().contains("Riverside Sports Clinic"), "{seen}");
    let about = "A phone screen. Someone writes that a calf is swollen, hot and throbbing. The reply opens with what to do today, in \
                 bold. A card with an orange bar follows: what to do now in steps, the words that it read and why they matter, \
                 whom to call, the club's own clinic. One button: Ask people here to help me. Below it: only you can see this.";
    compare("safety.svg", &conversation(question, &seen.raw, "A safety reply from Patella", about));

    let typed = "outsde of kne";
    let asked = discord.autocomplete(ann, channel, "topic", "name", typed).await;
    let seen = discord.first_response(asked).await;
    /// As many as a phone shows above its keyboard.
    const SHOWN: usize = 6;
    let choices = seen.raw["data"]["choices"].as_array().expect("a list of suggestions");
    let names: Vec<&str> = choices.iter().filter_map(|c| c["name"].as_str()).take(SHOWN).collect();
    assert!(!names.is_empty(), "{typed} suggests something");
    let mut sheet = Sheet::default();
    draw::typed(&mut sheet, &draw::usage("topic", "name", typed));
    draw::suggestions(&mut sheet, &names);
    let about = format!(
        "A phone screen. Someone types \"{typed}\", misspelled and unfinished, and topics are suggested all the same: {}.",
        names.join("; ")
    );
    compare("suggestions.svg", &sheet.svg("Suggestions while typing", &about));
    discord.assert_no_violations();
}
