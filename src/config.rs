//! The operator's settings: `config.toml`, with the environment over it. An unknown key is an error, because a misspelled
//! setting that is silently ignored is found out too late. `config.example.toml` holds every key with its default.

use std::{net::SocketAddr, ops::Range};

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};

/// The environment variable that stands over the key `region`.
pub const REGION_VARIABLE: &str = "PATELLA_REGION";

/// All settings. A key that a file leaves out has its default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The region whose emergency numbers are given: a code, id or name of `helplines.toml`. `None`: replies list those of the
    /// main regions.
    #[serde(deserialize_with = "text_or_none")]
    pub region: Option<String>,
    /// Clinics to point to, in the order in which they are named; may be empty.
    #[serde(rename = "clinic")]
    pub clinics: Vec<ClinicSettings>,
    /// Discord.
    pub discord: DiscordSettings,
    /// Where clubs' settings are kept.
    pub store: StoreSettings,
    /// Signed HTTP interactions.
    pub http: HttpSettings,
    /// Health and metrics.
    pub operator: OperatorSettings,
    /// How questions are taken.
    pub ask: AskSettings,
    /// What the running bot says about itself.
    pub log: LogSettings,
}

/// Discord.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiscordSettings {
    /// The bot's token; `None` until one is set. Never shown.
    #[serde(deserialize_with = "text_or_none")]
    pub token: Option<String>,
    /// The application's public key in hexadecimal, which signed HTTP interactions are verified with; several with commas between,
    /// while one is being replaced.
    #[serde(deserialize_with = "text_or_none")]
    pub public_key: Option<String>,
    /// The base address of Discord's API.
    #[serde(deserialize_with = "text")]
    pub api: String,
    /// Which shards to run, such as `0-3/8`, `shared/4` or `none`; as many as Discord recommends where `None`.
    #[serde(deserialize_with = "text_or_none")]
    pub shards: Option<String>,
}

impl Default for DiscordSettings {
    fn default() -> Self {
        Self { token: None, public_key: None, api: "https://discord.com".into(), shards: None }
    }
}

impl std::fmt::Debug for DiscordSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let token = self.token.as_ref().map(|_| "...");
        let Self { token: _, public_key, api, shards } = self;
        let mut shown = f.debug_struct("DiscordSettings");
        shown.field("token", &token).field("public_key", public_key).field("api", api).field("shards", shards).finish()
    }
}

/// Where clubs' settings are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    #[serde(deserialize_with = "text")]
    pub url: String,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { url: "sqlite://patella.db".into() }
    }
}

/// Signed HTTP interactions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// Where they are taken, such as `127.0.0.1:8430`; nowhere where `None`.
    #[serde(deserialize_with = "address_or_none")]
    pub listen: Option<SocketAddr>,
}

/// Health and metrics.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OperatorSettings {
    /// Where they are served; nowhere where `None`.
    #[serde(deserialize_with = "address_or_none")]
    pub listen: Option<SocketAddr>,
}

impl Default for OperatorSettings {
    fn default() -> Self {
        Self { listen: Some(SocketAddr::from(([127, 0, 0, 1], 9464))) }
    }
}

/// How questions are taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AskSettings {
    /// Seconds between two questions of a member; a safety reply never waits.
    pub cooldown_s: u64,
}

impl Default for AskSettings {
    fn default() -> Self {
        Self { cooldown_s: 3 }
    }
}

/// What the running bot says about itself, on standard error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// How it is written.
    pub format: LogFormat,
    /// How much.
    pub level: LogLevel,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// How much is logged. No level shows what people wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Faults that somebody must look at.
    Error,
    /// And what was lost or put off.
    Warn,
    /// And each request.
    #[default]
    Info,
    /// And each call to Discord.
    Debug,
}

/// A clinic or practice to point to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicSettings {
    /// Its name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// As it is dialed.
    #[serde(deserialize_with = "text")]
    pub phone: String,
    /// Opening hours, or empty.
    #[serde(default)]
    pub hours: String,
    /// Languages spoken.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Web address, or empty.
    #[serde(default, deserialize_with = "web_address")]
    pub link: String,
    /// When someone last checked that name, number and hours are right.
    #[serde(default, deserialize_with = "date_or_none")]
    pub last_checked: Option<Date>,
}

impl Default for Config {
    fn default() -> Self {
        // The clinic that published the articles Patella began with, with the number printed there. Nobody has called it, so
        // that `last_checked` stays empty and every reply says so.
        let clinic = ClinicSettings {
            name: "MVMT Physical Therapy".into(),
            phone: "(646) 588-3833".into(),
            hours: String::new(),
            languages: Vec::new(),
            link: String::new(),
            last_checked: None,
        };
        Self {
            region: None,
            clinics: vec![clinic],
            discord: DiscordSettings::default(),
            store: StoreSettings::default(),
            http: HttpSettings::default(),
            operator: OperatorSettings::default(),
            ask: AskSettings::default(),
            log: LogSettings::default(),
        }
    }
}

