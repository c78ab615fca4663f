//! Reads files and environment, wires the parts together, and runs the command asked for.

// The binary's own parts; `src/` itself is the library's.
#[path = "main/check.rs"]
mod check;
#[cfg(feature = "discord")]
#[path = "main/discord.rs"]
mod discord;
#[path = "main/files.rs"]
mod files;
#[cfg(feature = "web")]
#[path = "main/playground.rs"]
mod playground;
#[cfg(feature = "discord")]
#[path = "main/reload.rs"]
mod reload;
#[cfg(any(feature = "discord", feature = "web"))]
#[path = "main/running.rs"]
mod running;

use std::{
    io::{self, IsTerminal, Read, Write},
    path::Path,
    process::ExitCode,
    time::Instant,
};

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, bail};
use clap::Parser;
use files::Folder;
use jiff::civil::Date;
use patella::{
    app::App,
    author,
    base::Base,
    club::Club,
    config::{ClinicSettings, Config},
    embedded,
    id::FlagId,
    knowledge::{Severity, Voices, phrasings},
    render::{json::to_json, text::Style},
    reply::Clinic,
    terminal::{
        Terminal,
        arguments::{self, Arguments, Color, Command, Global, Source},
    },
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => report(&error),
    }
}

/// Says what went wrong on standard error. Wrong usage is 2, all else 1; a reader that has seen enough (`| head`) is no fault.
fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(usage) = error.downcast_ref::<clap::Error>() {
        // There is nowhere left to say that standard error is closed.
        let _ = usage.print();
        return ExitCode::from(2);
    }
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        return ExitCode::SUCCESS;
    }
    let _ = writeln!(io::stderr(), "patella: {}", whole(error));
    ExitCode::FAILURE
}

