//! A check-up of everything the running bot needs from Discord and from this machine. Each fault says what to do.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    gateway::intents,
    register::{self, PERMISSIONS},
    rest::{Call, Rest, RestError},
    serve,
};
use crate::{store::Store, weekly::Pause};

/// A clock may be off by this much: Discord's ids and the times of tips stay right.
const CLOCK_OFF: SignedDuration = SignedDuration::from_secs(10);

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub what: &'static str,
    /// How it is.
    pub state: State,
}

/// How something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// All is well: how it is.
    Well(String),
    /// It works, and could be better: what, and what to do.
    Advice(String, String),
    /// It is wrong: what, and what to do.
    Fault(String, String),
}

impl Finding {
    /// All is well.
    pub fn well(what: &'static str, how: impl Into<String>) -> Self {
        Self { what, state: State::Well(how.into()) }
    }

    /// It works, and could be better.
    pub fn advice(what: &'static str, how: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what, state: State::Advice(how.into(), mend.into()) }
    }

    /// Something is wrong.
    pub fn fault(what: &'static str, wrong: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what, state: State::Fault(wrong.into(), mend.into()) }
    }

    /// Whether something is wrong.
    pub fn is_fault(&self) -> bool {
        matches!(self.state, State::Fault(..))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what;
        match &self.state {
            State::Well(how) => write!(f, "ok     {what:<12} {how}"),
            State::Advice(how, mend) => write!(f, "note   {what:<12} {how}\n{:>20}{mend}", ""),
            State::Fault(wrong, mend) => write!(f, "FAULT  {what:<12} {wrong}\n{:>20}{mend}", ""),
        }
    }
}

/// What is checked without Discord: the zone data and the store.
pub async fn machine(store: Result<&dyn Store, String>) -> Vec<Finding> {
    const ZONE: &str = "Europe/Dublin";
    let mut findings = vec![match jiff::tz::TimeZone::get(ZONE) {
        Ok(_) => Finding::well("zones", "the zone data can be read"),
        Err(_) => Finding::fault("zones", "there is no zone data", "install the package tzdata, or set TZDIR to its folder"),
    }];
    const MEND: &str = "correct `store.url`, or the rights of the file and its folder";
    match store {
        Err(wrong) => findings.push(Finding::fault("store", wrong, MEND)),
        Ok(store) => match store.check().await {
            Ok(()) => findings.extend([Finding::well("store", "can be read and written"), tips(store).await]),
            Err(error) => findings.push(Finding::fault("store", error.to_string(), MEND)),
        },
    }
    findings
}

/// How the clubs' weekly tips fare.
async fn tips(store: &dyn Store) -> Finding {
    let all = match store.export().await {
        Ok(all) => all,
        Err(error) => return Finding::fault("tips", error.to_string(), "restore a backup, see docs/operating.md"),
    };
    let weekly: Vec<_> = all.clubs.into_iter().filter_map(|club| club.weekly).collect();
    let refused = weekly.iter().filter(|w| w.weeks.paused == Some(Pause::Refused)).count();
    let troubled = weekly.iter().filter(|w| w.weeks.paused.is_none() && w.weeks.trouble.is_some()).count();
    let clubs = weekly.len();
    if refused + troubled == 0 {
        return Finding::well("tips", format!("of {clubs} clubs, none in trouble"));
    }
    let how = format!("of {clubs} clubs, {refused} paused after Discord refused them, {troubled} in trouble that may pass");
    Finding::advice("tips", how, "`/weekly show` in such a club says why; its organizers were told")
}

/// What is checked with Discord: token, intents, commands, permissions, clock, and the public keys that are set.
pub async fn discord(rest: &Rest, api: &str, public_keys: Option<&str>) -> Vec<Finding> {
    let identity = match serve::identity(rest).await {
        Ok(identity) => identity,
        Err(RestError::Token) => {
            let mend = "reset it in the Developer Portal (your application, Bot, Reset Token) and set it as DISCORD_TOKEN";
            return vec![Finding::fault("token", "Discord does not accept it", mend)];
        }
        Err(error) => {
            let mend = format!("check that this machine reaches {api} over HTTPS; see https://discordstatus.com");
            return vec![Finding::fault("Discord", error.to_string(), mend)];
        }
    };
    let mut findings = vec![
        Finding::well("token", format!("accepted; the application is {}", identity.name)),
        Finding::well("intents", format!("{} asked for, none of them privileged", intents().iter().count())),
        commands(rest, &identity.application).await,
        servers(rest).await,
        clock(rest).await,
    ];
    if let Some(keys) = public_keys {
        findings.push(endpoint(rest, keys).await);
    }
    findings
}

