//! Commands of others: `tasker foo` runs the program `tasker-foo` of the PATH.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail};

use crate::nearest::nearest;

/// How the programs' names begin.
const PREFIX: &str = "tasker-";

/// Runs the program for a command that is none of `known`, with the rest of the arguments. Its exit code is the command's.
///
/// # Errors
/// There is no such program, or it cannot be run.
pub(crate) fn run(
    arguments: &[OsString],
    server: Option<&str>,
    profile: Option<&str>,
    known: &[String],
) -> Result<ExitCode> {
    let [name, rest @ ..] = arguments else { bail!("name a command: `tasker --help` lists them") };
    let Some(program) = program(name) else {
        let name = name.to_string_lossy();
        let hint = match nearest(&name, known.iter().map(String::as_str)) {
            Some(like) => format!("; did you mean `tasker {like}`?"),
            None => String::new(),
        };
        bail!(
            "there is no command `{name}`, and no program `{PREFIX}{name}` on the PATH{hint}\n\
             `tasker --help` lists the commands"
        );
    };
    let mut command = Command::new(&program);
    command.args(rest);
    for (variable, value) in [("TASKER_URL", server), ("TASKER_PROFILE", profile)] {
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
    }
    let status = command.status().with_context(|| format!("running {}", program.display()))?;
    // Ended by a signal: as a shell says it.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn program(name: &OsStr) -> Option<PathBuf> {
    // A name with a separator would leave the PATH.
    let name = name.to_str().filter(|name| !name.is_empty() && !name.contains(std::path::is_separator))?;
    let file = format!("{PREFIX}{name}{}", env::consts::EXE_SUFFIX);
    folders().into_iter().map(|folder| folder.join(&file)).find(|path| is_program(path))
}

fn folders() -> Vec<PathBuf> {
    // A relative folder is whatever lies in the working directory.
    env::var_os("PATH")
        .map(|path| env::split_paths(&path).filter(|folder| folder.is_absolute()).collect())
        .unwrap_or_default()
}

#[cfg(unix)]
fn is_program(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &std::path::Path) -> bool {
    path.is_file()
}