/// An error with its causes, each said once: some name their own cause already.
fn whole(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| match said.as_str() {
        "" => cause,
        said if said.contains(&cause) => said.to_owned(),
        said => format!("{said}: {cause}"),
    })
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { global, command } = arguments;
    let color = colored(global.color);
    let choice = if color { ColorChoice::Always } else { ColorChoice::Never };
    // On older Windows consoles the stream turns escape sequences into calls.
    let out = &mut AutoStream::new(io::stdout().lock(), choice);
    match command {
        Command::Ask(ask) => {
            let text = match ask.source()? {
                Source::Text(text) => Some(text),
                Source::Input => Some(arguments::question(&read_input()?)?),
                Source::Lines => None,
            };
            let app = app(global)?;
            let terminal = terminal(&app, global, color);
            match text {
                None => terminal.ask_lines(&mut io::stdin().lock(), ask.explain, out)?,
                Some(text) if ask.json => writeln!(out, "{}", terminal.ask_json(&text, ask.explain))?,
                Some(text) => terminal.ask(&text, ask.explain, out)?,
            }
        }
        Command::Chat => {
            let app = app(global)?;
            let prompt = io::stdin().is_terminal() && io::stdout().is_terminal();
            terminal(&app, global, color).chat(&mut io::stdin().lock(), prompt, out)?;
        }
        Command::Topics => terminal(&app(global)?, global, color).topics(out)?,
        Command::Topic { id, json } => {
            let app = app(global)?;
            let terminal = terminal(&app, global, color);
            let reply = terminal.topic(id)?;
            if *json { writeln!(out, "{}", to_json(&reply))? } else { terminal.print(&reply, out)? }
        }
        Command::Knowledge(arguments::Knowledge::Check { dir }) => {
            let folder = Folder::read(dir.as_deref().or(global.knowledge.as_deref()))?;
            return check::run(&folder, color, out);
        }
        Command::Knowledge(arguments::Knowledge::Suggest { texts }) => {
            let folder = Folder::read(global.knowledge.as_deref())?;
            let app = app(global)?;
            for text in texts {
                writeln!(out, "{}", author::suggest::suggest(&app, &folder.files, embedded::encoder()?, text))?;
            }
        }
        Command::Knowledge(arguments::Knowledge::Calibrate) => {
            let folder = Folder::read(global.knowledge.as_deref())?;
            writeln!(out, "{}", author::calibrate::calibrate(&app(global)?, &folder.files))?;
        }
        Command::Knowledge(arguments::Knowledge::Coverage) => {
            let knowledge = base(global.knowledge.as_deref())?.knowledge;
            writeln!(out, "{}", author::coverage(&knowledge).trim_end())?;
        }
        Command::Tips(arguments::Tips::Simulate(simulate)) => terminal(&app(global)?, global, color).simulate(simulate, out)?,
        Command::Eval { files, held, json } => {
            let files = files.iter().map(|f| files::questions(f)).collect::<anyhow::Result<Vec<_>>>()?.concat();
            let app = app(global)?;
            let start = Instant::now();
            let knowledge = Folder::read(global.knowledge.as_deref())?;
            let voices = knowledge.text("voices.toml").map(Voices::from_toml).unwrap_or_default();
            let held = held.map(|why| (&voices, why));
            let scores = author::eval::run(&app, &files, held, today(), &|| start.elapsed().as_secs_f64())?;
            if *json { writeln!(out, "{}", serde_json::to_string(&scores)?)? } else { write!(out, "{scores}")? }
        }
        #[cfg(feature = "web")]
        Command::Playground { listen } => {
            let folder = Folder::read(global.knowledge.as_deref())?;
            playground::run(app(global)?, &folder.files, listen, out)?;
        }
        #[cfg(feature = "discord")]
        Command::Serve => {
            let config = config(global)?;
            let (folder, global, same) = (global.knowledge.clone(), global.clone(), config.clone());
            // Read anew, the knowledge meets the settings that the bot was started with.
            let read = move || app_of(&global, same.clone());
            return discord::run(std::sync::Arc::new(read), folder.as_deref(), &config);
        }
        #[cfg(feature = "discord")]
        Command::Doctor => return doctor(global, out),
        #[cfg(feature = "discord")]
        Command::Commands => {
            let commands = patella::discord::register::registration();
            writeln!(out, "{}", serde_json::to_string_pretty(&commands)?)?;
        }
        #[cfg(feature = "discord")]
        Command::Store(command) => discord::store(command, &config(global)?, out)?,
        #[cfg(feature = "discord")]
        Command::Invite => discord::invite(&config(global)?, out)?,
        Command::Completions { shell } => out.write_all(&arguments::completions(*shell))?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn colored(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
    }
}

fn terminal<'a>(app: &'a App, global: &'a Global, color: bool) -> Terminal<'a> {
    /// Longer lines are hard to read, however wide the window.
    const WIDTH_MAX: usize = 100;
    let width = io::stdout().is_terminal().then(|| textwrap::termwidth().min(WIDTH_MAX));
    // Read for an explanation alone: the base that the program carries leaves the phrases of warning signs in their files.
    let phrases = Box::new(|flag: &FlagId| {
        let path = format!("phrases/{flag}.txt");
        let folder = Folder::read(global.knowledge.as_deref()).ok();
        let all = folder.and_then(|folder| phrasings(&path, folder.text(&path)?)).unwrap_or_default();
        all.into_iter().map(|phrasing| phrasing.text).collect()
    });
    Terminal { app, today: today(), style: Style { width, color }, phrases }
}

/// The day where this machine stands.
fn today() -> Date {
    jiff::Zoned::now().date()
}

fn read_input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
    String::from_utf8(bytes).context("standard input is not UTF-8 text")
}

/// The bot, with the operator's settings.
fn app(global: &Global) -> anyhow::Result<App> {
    app_of(global, config(global)?)
}

