//! The commands that have to do with Discord: serve, doctor, invite.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use patella::{
    app::Live,
    config::Config,
    discord::{
        doctor::{self, Finding},
        gateway::{self, Share},
        interactions::{self, Keys},
        register,
        rest::{self, Rest},
        serve,
        view::View,
    },
    operator,
    store::{self, Clubs, Store, backup::Backup},
    telemetry,
    terminal::arguments,
    web,
};

use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    files,
    reload::{self, Hangup, Read},
    running::{runtime, told_to_stop},
};

/// How long the store has to say goodbye.
const GOODBYE: Duration = Duration::from_secs(5);
/// Connections to the operator's page at once: probes and a few scrapers. The other files are for members.
const OPERATORS: usize = 64;
/// What `serve` says to somebody who has no token yet.
const NO_TOKEN: &str = "\
there is no bot token yet. To get one:
  1. Open https://discord.com/developers/applications and press New Application.
  2. On its page Bot, press Reset Token and copy what appears. No privileged intent is needed; leave them off.
  3. Set it: `export DISCORD_TOKEN=...`, or `token` under `[discord]` in the file that --config names.
  4. Run `patella serve` again and open the link that it prints, to install the bot in your server.
Signed HTTP interactions alone need no token, but `discord.public_key` and `http.listen`: see docs/operating.md.";

fn token(config: &Config) -> anyhow::Result<String> {
    config.discord.token.clone().context(NO_TOKEN)
}

fn share(config: &Config) -> anyhow::Result<Option<Share>> {
    let Some(text) = config.discord.shards.as_deref() else { return Ok(None) };
    match gateway::parse_share(text) {
        Some(share) => Ok(Some(share)),
        None => {
            bail!("`{text}` is no range of shards; write it like 0-3/8, or shared/4, or none (PATELLA_SHARDS or discord.shards)")
        }
    }
}

/// Where signed HTTP interactions are taken, and what they are verified with. A bot with a token may be given its public key and take
/// none: who copies all that the Developer Portal shows wants the gateway.
fn http(config: &Config) -> anyhow::Result<Option<(Keys, SocketAddr)>> {
    const KEY: &str = "`discord.public_key` (DISCORD_PUBLIC_KEY)";
    const LISTEN: &str = "`http.listen` (PATELLA_HTTP_LISTEN)";
    match (&config.discord.public_key, config.http.listen) {
        (None, None) => Ok(None),
        (Some(_), None) if config.discord.token.is_some() => Ok(None),
        (Some(_), None) => bail!("{KEY} is set and {LISTEN} is not: signed HTTP interactions need both"),
        (None, Some(_)) => bail!("{LISTEN} is set and {KEY} is not: signed HTTP interactions need both"),
        (Some(keys), Some(listen)) => Ok(Some((Keys::parse(keys).context(KEY)?, listen))),
    }
}

fn rest(config: &Config) -> anyhow::Result<Rest> {
    // Somebody waits before a terminal: they rather hear soon that Discord does not answer.
    let timings = rest::Timings {
        connect: Duration::from_secs(3),
        attempt: Duration::from_secs(5),
        back_off: Duration::from_millis(100),
        longest_back_off: Duration::from_millis(500),
        ..rest::Timings::default()
    };
    let settings = rest::Settings { api: config.discord.api.clone(), token: token(config)?, timings };
    Ok(Rest::new(settings)?)
}

