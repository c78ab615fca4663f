//! A PostgreSQL server for the tests, started by themselves in a temporary folder and reached by a socket there.
//!
//! Where none is installed, tests that want one say so aloud and do nothing; under `CI=true` that is a failure.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A server that ends with this process.
pub struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    owner: Option<(u32, u32)>,
    /// Its standard input is a pipe that closes when this process ends, however it ends; then it stops the server.
    _guard: Child,
}

/// The address of a new, empty database; `None` where there is no PostgreSQL.
pub fn database() -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let cluster = shared()?;
    let name = format!("test{}", NEXT.fetch_add(1, Ordering::Relaxed));
    cluster.run("createdb", &["-h", cluster.socket(), "-U", "patella", &name]);
    Some(cluster.url(&name))
}

fn shared() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start).as_ref()
}

/// The folder of the programs: on the path, or where Debian and others put them.
fn programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let versions =
        |root: &str| fs::read_dir(root).into_iter().flatten().flatten().map(|e| e.path().join("bin")).collect::<Vec<_>>();
    folders.extend(versions("/usr/lib/postgresql"));
    let found = folders.into_iter().find(|f| f.join("initdb").is_file() && f.join("postgres").is_file())?;
    // Links to some of the programs may stand elsewhere; where they lead, all of them are.
    let real = fs::canonicalize(found.join("initdb")).ok()?;
    real.parent().map(Path::to_path_buf)
}

impl Cluster {
    /// A server of its own, for a test that stops it; `None` where there is no PostgreSQL.
    pub fn start() -> Option<Self> {
        let Some(bin) = programs() else {
            assert!(env::var("CI").as_deref() != Ok("true"), "PostgreSQL is missing, and CI needs it");
            eprintln!("skipped: PostgreSQL is not installed (initdb and postgres are not on the path)");
            return None;
        };
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // A socket's path must be short, so not in the target folder.
        let name = format!("patella-pg-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a temporary folder");
        let owner = owner(&folder);
        let data = folder.join("data");
        let run = |mut command: Command| {
            let output = as_owner(&mut command, owner).output().expect("the program starts");
            assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        let mut init = Command::new(bin.join("initdb"));
        init.arg("-D").arg(&data).args(["-U", "patella", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]);
        run(init);
        let guard = serve(&bin, &folder, owner);
        let cluster = Self { folder, bin, owner, _guard: guard };
        cluster.wait();
        Some(cluster)
    }

    /// The address of a database.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://patella@localhost/{name}?host={}", self.socket())
    }

    /// Stops the server as the end of its machine would, and starts it again.
    pub fn restart(&self) {
        self.control("restart");
        self.wait();
    }

    /// Stops the server as the end of its machine would; [`Self::restart`] starts it.
    pub fn stop(&self) {
        self.control("stop");
    }

    fn control(&self, what: &str) {
        let data = self.folder.join("data");
        let data = data.to_str().expect("the temporary folder has a plain name");
        let log = self.folder.join("log");
        let log = log.to_str().expect("the temporary folder has a plain name");
        // Without a log of its own the server would hold our pipe open.
        self.run("pg_ctl", &["-D", data, "-l", log, "-m", "immediate", "-w", what]);
    }

    fn socket(&self) -> &str {
        self.folder.to_str().expect("the temporary folder has a plain name")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.bin.join(program));
        let output = as_owner(command.args(arguments), self.owner).output().expect("the program starts");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn wait(&self) {
        let begin = Instant::now();
        loop {
            let mut ready = Command::new(self.bin.join("pg_isready"));
            if ready.args(["-q", "-h", self.socket(), "-U", "patella", "-d", "postgres"]).status().is_ok_and(|s| s.success()) {
                return;
            }
            assert!(begin.elapsed() < Duration::from_secs(60), "PostgreSQL does not start; see {}", self.folder.display());
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Starts the server below a shell that stops it when this process ends.
fn serve(bin: &Path, folder: &Path, owner: Option<(u32, u32)>) -> Child {
    let script = "\"$0/pg_ctl\" -D \"$1/data\" -l \"$1/log\" -w start >/dev/null; cat; \
                  \"$0/pg_ctl\" -D \"$1/data\" -m immediate stop >/dev/null; rm -rf \"$1\"";
    let settings =
        format!("unix_socket_directories='{}'\nlisten_addresses=''\nfsync=off\nmax_connections=200\n", folder.display());
    let file = folder.join("data/postgresql.auto.conf");
    fs::write(file, settings).expect("the settings can be written");
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(script).arg(bin).arg(folder);
    as_owner(&mut shell, owner).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("a shell")
}

/// PostgreSQL refuses to run as root: there, the folder and the server belong to its own user, or to nobody.
#[cfg(unix)]
fn owner(folder: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::{MetadataExt, chown};
    let me = fs::metadata(folder).expect("just made").uid();
    if me != 0 {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let line = passwd.lines().find(|l| l.split(':').next() == Some(name))?;
        let mut cells = line.split(':').skip(2);
        Some((cells.next()?.parse().ok()?, cells.next()?.parse().ok()?))
    };
    let owner = ids("postgres").or_else(|| ids("nobody"))?;
    chown(folder, Some(owner.0), Some(owner.1)).expect("root may give it away");
    Some(owner)
}

#[cfg(not(unix))]
fn owner(_folder: &Path) -> Option<(u32, u32)> {
    None
}

#[cfg(unix)]
fn as_owner(command: &mut Command, owner: Option<(u32, u32)>) -> &mut Command {
    use std::os::unix::process::CommandExt;
    if let Some((user, group)) = owner {
        command.uid(user).gid(group).current_dir("/");
    }
    command
}

#[cfg(not(unix))]
fn as_owner(command: &mut Command, _owner: Option<(u32, u32)>) -> &mut Command {
    command
}
