//! What a member sees.

use std::fmt;

use serde_json::Value;
use serenity::model::id::{ChannelId, InteractionId, MessageId};

use super::state::{Message, State};

/// What sort of thing appeared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A message.
    Message,
    /// "Patella is thinking ...".
    Thinking,
    /// The message with the button changed, or will.
    Update,
    /// Suggestions below a text that is being typed.
    Choices,
    /// A form.
    Modal,
}

/// A message, form or list of suggestions as it was seen.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What sort of thing it is.
    pub kind: Kind,
    /// Does only the asker see it?
    pub ephemeral: bool,
    /// The text.
    pub content: String,
    /// The embeds, as sent.
    pub embeds: Vec<Value>,
    /// The rows of buttons and menus, or a form's, as sent.
    pub components: Vec<Value>,
    /// Names of suggestions with their values.
    pub choices: Vec<(String, Value)>,
    /// Where it stands.
    pub channel: ChannelId,
    /// The message; none for suggestions and forms.
    pub message: Option<MessageId>,
    /// The interaction that it answers.
    pub interaction: Option<InteractionId>,
    /// How often the message was edited.
    pub edits: u32,
    /// Was it deleted?
    pub deleted: bool,
    /// The body that made it or changed it last, as sent.
    pub raw: Value,
    who: String,
}

impl Seen {
    /// A message as it stands.
    pub(super) fn message(state: &State, message: &Message) -> Self {
        Self {
            kind: if message.thinking { Kind::Thinking } else { Kind::Message },
            ephemeral: message.ephemeral(),
            content: message.content.clone(),
            embeds: message.embeds.clone(),
            components: message.components.clone(),
            choices: Vec::new(),
            channel: message.channel,
            message: Some(message.id),
            interaction: message.interaction,
            edits: message.edits,
            deleted: message.deleted,
            raw: message.raw.clone(),
            who: state.users[&message.author].name.clone(),
        }
    }

    /// The accepted first response of an interaction; none yet where there is none.
    pub(super) fn response(state: &State, id: InteractionId) -> Option<Self> {
        let interaction = state.interactions.get(&id)?;
        let answered = interaction.answered?;
        let data = &interaction.callback["data"];
        let mut seen = match interaction.original.map(|id| &state.messages[&id]) {
            Some(message) => Self::message(state, message),
            None => Self {
                kind: Kind::Choices,
                ephemeral: true,
                content: data["title"].as_str().unwrap_or_default().to_owned(),
                embeds: Vec::new(),
                components: data["components"].as_array().cloned().unwrap_or_default(),
                choices: Vec::new(),
                channel: interaction.channel,
                message: None,
                interaction: Some(id),
                edits: 0,
                deleted: false,
                raw: Value::Null,
                who: state.users[&state.bot].name.clone(),
            },
        };
        seen.interaction = Some(id);
        match answered {
            6 | 7 => seen.kind = Kind::Update,
            8 => {
                let name = |choice: &Value| choice["name"].as_str().unwrap_or_default().to_owned();
                let choices = data["choices"].as_array().into_iter().flatten();
                seen.choices = choices.map(|choice| (name(choice), choice["value"].clone())).collect();
            }
            9 => seen.kind = Kind::Modal,
            _ => {}
        }
        seen.raw = interaction.callback.clone();
        Some(seen)
    }

    /// Buttons and menus in their order.
    pub fn parts(&self) -> impl Iterator<Item = &Value> {
        self.components.iter().flat_map(|row| row["components"].as_array().into_iter().flatten())
    }

    /// The labels of all buttons.
    pub fn labels(&self) -> Vec<String> {
        let buttons = self.parts().filter(|part| part["type"] == 2);
        buttons.map(label).collect()
    }

    /// The button with this label. Panics with the labels that there are.
    pub fn button(&self, wanted: &str) -> &Value {
        let found = self.parts().find(|part| part["type"] == 2 && label(part) == wanted);
        found.unwrap_or_else(|| panic!("no button {wanted:?}; there are {:?} on\n{self}", self.labels()))
    }

