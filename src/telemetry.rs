//! What the running bot logs: its own lines alone. Other crates' lines are dropped whole, because some of them quote what was
//! received (serenity's spans hold whole events).

use std::io::IsTerminal;

use tracing_subscriber::{Layer, filter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogFormat, LogLevel, LogSettings};

/// Begins to log on standard error, and makes a panic say where it happened, never what it says: a message could quote a question.
pub fn start(settings: &LogSettings) {
    let level = match settings.level {
        LogLevel::Error => filter::LevelFilter::ERROR,
        LogLevel::Warn => filter::LevelFilter::WARN,
        LogLevel::Info => filter::LevelFilter::INFO,
        LogLevel::Debug => filter::LevelFilter::DEBUG,
    };
    let ours = filter::Targets::new().with_target("patella", level);
    let layer = match settings.format {
        LogFormat::Human => {
            // Colors are for eyes: not for a file, a pipe or a journal.
            let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
            tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(color).boxed()
        }
        LogFormat::Json => tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).boxed(),
    };
    // A second start, as in tests, keeps the first.
    let _ = tracing_subscriber::registry().with(layer.with_filter(ours)).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        tracing::error!(place, "a request broke");
    }));
}
