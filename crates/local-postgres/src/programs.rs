//! PostgreSQL's programs: how to run them, and the user to run them as.

use std::{
    fs,
    io::ErrorKind,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::Path,
    process::Command,
    time::Duration,
};

use crate::error::{Doing, Error, Result};

/// Users to run PostgreSQL as when we are root, in order of preference.
const UNPRIVILEGED: &[&str] = &["postgres", "nobody"];
/// The programs that a folder must contain.
pub(crate) const PROGRAMS: [&str; 3] = ["initdb", "postgres", "pg_ctl"];
/// The oldest supported major version.
pub(crate) const OLDEST: u32 = 15;

/// The user that the server runs as.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Whether we are root.
pub(crate) fn is_root() -> bool {
    // Our entry in /proc belongs to our user. Without /proc, a new file does.
    let probe = fs::metadata("/proc/self").or_else(|_| {
        let path = std::env::temp_dir().join(format!("tasker-whoami-{}", std::process::id()));
        fs::write(&path, "")?;
        let metadata = fs::metadata(&path);
        let _ = fs::remove_file(&path);
        metadata
    });
    probe.is_ok_and(|metadata| metadata.uid() == 0)
}

/// Finds the user to run the server as when we are root.
pub(crate) fn find_owner() -> Result<Owner> {
    let users = fs::read_to_string("/etc/passwd").doing(|| "reading /etc/passwd".to_owned())?;
    let find = |wanted: &&str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (name, _, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
            (name == *wanted).then_some(Owner { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
        })
    };
    UNPRIVILEGED.iter().find_map(find).ok_or(Error::NoUser)
}

/// The major version that `postgres --version` reports.
pub(crate) fn major_version(programs: &Path, owner: Option<Owner>) -> Result<u32> {
    let mut tries = 0;
    let output = loop {
        match command(programs, "postgres", owner).arg("--version").output() {
            // Happens just after unpacking, while a child that another thread is starting still has the file
            // open.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && tries < 100 => tries += 1,
            other => break other.doing(|| format!("running {}", programs.join("postgres").display()))?,
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let digits = said.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit);
    match digits.collect::<String>().parse() {
        Ok(major) if output.status.success() => Ok(major),
        _ => Err(Error::Failed {
            what: format!("{} --version failed ({})", programs.join("postgres").display(), output.status),
            log: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        }),
    }
}

/// A command that runs one of the programs as this user.
pub(crate) fn command(programs: &Path, program: &str, owner: Option<Owner>) -> Command {
    let mut command = Command::new(programs.join(program));
    // The server's user may not be able to read our working directory, and must not see our secrets: every process of
    // that user can read its environment.
    let kept = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "TZ"];
    let kept = kept.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    command.current_dir("/").env_clear().envs(kept).env("LC_ALL", "C");
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    command
}

/// Whether every user can traverse the parent folders of this path.
pub(crate) fn reachable(path: &Path) -> bool {
    let open = |parent: &Path| fs::metadata(parent).is_ok_and(|metadata| metadata.mode() & 0o001 != 0);
    path.ancestors().skip(1).filter(|parent| parent.exists()).all(open)
}

/// Sets the mode of a file or folder.
pub(crate) fn permit(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .doing(|| format!("setting the permissions of {}", path.display()))
}
