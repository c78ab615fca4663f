//! Reads the knowledge anew while the bot runs: when files of its folder change, and at SIGHUP. A knowledge with faults is refused
//! whole; the one before stays.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use patella::{
    app::{App, Live},
    discord::view::View,
};
use tokio::{sync::mpsc, time::timeout};

/// Files that are saved or copied together come as one change: nothing for so long is its end.
const QUIET: Duration = Duration::from_millis(500);
/// A change that does not end is read all the same.
const LONGEST: Duration = Duration::from_secs(5);

/// Makes the bot anew from its knowledge.
pub type Read = Arc<dyn Fn() -> anyhow::Result<App> + Send + Sync>;

/// Follows the folder, if the knowledge comes from one, and the signal, until it is dropped.
pub async fn follow(live: Live, view: View, folder: Option<&Path>, read: Read, mut asked: Hangup) -> ! {
    let (changed, mut changes) = mpsc::channel(1);
    loop {
        // Held, because it stops watching when it is dropped; and made anew before each reading, because it goes on watching a folder
        // that another one was put in the place of.
        let _watcher = folder.and_then(|folder| match watch(folder, changed.clone()) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                let error = super::whole(&error);
                tracing::warn!(error, "changes of the knowledge folder are not seen: send SIGHUP after a change, or start again");
                None
            }
        });
        tokio::select! {
            Some(()) = changes.recv() => {
                let quiet = async { while matches!(timeout(QUIET, changes.recv()).await, Ok(Some(()))) {} };
                // Read at the latest then.
                let _ = timeout(LONGEST, quiet).await;
            }
            () = asked.come() => {
                if folder.is_none() {
                    tracing::info!("the knowledge is inside the program: there is nothing to read anew");
                    continue;
                }
            }
        }
        let made = tokio::task::spawn_blocking({
            let read = read.clone();
            move || read()
        });
        match made.await.context("reading broke").flatten() {
            Ok(app) => {
                let (topics, flags) = (app.knowledge().topics.len(), app.knowledge().flags.len());
                live.replace(app);
                view.read(true);
                tracing::info!(topics, flags, "the knowledge was read anew");
            }
            Err(error) => {
                view.read(false);
                let error = super::whole(&error);
                tracing::error!(error, "the knowledge was not taken; the one before stays");
            }
        }
    }
}

fn watch(folder: &Path, changed: mpsc::Sender<()>) -> anyhow::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading the folder is no change of it. A full channel holds a change already.
        if event.is_ok_and(|event| !event.kind.is_access()) {
            let _ = changed.try_send(());
        }
    })?;
    watcher.watch(folder, RecursiveMode::Recursive)?;
    Ok(watcher)
}

/// The signal that asks for the knowledge to be read anew, where the system has it. Until this is made, that signal ends the process.
pub struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    /// Begins to wait for the signal; inside a runtime.
    pub fn new() -> Self {
        Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    async fn come(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}