    /// The menu that has an option with this value. Panics where there is none.
    pub fn menu(&self, value: &str) -> &Value {
        let has = |part: &&Value| part["options"].as_array().is_some_and(|o| o.iter().any(|o| o["value"] == value));
        self.parts().find(has).unwrap_or_else(|| panic!("no menu offers {value:?} on\n{self}"))
    }

    /// All text that a member can read, in reading order.
    pub fn text(&self) -> String {
        self.to_string()
    }
}

fn label(button: &Value) -> String {
    let emoji = button["emoji"]["name"].as_str();
    let label = button["label"].as_str().or(emoji).unwrap_or_default();
    label.to_owned()
}

/// As a member sees it: who, text, embeds with a bar, rows of buttons.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.who)?;
        f.write_str(if self.ephemeral && self.kind != Kind::Choices && self.kind != Kind::Modal {
            " (only you see this)\n"
        } else {
            "\n"
        })?;
        match self.kind {
            Kind::Thinking => writeln!(f, "is thinking ...")?,
            Kind::Choices => {
                for (name, _) in &self.choices {
                    writeln!(f, "> {name}")?;
                }
                if self.choices.is_empty() {
                    writeln!(f, "> (no suggestion)")?;
                }
                return Ok(());
            }
            Kind::Modal => writeln!(f, "[[ {} ]]", self.content)?,
            Kind::Message | Kind::Update => {
                if self.deleted {
                    writeln!(f, "(deleted)")?;
                }
                if !self.content.is_empty() {
                    writeln!(f, "{}", self.content)?;
                }
            }
        }
        for embed in &self.embeds {
            show_embed(f, embed)?;
        }
        for row in &self.components {
            show_row(f, row)?;
        }
        Ok(())
    }
}

fn show_embed(f: &mut fmt::Formatter<'_>, embed: &Value) -> fmt::Result {
    let mut bar = |text: &str| -> fmt::Result {
        for line in text.lines() {
            writeln!(f, "{}", format!("| {line}").trim_end())?;
        }
        Ok(())
    };
    if let Some(color) = embed["color"].as_u64() {
        bar(&format!("(#{color:06X})"))?;
    }
    for text in [&embed["author"]["name"], &embed["title"], &embed["description"]] {
        bar(text.as_str().unwrap_or_default())?;
    }
    for field in embed["fields"].as_array().into_iter().flatten() {
        bar(&format!("**{}**", field["name"].as_str().unwrap_or_default()))?;
        bar(field["value"].as_str().unwrap_or_default())?;
    }
    if let Some(image) = embed["image"]["url"].as_str() {
        bar(&format!("(picture {image})"))?;
    }
    if let Some(footer) = embed["footer"]["text"].as_str() {
        bar(&format!("-- {footer}"))?;
    }
    Ok(())
}

fn show_row(f: &mut fmt::Formatter<'_>, row: &Value) -> fmt::Result {
    let mut shown = Vec::new();
    for part in row["components"].as_array().into_iter().flatten() {
        let gray = if part["disabled"] == true { " (gray)" } else { "" };
        shown.push(match part["type"].as_u64() {
            Some(2) => {
                let target = part["url"].as_str().map(|url| format!(" -> {url}")).unwrap_or_default();
                format!("[{}{target}]{gray}", label(part))
            }
            Some(4) => format!("{}: ________", part["label"].as_str().unwrap_or_default()),
            _ => {
                let options = part["options"].as_array().into_iter().flatten();
                let options: Vec<&str> = options.filter_map(|o| o["label"].as_str()).collect();
                format!("{{{}: {}}}{gray}", part["placeholder"].as_str().unwrap_or("Make a selection"), options.join(" | "))
            }
        });
    }
    writeln!(f, "{}", shown.join(" "))
}
