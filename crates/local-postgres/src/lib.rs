//! A private PostgreSQL server: finds or downloads the programs, initializes a data folder, starts, restarts
//! and stops the server.
//!
//! The server listens on a free loopback port (sockets limit the path length) and requires a random password,
//! which keeps other users of the machine out. PostgreSQL refuses to run as root, so root starts it as an
//! unprivileged user. The server stops when the process that started it ends, even by a crash.
#![forbid(unsafe_code)]

mod download;
mod error;
mod find;
mod folder;
mod programs;

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use error::Result;
pub use error::{Doing, Error};
use find::find_programs;
use folder::{home, make_data, open_log, place, read, tail, write_private};
use programs::{Owner, command, find_owner, is_root, major_version};

/// How long the server may take to start. Crash recovery can take a while.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// The wait between two attempts to start it.
const RELAUNCH_DELAY: Duration = Duration::from_millis(100);
/// How long the server may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// A running server. Dropping it stops it.
pub struct LocalPostgres {
    programs: PathBuf,
    data: PathBuf,
    owner: Option<Owner>,
    durability: Durability,
    port: u16,
    password: String,
    child: Option<Child>,
}

/// What a crash of the machine may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// No committed transaction.
    Full,
    /// Everything. For tests, which discard their data.
    None,
}

impl LocalPostgres {
    /// Starts the server in `<folder>/postgres` and initializes it on first use. Only one process may use a
    /// folder at a time. If no PostgreSQL is installed, downloads one and reports that on standard error.
    pub fn start(folder: &Path, durability: Durability) -> Result<Self> {
        let owner = if is_root() { Some(find_owner()?) } else { None };
        let home = home(folder, owner)?;
        let made_by = read(&home.join("data/PG_VERSION")).ok();
        let made_by = made_by.and_then(|version| version.trim().parse().ok());
        let programs = find_programs(made_by, owner)?;
        Self::start_with(programs, &home, durability, owner)
    }

    /// The URL to connect to the server in `<folder>/postgres` that another process has started. None: no server runs there.
    pub fn url_of_running(folder: &Path) -> Option<String> {
        let owner = if is_root() { Some(find_owner().ok()?) } else { None };
        let home = place(folder, owner);
        let status = read(&home.join("data/postmaster.pid")).ok()?;
        let lines: Vec<&str> = status.lines().map(str::trim).collect();
        let port: u16 = lines.get(3)?.parse().ok()?;
        if lines.last() != Some(&"ready") {
            return None;
        }
        // A server that was killed leaves the file.
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
        let password = read(&home.join("password")).ok()?;
        Some(url(password.trim(), port))
    }

    /// Starts the server with the programs in this folder.
    fn start_with(
        programs: PathBuf,
        home: &Path,
        durability: Durability,
        owner: Option<Owner>,
    ) -> Result<Self> {
        let data = home.join("data");
        let password_file = home.join("password");
        if !data.join("PG_VERSION").exists() {
            set_up(&programs, home, owner)?;
        }
        let password =
            read(&password_file).doing(|| format!("reading {}", password_file.display()))?.trim().to_owned();
        let mut server = Self { programs, data, owner, durability, port: 0, password, child: None };
        server.check_version()?;
        server.stop_orphan()?;
        server.launch()?;
        Ok(server)
    }

    /// The URL to connect as superuser: `postgres://...`.
    pub fn url(&self) -> String {
        url(&self.password, self.port)
    }

    /// The path of a program of the server's release, for example `psql`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Restarts the server if it has died. Returns whether it had.
    pub fn revive(&mut self) -> Result<bool> {
        match self.child.as_mut().map(Child::try_wait) {
            Some(Ok(None)) => Ok(false),
            _ => {
                self.stop_orphan()?;
                self.launch()?;
                Ok(true)
            }
        }
    }

    fn check_version(&self) -> Result<()> {
        let made_by = read(&self.data.join("PG_VERSION"))
            .doing(|| format!("reading {}", self.data.join("PG_VERSION").display()))?;
        let installed = major_version(&self.programs, self.owner)?;
        if installed.to_string() == made_by.trim() {
            return Ok(());
        }
        Err(Error::OtherVersion {
            data: self.data.clone(),
            made_by: made_by.trim().to_owned(),
            programs: self.programs.clone(),
            installed,
        })
    }

    /// Stops a server left over from an earlier process.
    fn stop_orphan(&self) -> Result<()> {
        if !self.data.join("postmaster.pid").exists() {
            return Ok(());
        }
        let status = self
            .pg_ctl(&["status"])
            .status()
            .doing(|| "querying the server's status with pg_ctl".to_owned())?;
        if status.success() {
            self.pg_ctl(&["stop", "-m", "fast", "-w"])
                .status()
                .doing(|| "stopping the left-over server".to_owned())?;
        }
        Ok(())
    }

