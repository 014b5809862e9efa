//! The private PostgreSQL of a project: found, set up, started, kept running, stopped.
//!
//! It listens on a loopback port of its own choice behind a random password: a path of any length works, and other
//! users of the machine stay out. PostgreSQL refuses to run as root, so root starts it as an ordinary user.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use sqlx::postgres::PgConnectOptions;

/// How long the server may take to start; recovery after a crash can take a while.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long it may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// Users that PostgreSQL can run as when we are root, the best first.
const UNPRIVILEGED: &[&str] = &["postgres", "nobody"];

/// A running private server. Dropping it stops it.
pub(crate) struct PrivatePostgres {
    programs: PathBuf,
    data: PathBuf,
    owner: Option<Owner>,
    port: u16,
    password: String,
    child: Option<Child>,
}

/// The user that the server runs as.
#[derive(Debug, Clone, Copy)]
struct Owner {
    uid: u32,
    gid: u32,
}

impl PrivatePostgres {
    /// Starts the server of a project, setting it up the first time. The caller holds the project's lock.
    pub(crate) fn start(state_dir: &Path) -> Result<Self> {
        let programs = find_programs()?;
        let owner = if is_root() { Some(find_owner()?) } else { None };
        let home = home(state_dir, owner)?;
        let data = home.join("data");
        let password_file = home.join("password");
        if !data.join("PG_VERSION").exists() {
            set_up(&programs, &home, owner)?;
        }
        let password = fs::read_to_string(&password_file)
            .with_context(|| format!("reading {}", password_file.display()))?
            .trim()
            .to_owned();
        let mut server = Self { programs, data, owner, port: 0, password, child: None };
        server.check_version()?;
        server.stop_orphan()?;
        server.launch()?;
        Ok(server)
    }