/// A settings file that cannot be used: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}:{column}: {what}\n{mend}")]
pub struct ConfigError {
    /// The file, as it was named.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, with the key.
    pub what: String,
    /// What to do.
    pub mend: String,
}

impl Config {
    /// Reads a settings file. `path` serves messages only.
    ///
    /// # Errors
    /// At the first key that is unknown, missing or of the wrong sort, and where the text is no TOML.
    pub fn from_toml(path: &str, text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let (line, column) = line_and_column(text, &span);
            let said = error.message().replace('\n', ", ");
            let mend = if said.starts_with("unknown field") {
                "remove the key or correct its spelling; config.example.toml holds every key"
            } else if said.starts_with("missing field") {
                "add the key; config.example.toml shows how"
            } else {
                "correct the value; config.example.toml shows every key with its default"
            };
            let what = key_before(text, &span).map_or(said.clone(), |key| format!("`{key}`: {said}"));
            ConfigError { path: path.to_owned(), line, column, what, mend: mend.to_owned() }
        })
    }

    /// These settings with the environment over them; `variable` gives a variable's value. An empty one counts as unset.
    ///
    /// # Errors
    /// Where a variable's value is of the wrong sort: which, and what it should be.
    pub fn with_env(mut self, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let set = |name: &str| variable(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        self.region = set(REGION_VARIABLE).or(self.region);
        self.discord.token = set("DISCORD_TOKEN").or(self.discord.token);
        self.discord.public_key = set("DISCORD_PUBLIC_KEY").or(self.discord.public_key);
        self.discord.api = set("PATELLA_DISCORD_API").unwrap_or(self.discord.api);
        self.discord.shards = set("PATELLA_SHARDS").or(self.discord.shards);
        self.store.url = set("PATELLA_STORE_URL").unwrap_or(self.store.url);
        for (name, listen) in
            [("PATELLA_HTTP_LISTEN", &mut self.http.listen), ("PATELLA_OPERATOR_LISTEN", &mut self.operator.listen)]
        {
            if let Some(text) = set(name) {
                *listen = address(&text).map_err(|wrong| format!("{name}: {wrong}"))?;
            }
        }
        if let Some(seconds) = set("PATELLA_ASK_COOLDOWN_S") {
            let wrong = |_| format!("PATELLA_ASK_COOLDOWN_S: `{seconds}` is no whole number of seconds, such as 3");
            self.ask.cooldown_s = seconds.parse().map_err(wrong)?;
        }
        Ok(self)
    }
}

/// Line and column, from 1, of the first byte of a span.
fn line_and_column(text: &str, span: &Range<usize>) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(span.start)];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (line, column)
}

/// The key whose value the span opens in: faults of a value do not name it.
fn key_before<'t>(text: &'t str, span: &Range<usize>) -> Option<&'t str> {
    let before = &text[..text.floor_char_boundary(span.start)];
    let line = before.rsplit('\n').next()?;
    line.split_once('=').map(|(key, _)| key.trim())
}

fn text<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    let text = String::deserialize(value)?;
    if text.trim().is_empty() { Err(D::Error::custom("must not be empty")) } else { Ok(text) }
}

fn text_or_none<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(value)?;
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn address_or_none<'de, D: Deserializer<'de>>(value: D) -> Result<Option<SocketAddr>, D::Error> {
    text_or_none(value)?.map_or(Ok(None), |text| address(&text).map_err(D::Error::custom))
}

/// An address to listen at; `none` for nowhere.
fn address(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "none" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("`{text}` is no address with a port; write it like 127.0.0.1:8430, or \"none\""))
}

fn web_address<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    let link = String::deserialize(value)?;
    if link.is_empty() || link.starts_with("https://") || link.starts_with("http://") {
        Ok(link)
    } else {
        Err(D::Error::custom("must begin with https:// or http://, or be empty"))
    }
}