    fn launch(&mut self) -> Result<()> {
        // A restarted server keeps its port, because clients keep connecting to it. The restart may have to
        // wait for the last processes of its predecessor. Another program may take a free port before the
        // server binds it, so we retry.
        let known = self.port != 0;
        let mut tries = 0;
        loop {
            if !known || tries > 5 {
                self.port = free_port().doing(|| "looking for a free port".to_owned())?;
            }
            match self.launch_once() {
                Ok(child) => {
                    self.child = Some(child);
                    return Ok(());
                }
                Err(error) if tries == 9 => return Err(error),
                Err(_) => tries += 1,
            }
            std::thread::sleep(RELAUNCH_DELAY);
        }
    }

    fn launch_once(&self) -> Result<Child> {
        let log_path = self.data.with_file_name("log");
        let log = open_log(&log_path)?;
        let errors = log.try_clone().doing(|| format!("opening {}", log_path.display()))?;
        // The status of a server that died says nothing about this one.
        let stale = self.status_file();
        let mut command = command(Path::new("/bin"), "sh", self.owner);
        command.args(["-c", GUARD, "guard"]).arg(self.programs.join("postgres")).arg("-D").arg(&self.data);
        for setting in settings(self.port, self.durability) {
            command.args(["-c", &setting]);
        }
        let mut child = command
            // A separate process group: Ctrl-C must reach us only; we stop the server when we are done.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .doing(|| "starting PostgreSQL".to_owned())?;
        let until = Instant::now() + START_TIMEOUT;
        while Instant::now() < until {
            if let Ok(Some(status)) = child.try_wait() {
                let what = format!("PostgreSQL ended at once ({status}); the end of its log");
                return Err(Error::Failed { what, log: tail(&log_path) });
            }
            if self.is_ready(&stale) {
                return Ok(child);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(child.stdin.take());
        let what = format!("PostgreSQL did not start within {START_TIMEOUT:?}; the end of its log");
        Err(Error::Failed { what, log: tail(&log_path) })
    }

    /// Reads the state from the last line of `postmaster.pid`. An open port could belong to another program.
    fn is_ready(&self, stale: &str) -> bool {
        let text = self.status_file();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        text != stale
            && lines.get(3) == Some(&self.port.to_string().as_str())
            && lines.last() == Some(&"ready")
    }

    fn status_file(&self) -> String {
        read(&self.data.join("postmaster.pid")).unwrap_or_default()
    }

    fn pg_ctl(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("pg_ctl");
        command.arg("-D").arg(&self.data).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn command(&self, program: &str) -> Command {
        command(&self.programs, program, self.owner)
    }
}

fn url(password: &str, port: u16) -> String {
    format!("postgres://tasker:{password}@127.0.0.1:{port}/postgres")
}

impl Drop for LocalPostgres {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // Closing the pipe makes the guard stop the server.
        drop(child.stdin.take());
        let until = Instant::now() + STOP_TIMEOUT;
        while Instant::now() < until {
            if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
    }
}

/// Runs the server and stops it when its standard input closes: when we close it, or when our process dies.
const GUARD: &str = r#"
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
(cat <&3 >/dev/null; kill -INT $server 2>/dev/null) >/dev/null 2>&1 &
exec 3<&-
wait $server
"#;

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Settings for a small private server.
fn settings(port: u16, durability: Durability) -> Vec<String> {
    let mut settings = vec![
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "max_connections=100".to_owned(),
        "shared_buffers=256MB".to_owned(),
        "max_wal_size=2GB".to_owned(),
        "checkpoint_timeout=15min".to_owned(),
        "wal_level=minimal".to_owned(),
        "max_wal_senders=0".to_owned(),
        // JIT compilation costs more than our queries take.
        "jit=off".to_owned(),
        "log_min_messages=warning".to_owned(),
    ];
    if durability == Durability::None {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
    }
    settings
}

fn set_up(programs: &Path, home: &Path, owner: Option<Owner>) -> Result<()> {
    let data = home.join("data");
    make_data(&data, owner)?;
    let password = uuid::Uuid::new_v4().simple().to_string();
    write_private(&home.join("password"), &password, None)?;
    // A copy that initdb can read.
    let handed = home.join("password-for-initdb");
    write_private(&handed, &password, owner)?;
    let output = command(programs, "initdb", owner)
        .arg("-D")
        .arg(&data)
        .args(["-U", "tasker", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-instructions"])
        .arg("--pwfile")
        .arg(&handed)
        .output();
    fs::remove_file(&handed).doing(|| format!("removing {}", handed.display()))?;
    let output = output.doing(|| "running initdb".to_owned())?;
    if !output.status.success() {
        let _ = fs::remove_dir_all(&data);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::Failed { what: "initdb failed".to_owned(), log });
    }
    Ok(())
}