/// Runs the bot until it is told to stop.
pub fn run(read: Read, folder: Option<&Path>, config: &Config) -> anyhow::Result<ExitCode> {
    let http = http(config)?;
    let token = if http.is_some() { config.discord.token.clone() } else { Some(token(config)?) };
    let shards = share(config)?;
    let runtime = runtime()?;
    // Before anything that takes its time: who changes the knowledge then must not end the bot.
    let asked = {
        let _inside = runtime.enter();
        Hangup::new()
    };
    let app = read()?;
    telemetry::start(&config.log);
    if http.is_none() && config.discord.public_key.is_some() {
        tracing::info!("there is a public key and no http.listen (PATELLA_HTTP_LISTEN): no signed HTTP interactions are taken");
    }
    runtime.block_on(async {
        let http = match http {
            None => None,
            Some((keys, listen)) => {
                let taken = || format!("signed HTTP interactions cannot be taken at {listen} (`http.listen`)");
                Some(interactions::Settings { socket: web::bind(listen).with_context(taken)?, keys })
            }
        };
        let store = match store::open_patiently(&config.store.url).await {
            Ok(store) => Some(store),
            // Which shards to run stands in the store.
            Err(error) if matches!(shards, Some(Share::Parts(_))) => return Err(error.into()),
            Err(error) => {
                // Answers do not need the store; settings do.
                tracing::error!(%error, "there is no store: clubs have the default settings, and changes cannot be saved");
                None
            }
        };
        let clubs = Arc::new(Clubs::new(store, app.defaults().clone()));
        let view = View::default();
        let page = operator(config, view.clone()).await;
        let settings = serve::Settings {
            token,
            api: config.discord.api.clone(),
            shards,
            cooldown: Duration::from_secs(config.ask.cooldown_s),
            today: super::today,
            view,
            http,
        };
        let say = |line: &str| {
            // There is nowhere left to say that standard output is closed.
            let _ = writeln!(io::stdout(), "{line}");
        };
        let live = Live::from(Arc::new(app));
        let followed = reload::follow(live.clone(), settings.view.clone(), folder, read, asked);
        let ended = tokio::select! {
            ended = serve::serve(live, clubs.clone(), settings, say, told_to_stop()) => ended,
            never = followed => never,
        };
        if let Some(store) = clubs.store() {
            // A connection that hangs is left behind.
            let _ = tokio::time::timeout(GOODBYE, store.close()).await;
        }
        page.abort();
        ended?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Serves health and metrics until the bot has ended: whoever asks is to see how it ends. A bot without that page answers members all
/// the same.
async fn operator(config: &Config, view: View) -> JoinHandle<()> {
    let Some(address) = config.operator.listen else { return tokio::spawn(async {}) };
    match TcpListener::bind(address).await {
        Ok(listener) => {
            let limits = web::Limits { connections: OPERATORS, ..web::Limits::default() };
            let page = web::serve(listener, operator::router(view), limits, std::future::pending());
            tokio::spawn(page)
        }
        Err(error) => {
            tracing::error!(
                %error,
                %address,
                "health and metrics cannot be served: set operator.listen (PATELLA_OPERATOR_LISTEN) to a free address, or to \"none\""
            );
            tokio::spawn(async {})
        }
    }
}

/// What the check-up says of signed HTTP interactions; nothing where they are not set up.
fn http_finding(config: &Config) -> Option<Finding> {
    match http(config) {
        Ok(http) => http.map(|(keys, listen)| {
            let plural = if keys.count() == 1 { "key" } else { "keys" };
            Finding::well("HTTP", format!("taken at {listen}, verified with {} public {plural}", keys.count()))
        }),
        Err(error) => Some(Finding::fault("HTTP", super::whole(&error), "see \"Signed HTTP interactions\" in docs/operating.md")),
    }
}

/// Prints what each check finds, as it is found; fails if any found a fault. `base` is what was found of settings and knowledge.
pub fn check(base: Vec<Finding>, config: Option<&Config>, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut faults = 0;
    let mut tell = |findings: Vec<Finding>| -> io::Result<()> {
        faults += findings.iter().filter(|f| f.is_fault()).count();
        findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))?;
        out.flush()
    };
    tell(base)?;
    if let Some(config) = config {
        runtime()?.block_on(async {
            let store = store::open(&config.store.url).await;
            let store = store.as_ref().map(|s| &**s).map_err(ToString::to_string);
            tell(doctor::machine(store).await)?;
            let http = http_finding(config);
            let alone = http.as_ref().is_some_and(|finding| !finding.is_fault());
            tell(http.into_iter().collect())?;
            tell(match (share(config), &config.discord.token) {
                (Err(error), _) => vec![Finding::fault("shards", error.to_string(), "correct it or leave it out")],
                (Ok(_), None) if alone => {
                    let mend = "set it in one copy at least, for messages, weekly tips and commands";
                    vec![Finding::advice("token", "there is none: signed HTTP interactions alone are answered", mend)]
                }
                (Ok(_), None) => vec![Finding::fault("token", "there is none", "run `patella serve`: it says how to get one")],
                (Ok(_), Some(_)) => match rest(config) {
                    Ok(rest) => doctor::discord(&rest, &config.discord.api, config.discord.public_key.as_deref()).await,
                    Err(error) => {
                        let mend = "correct `discord.api` (PATELLA_DISCORD_API) and the token";
                        vec![Finding::fault("Discord", error.to_string(), mend)]
                    }
                },
            })
        })?;
    }
    match faults {
        0 => writeln!(out, "all is well")?,
        1 => writeln!(out, "1 fault")?,
        n => writeln!(out, "{n} faults")?,
    }
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints the install link.
pub fn invite(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let token_set = token(config)?;
    drop(token_set);
    let identity =
        runtime()?.block_on(async { serve::identity(&rest(config)?).await.context("Discord was asked who the bot is") })?;
    writeln!(out, "{}", register::install_link(&identity.application))?;
    Ok(())
}

/// Looks after what is stored.
pub fn store(command: &arguments::Store, config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    runtime()?.block_on(async {
        let store = store::open(&config.store.url).await?;
        let done = look_after(&*store, command, out).await;
        store.close().await;
        done
    })
}

async fn look_after(store: &dyn Store, command: &arguments::Store, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        arguments::Store::Check => {
            store.check().await?;
            let Backup { clubs, feedback, .. } = store.export().await?;
            let weekly = clubs.iter().filter(|c| c.weekly.is_some()).count();
            let left = clubs.iter().filter(|c| c.left_at.is_some()).count();
            writeln!(out, "the store can be read and written")?;
            writeln!(
                out,
                "{} clubs, {left} of them left; {weekly} with weekly tips; counts for {} topics",
                clubs.len(),
                feedback.len()
            )?;
        }
        arguments::Store::Export { file } => {
            let json = store.export().await?.to_json();
            if file.as_os_str() == "-" { out.write_all(json.as_bytes())? } else { files::replace(file, &json)? }
        }
        arguments::Store::Import { file } => {
            let json = if file.as_os_str() == "-" { super::read_input()? } else { files::read_text(file)? };
            let backup = Backup::from_json(&json).with_context(|| format!("cannot import {}", file.display()))?;
            store.import(&backup).await?;
            writeln!(out, "{} clubs imported", backup.clubs.len())?;
        }
    }
    Ok(())
}
