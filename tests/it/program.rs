//! The program as a process of its own: free of what the environment would tell it, and ended with its test.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
};

/// Whether the program takes a setting from this variable.
pub fn settles(variable: &str) -> bool {
    variable.starts_with("PATELLA_")
        || variable.starts_with("DISCORD_")
        || matches!(variable, "RUST_LOG" | "NO_COLOR" | "CLICOLOR" | "CLICOLOR_FORCE")
}

/// A command that settings come to from the test alone.
pub fn patella() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_patella"));
    for (variable, _) in std::env::vars_os().filter(|(name, _)| settles(&name.to_string_lossy())) {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// An empty folder of a test's own.
pub fn folder(name: impl AsRef<Path>) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("it is ours");
    }
    fs::create_dir_all(&folder).expect("there is room");
    folder
}

/// A process that does not outlive its test, however that ends.
pub struct Running(Child);

impl Running {
    pub fn start(mut command: Command) -> Self {
        Self(command.spawn().expect("the program starts"))
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// What it says, where that is piped.
    pub fn stdout(&mut self) -> &mut ChildStdout {
        self.0.stdout.as_mut().expect("a pipe")
    }

    /// What it says on standard error, where that is piped.
    pub fn stderr(&mut self) -> &mut ChildStderr {
        self.0.stderr.as_mut().expect("a pipe")
    }

    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let told = Command::new("kill").args([name, &self.id().to_string()]).status().expect("there is `kill`");
        assert!(told.success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.0.wait().expect("it ends")
    }

    /// Tells it to stop as service managers do, and waits for an end in good order.
    #[cfg(unix)]
    pub fn end(mut self) {
        self.signal("-TERM");
        assert!(self.wait().success(), "a stop in good order is no fault");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGKILL: nothing is told, nothing is finished. It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