    /// How to connect.
    pub(crate) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new()
            .host("127.0.0.1")
            .port(self.port)
            .username("tasker")
            .password(&self.password)
            .database("postgres")
    }

    /// Starts the server again if it has died. Answers whether it had.
    pub(crate) fn revive(&mut self) -> Result<bool> {
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
        let theirs = fs::read_to_string(self.data.join("PG_VERSION"))?;
        let output = self.command("postgres").arg("--version").output()?;
        let ours = String::from_utf8_lossy(&output.stdout).into_owned();
        let major: String =
            ours.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        if major != theirs.trim() {
            bail!(
                "the project's database was made by PostgreSQL {}, and {} has {major}.\n\
                 Install PostgreSQL {}, or remove {} to start with an empty database.",
                theirs.trim(),
                self.programs.display(),
                theirs.trim(),
                self.data.display()
            );
        }
        Ok(())
    }

    /// Stops a server that a killed process of ours left behind.
    fn stop_orphan(&self) -> Result<()> {
        if !self.data.join("postmaster.pid").exists() {
            return Ok(());
        }
        let status = self.pg_ctl(&["status"]).status().context("asking pg_ctl for the server's status")?;
        if status.success() {
            self.pg_ctl(&["stop", "-m", "fast", "-w"]).status().context("stopping the server left behind")?;
        }
        Ok(())
    }

    fn launch(&mut self) -> Result<()> {
        // Another process may take the port between our look and the server's, so more than one try.
        let mut last = None;
        for _ in 0..5 {
            self.port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            match self.launch_once() {
                Ok(child) => {
                    self.child = Some(child);
                    return Ok(());
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("PostgreSQL did not start")))
    }

    fn launch_once(&self) -> Result<Child> {
        let log_path = self.data.with_file_name("log");
        let log = fs::OpenOptions::new().create(true).append(true).open(&log_path)?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(&self.data);
        for setting in settings(self.port) {
            command.args(["-c", &setting]);
        }
        // A group of its own: Ctrl-C is for us, and we stop the server when we are done with it.
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("starting PostgreSQL")?;
        let until = Instant::now() + START_TIMEOUT;
        while Instant::now() < until {
            if let Some(status) = child.try_wait()? {
                bail!("PostgreSQL ended at once ({status}); its log:\n{}", tail(&log_path));
            }
            if self.is_ready() {
                return Ok(child);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = child.kill();
        bail!("PostgreSQL did not start within {START_TIMEOUT:?}; its log:\n{}", tail(&log_path))
    }

    /// The last line of the server's own file tells its state; a port that answers may be somebody else's.
    fn is_ready(&self) -> bool {
        let Ok(text) = fs::read_to_string(self.data.join("postmaster.pid")) else { return false };
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        lines.get(3) == Some(&self.port.to_string().as_str()) && lines.last() == Some(&"ready")
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

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = self.pg_ctl(&["stop", "-m", "fast", "-W"]).status();
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

/// Small, durable, and without what a private server does not need.
fn settings(port: u16) -> Vec<String> {
    [
        &format!("port={port}"),
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=50",
        "shared_buffers=256MB",
        "max_wal_size=2GB",
        "checkpoint_timeout=15min",
        "wal_level=minimal",
        "max_wal_senders=0",
        // Compiling queries costs more than all of ours take.
        "jit=off",
        "log_min_messages=warning",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn set_up(programs: &Path, home: &Path, owner: Option<Owner>) -> Result<()> {
    // What an interrupted set-up has left.
    let data = home.join("data");
    if data.exists() {
        fs::remove_dir_all(&data).with_context(|| format!("removing {}", data.display()))?;
    }
    let password_file = home.join("password");
    fs::write(&password_file, uuid::Uuid::new_v4().simple().to_string())?;
    private(&password_file, 0o600)?;
    give(&password_file, owner)?;
    let output = command(programs, "initdb", owner)
        .arg("-D")
        .arg(&data)
        .args(["-U", "tasker", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-instructions"])
        .arg("--pwfile")
        .arg(&password_file)
        .output()
        .context("running initdb")?;
    if !output.status.success() {
        let _ = fs::remove_dir_all(&data);
        bail!("initdb failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn command(programs: &Path, program: &str, owner: Option<Owner>) -> Command {
    let mut command = Command::new(programs.join(program));
    // Where we stand may be closed to the server's user.
    command.current_dir("/").env_remove("PGDATA").env_remove("PGPORT").env("LC_ALL", "C");
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    command
}

/// The folder of the server: the project's own, or one under `/var/lib` where the server's user cannot reach that.
fn home(state_dir: &Path, owner: Option<Owner>) -> Result<PathBuf> {
    let reachable = state_dir
        .ancestors()
        .skip(1)
        .filter(|folder| folder.exists())
        .all(|folder| fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o001 != 0));
    let home = if owner.is_none() || reachable {
        state_dir.join("postgres")
    } else {
        let name: String = state_dir
            .to_string_lossy()
            .chars()
            .map(|character| if character.is_alphanumeric() { character } else { '-' })
            .collect();
        // Long paths differ at their ends.
        let start = name.len().saturating_sub(200);
        PathBuf::from("/var/lib/tasker").join(name.get(start..).unwrap_or(&name).trim_matches('-'))
    };
    fs::create_dir_all(&home).with_context(|| format!("making {}", home.display()))?;
    if owner.is_some() {
        private(state_dir, 0o755).ok();
    }
    private(&home, 0o700)?;
    give(&home, owner)?;
    Ok(home)
}

fn private(path: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("setting the permissions of {}", path.display()))
}

fn give(path: &Path, owner: Option<Owner>) -> Result<()> {
    let Some(owner) = owner else { return Ok(()) };
    std::os::unix::fs::chown(path, Some(owner.uid), Some(owner.gid))
        .with_context(|| format!("giving {} to the server's user", path.display()))
}

fn is_root() -> bool {
    // Our own entry in /proc belongs to the user that we are; where there is no /proc, a new file does.
    let probe = fs::metadata("/proc/self").or_else(|_| {
        let path = std::env::temp_dir().join(format!("tasker-whoami-{}", std::process::id()));
        fs::write(&path, "")?;
        let metadata = fs::metadata(&path);
        let _ = fs::remove_file(&path);
        metadata
    });
    probe.is_ok_and(|metadata| metadata.uid() == 0)
}

fn find_owner() -> Result<Owner> {
    let users = fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
    let find = |wanted: &&str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (name, _, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
            (name == *wanted).then_some(Owner { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
        })
    };
    UNPRIVILEGED.iter().find_map(find).context(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as; \
         run tasker as an ordinary user, or set DATABASE_URL",
    )
}

/// Finds PostgreSQL's programs: on the path, then where Debian, Red Hat, Homebrew and Postgres.app put them.
fn find_programs() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versioned = [
        ("/usr/lib/postgresql", "bin"),
        ("/usr", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr/local/opt", "bin"),
        ("/home/linuxbrew/.linuxbrew/opt", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "bin"),
    ];
    for (parent, bin) in versioned {
        let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                let version = name.trim_start_matches("postgresql@").trim_start_matches("pgsql-");
                let major = version.split('.').next()?.parse().ok()?;
                Some((major, entry.path().join(bin)))
            })
            .collect();
        // The newest first.
        found.sort_by(|left, right| right.cmp(left));
        candidates.extend(found.into_iter().map(|(_, folder)| folder));
    }
    candidates
        .into_iter()
        .find(|folder| ["initdb", "postgres", "pg_ctl"].iter().all(|program| folder.join(program).is_file()))
        .context(
            "PostgreSQL is not installed (looked for initdb, postgres and pg_ctl on PATH, in \
             /usr/lib/postgresql/*/bin and in Homebrew's folders).\n\
             Install version 15 or later:  apt-get install postgresql  |  dnf install postgresql-server  |  \
             brew install postgresql@17\n\
             or set DATABASE_URL to a server of yours.",
        )
}

fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
