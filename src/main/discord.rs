//! The commands that have to do with Discord: serve, doctor, invite.

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use patella::{
    app::App,
    config::Config,
    discord::{
        doctor::{self, Finding},
        gateway::{self, Share},
        register,
        rest::{self, Rest},
        serve,
    },
    store::{self, Clubs, Store, StoreError, backup::Backup},
    telemetry,
    terminal::arguments,
};

use super::files;

/// What `serve` says to somebody who has no token yet.
const NO_TOKEN: &str = "\
there is no bot token yet. To get one:
  1. Open https://discord.com/developers/applications and press New Application.
  2. On its page Bot, press Reset Token and copy what appears. No privileged intent is needed; leave them off.
  3. Set it: `export DISCORD_TOKEN=...`, or `token` under `[discord]` in the file that --config names.
  4. Run `patella serve` again and open the link that it prints, to install the bot in your server.";

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

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    // With one worker, a burst of events starves the tasks that would answer them.
    let workers = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().context("cannot start threads")
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
pub fn run(app: App, config: &Config) -> anyhow::Result<ExitCode> {
    let token = token(config)?;
    let shards = share(config)?;
    telemetry::start(&config.log);
    runtime()?.block_on(async {
        let store = match shards {
            // Which shards to run stands in the store.
            Some(Share::Parts(_)) => Some(patient_store(&config.store.url).await?),
            _ => match store::open(&config.store.url).await {
                Ok(store) => Some(store),
                Err(error) => {
                    // Answers do not need the store; settings do.
                    tracing::error!(%error, "there is no store: clubs have the default settings, and changes cannot be saved");
                    None
                }
            },
        };
        let clubs = Arc::new(Clubs::new(store, app.defaults().clone()));
        let settings = serve::Settings {
            token,
            api: config.discord.api.clone(),
            shards,
            cooldown: Duration::from_secs(config.ask.cooldown_s),
            today: super::today,
        };
        let say = |line: &str| {
            // There is nowhere left to say that standard output is closed.
            let _ = writeln!(io::stdout(), "{line}");
        };
        let ended = serve::serve(Arc::new(app), clubs.clone(), settings, say, told_to_stop()).await;
        if let Some(store) = clubs.store() {
            store.close().await;
        }
        ended?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Opens the store, and waits for one that is away for the moment.
async fn patient_store(url: &str) -> anyhow::Result<Arc<dyn Store>> {
    const AGAIN: Duration = Duration::from_secs(2);
    loop {
        match store::open(url).await {
            Err(error @ (StoreError::Unreachable(_) | StoreError::Locked(_))) => {
                tracing::error!(%error, "there is no store, which says what shards to run: waiting for it");
                tokio::time::sleep(AGAIN).await;
            }
            opened => return Ok(opened?),
        }
    }
}

/// Ends at Ctrl-C or, on Unix, at the signal that service managers send.
async fn told_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        let terminate = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => drop(signal.recv().await),
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! { () = interrupt => {}, () = terminate => {} }
    }
    #[cfg(not(unix))]
    interrupt.await;
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
            tell(match (share(config), &config.discord.token) {
                (Err(error), _) => vec![Finding::fault("shards", error.to_string(), "correct it or leave it out")],
                (Ok(_), None) => vec![Finding::fault("token", "there is none", "run `patella serve`: it says how to get one")],
                (Ok(_), Some(_)) => match rest(config) {
                    Ok(rest) => doctor::discord(&rest, &config.discord.api).await,
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