fn date_or_none<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Date>, D::Error> {
    match text_or_none(value)? {
        None => Ok(None),
        Some(day) => {
            day.parse().map(Some).map_err(|_| D::Error::custom(format!("`{day}` is no date; write it like \"2026-11-21\"")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::from_toml("config.toml", text).expect_err(text).to_string()
    }

    #[test]
    fn the_example_holds_exactly_the_defaults() {
        let example = include_str!("../config.example.toml");
        assert_eq!(Config::from_toml("config.example.toml", example), Ok(Config::default()));
    }

    #[test]
    fn the_examples_second_clinic_parses_once_its_comment_marks_are_gone() {
        let example = include_str!("../config.example.toml");
        let open: String = example.lines().map(|l| l.strip_prefix("#: ").unwrap_or(l)).flat_map(|l| [l, "\n"]).collect();
        let config = Config::from_toml("config.example.toml", &open).expect("the commented clinic");
        assert_eq!(config.clinics.len(), 2);
        assert!(config.clinics[1].last_checked.is_some());
    }

    #[test]
    fn the_token_is_never_shown() {
        let config = Config::from_toml("config.toml", "[discord]\ntoken = \"MARKER\"").expect("a token");
        assert!(!format!("{config:?}").contains("MARKER"));
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(Config::from_toml("config.toml", ""), Ok(Config::default()));
        let none = Config::from_toml("config.toml", "clinic = []\nregion = \"uk\"").expect("no clinics");
        assert_eq!((none.clinics.len(), none.region.as_deref()), (0, Some("uk")));
    }

    #[test]
    fn faults_name_file_line_key_and_what_to_do() {
        insta::assert_snapshot!(error("# ours\nregoin = \"uk\"\n"), @r#"
        config.toml:2:1: unknown field `regoin`, expected one of `region`, `clinic`, `discord`, `store`, `http`, `operator`, `ask`, `log`
        remove the key or correct its spelling; config.example.toml holds every key
        "#);
        insta::assert_snapshot!(error("[[clinic]]\nname = \"A\"\nphone = \"1\"\nfax = \"2\"\n"), @r#"
        config.toml:4:1: unknown field `fax`, expected one of `name`, `phone`, `hours`, `languages`, `link`, `last_checked`
        remove the key or correct its spelling; config.example.toml holds every key
        "#);
        insta::assert_snapshot!(error("[[clinic]]\nname = \"A\"\nphone = \" \"\n"), @r#"
        config.toml:3:9: `phone`: must not be empty
        correct the value; config.example.toml shows every key with its default
        "#);
        insta::assert_snapshot!(error("[[clinic]]\nname = \"A\"\n"), @r#"
        config.toml:1:1: missing field `phone`
        add the key; config.example.toml shows how
        "#);
        insta::assert_snapshot!(error("[[clinic]]\nname = \"A\"\nphone = \"1\"\nlast_checked = \"soon\"\n"), @r#"
        config.toml:4:16: `last_checked`: `soon` is no date; write it like "2026-11-21"
        correct the value; config.example.toml shows every key with its default
        "#);
        insta::assert_snapshot!(error("[[clinic]]\nname = \"A\"\nphone = \"1\"\nlink = \"ftp://x\"\n"), @r#"
        config.toml:4:8: `link`: must begin with https:// or http://, or be empty
        correct the value; config.example.toml shows every key with its default
        "#);
        insta::assert_snapshot!(error("region = 7"), @r#"
        config.toml:1:10: `region`: invalid type: integer `7`, expected a string
        correct the value; config.example.toml shows every key with its default
        "#);
    }

    #[test]
    fn the_environment_stands_over_the_file() {
        let file = Config::from_toml("config.toml", "region = \"uk\"").expect("a region");
        let with = |value: &str| {
            file.clone().with_env(&|name| (name == REGION_VARIABLE).then(|| value.to_owned())).expect("sound").region
        };
        assert_eq!(with(" ca ").as_deref(), Some("ca"));
        assert_eq!(with("").as_deref(), Some("uk"));
        assert_eq!(file.clone().with_env(&|_| None), Ok(file.clone()));
        let value = |name: &str| match name {
            "PATELLA_ASK_COOLDOWN_S" => "0".to_owned(),
            "PATELLA_HTTP_LISTEN" => "[::1]:8430".to_owned(),
            "PATELLA_OPERATOR_LISTEN" => "none".to_owned(),
            name => name.to_owned(),
        };
        let all = file.clone().with_env(&|name| Some(value(name))).expect("sound");
        assert_eq!(all.discord.public_key.as_deref(), Some("DISCORD_PUBLIC_KEY"));
        assert_eq!((all.http.listen.map(|a| a.port()), all.operator.listen), (Some(8430), None));
        assert_eq!(all.discord.token.as_deref(), Some("DISCORD_TOKEN"));
        assert_eq!((all.discord.api.as_str(), all.store.url.as_str()), ("PATELLA_DISCORD_API", "PATELLA_STORE_URL"));
        assert_eq!((all.discord.shards.as_deref(), all.ask.cooldown_s), (Some("PATELLA_SHARDS"), 0));
        let wrong = file.clone().with_env(&|name| (name == "PATELLA_HTTP_LISTEN").then(|| "8430".to_owned()));
        assert!(wrong.is_err_and(|e| e.contains("PATELLA_HTTP_LISTEN") && e.contains("127.0.0.1:8430")));
        let wrong = file.with_env(&|name| (name == "PATELLA_ASK_COOLDOWN_S").then(|| "soon".to_owned()));
        assert!(wrong.is_err_and(|e| e.contains("PATELLA_ASK_COOLDOWN_S") && e.contains("soon")));
    }
}