fn app_of(global: &Global, config: Config) -> anyhow::Result<App> {
    let base = base(global.knowledge.as_deref())?;
    let knowledge = &base.knowledge;
    let region = global.region.clone().or(config.region);
    if let Some(code) = region.as_deref().filter(|code| knowledge.region(code).is_none()) {
        let known: Vec<&str> = knowledge.regions.iter().filter_map(|r| r.codes.first().map(String::as_str)).collect();
        let message = format!("there are no emergency numbers for the region `{code}`; there are for {}", known.join(", "));
        if global.region.is_some() {
            return Err(arguments::wrong_option(&message).into());
        }
        bail!("{message} (set by PATELLA_REGION or the settings file)");
    }
    let clinics = config.clinics.into_iter().map(clinic).collect();
    Ok(App::new(base, embedded::encoder()?, Club { clinics, region, ..Club::default() }))
}

/// The settings: the file named on the command line, or the defaults; the environment over them.
fn config(global: &Global) -> anyhow::Result<Config> {
    let config = match &global.config {
        Some(path) => Config::from_toml(&path.display().to_string(), &files::read_text(path)?)?,
        None => Config::default(),
    };
    config.with_env(&|name| std::env::var(name).ok()).map_err(anyhow::Error::msg)
}

/// Checks settings and knowledge, then all that needs them.
#[cfg(feature = "discord")]
fn doctor(global: &Global, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    use patella::discord::doctor::Finding;
    let mut found = Vec::new();
    let settings = config(global);
    match &settings {
        Ok(_) => found.push(Finding::well("settings", "can be read")),
        Err(error) => found.push(Finding::fault("settings", whole(error), "correct the file or the variable")),
    }
    // The region is part of this check: it must be one of the knowledge's.
    match settings.is_ok().then(|| app(global)) {
        Some(Ok(app)) => {
            let clinics = app.defaults().clinics.iter().filter(|c| patella::club::is_stale(c, today())).count();
            let knowledge = app.knowledge();
            found.push(Finding::well(
                "knowledge",
                format!("{} topics, {} red flags, {} tips", knowledge.topics.len(), knowledge.flags.len(), knowledge.tips.len()),
            ));
            if clinics > 0 {
                let wrong = format!("{clinics} of the default clinics not checked for half a year or never");
                found.push(Finding::advice("clinics", wrong, "call, check, and set `last_checked`"));
            }
        }
        Some(Err(error)) => {
            found.push(Finding::fault("knowledge", whole(&error), "run `patella knowledge check`"));
        }
        None => {}
    }
    discord::check(found, settings.as_ref().ok(), out)
}

fn clinic(settings: ClinicSettings) -> Clinic {
    let ClinicSettings { name, phone, hours, languages, link, last_checked } = settings;
    Clinic { name, phone, hours, languages, link, last_checked }
}

/// The base to answer from: the one inside the program, or the folder named, read and learned from now.
///
/// # Errors
/// Where the knowledge has errors: the first ten and how to see them all.
fn base(dir: Option<&Path>) -> anyhow::Result<Base> {
    const SHOWN: usize = 10;
    let (name, base) = match dir {
        None => ("knowledge".to_owned(), embedded::base()),
        Some(_) => {
            let folder = Folder::read(dir)?;
            let (knowledge, problems) = folder.load();
            let sound = problems.iter().all(|p| p.severity != Severity::Error);
            (folder.name, if sound { Ok(Base::new(knowledge)) } else { Err(problems) })
        }
    };
    let problems = match base {
        Ok(base) => return Ok(base),
        Err(problems) => problems,
    };
    let errors: Vec<_> = problems.iter().filter(|p| p.severity == Severity::Error).collect();
    let shown: String = errors.iter().take(SHOWN).map(|p| format!("\n  {name}/{p}")).collect();
    let more = errors.len().checked_sub(SHOWN + 1).map_or(String::new(), |n| format!("\n  and {} more", n + 1));
    let all = dir.map_or(String::new(), |d| format!(" {}", d.display()));
    let number = if errors.len() == 1 { "an error".to_owned() } else { format!("{} errors", errors.len()) };
    bail!("the knowledge in `{name}` has {number}:{shown}{more}\nrun `patella knowledge check{all}` to see each in its place")
}