/// Whether Discord signs with one of these keys, and where it posts what it signs.
async fn endpoint(rest: &Rest, keys: &str) -> Finding {
    const WHAT: &str = "public key";
    let application = match rest.send(Call::get("/applications/@me")).await {
        Ok(application) => application,
        Err(error) => return Finding::advice(WHAT, format!("not compared: {error}"), "try again in a minute"),
    };
    let Some(theirs) = application["verify_key"].as_str() else {
        return Finding::advice(WHAT, "not compared: Discord did not say which is right", "try again in a minute");
    };
    if !keys.split(',').any(|key| key.trim().eq_ignore_ascii_case(theirs)) {
        let mend =
            "set the one on the page General Information of the Developer Portal: what Discord posts is refused until then";
        return Finding::fault(WHAT, "Discord signs with another one", mend);
    }
    match application["interactions_endpoint_url"].as_str() {
        Some(_) => Finding::well(WHAT, "Discord signs with it, and posts interactions to the address it was given"),
        None => {
            let mend = "enter it in the Developer Portal once the bot runs; until then interactions come by the gateway";
            Finding::advice(WHAT, "right, but Discord has no Interactions Endpoint URL", mend)
        }
    }
}

async fn commands(rest: &Rest, application: &str) -> Finding {
    match rest.send(Call::get(format!("/applications/{application}/commands"))).await {
        Ok(there) if register::is_registered(&there) => Finding::well("commands", "registered as they should be"),
        Ok(_) => Finding::fault("commands", "Discord has another table of commands", "start `patella serve`: it registers them"),
        Err(error) => Finding::fault("commands", error.to_string(), "try again in a minute"),
    }
}

/// The bot's own rights in the servers it is in; roles of channels may take more away.
async fn servers(rest: &Rest) -> Finding {
    let there = match rest.send(Call::get("/users/@me/guilds")).await {
        Ok(there) => there,
        Err(error) => return Finding::fault("servers", error.to_string(), "try again in a minute"),
    };
    let servers = there.as_array().map_or(&[][..], Vec::as_slice);
    let missing: Vec<String> = servers.iter().filter_map(missing).collect();
    if servers.is_empty() {
        Finding::well("servers", "in none yet; `patella invite` prints the install link")
    } else if missing.is_empty() {
        Finding::well("servers", format!("in {}, with the permissions it needs", servers.len()))
    } else {
        let wrong = format!("permissions are missing in {} of {}: {}", missing.len(), servers.len(), missing.join("; "));
        Finding::fault("servers", wrong, "open the link of `patella invite` again for those servers, or give its role the rights")
    }
}

fn missing(server: &Value) -> Option<String> {
    const ADMINISTRATOR: u64 = super::from_discord::permission::ADMINISTRATOR;
    let has: u64 = server["permissions"].as_str()?.parse().ok()?;
    let lacks = |bit: u64| has & (bit | ADMINISTRATOR) == 0;
    let missing: Vec<&str> = PERMISSIONS.iter().filter(|(bit, ..)| lacks(*bit)).map(|(_, name, _)| *name).collect();
    (!missing.is_empty()).then(|| format!("{} ({})", server["name"].as_str().unwrap_or("?"), missing.join(", ")))
}

async fn clock(rest: &Rest) -> Finding {
    match rest.server_time().await {
        None => Finding::well("clock", "not compared: Discord did not say the time"),
        Some(theirs) => {
            let off = Timestamp::now().duration_since(theirs);
            if off.abs() <= CLOCK_OFF {
                Finding::well("clock", "agrees with Discord's")
            } else {
                let wrong = format!("differs from Discord's by {} s", off.as_secs());
                Finding::fault("clock", wrong, "let the system set the time (NTP): replies and tips would come at the wrong time")
            }
        }
    }
}
