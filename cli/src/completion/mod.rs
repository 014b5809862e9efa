//! Completion in shells: commands and options, and what a server, the project and the user have.
//!
//! The shell runs this program with the words up to the cursor, `TASKER_COMPLETE=bash tasker -- tasker task show 01`.

mod context;
mod local;
mod remote;
mod sources;

use std::{env, io};

use anyhow::{Context, Result};
use clap::{Arg, Command};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCandidates, ArgValueCompleter, PathCompleter},
    env::Shells,
};

use self::sources::{Source, source};

/// The variable that tells the shell's requests from commands.
const VARIABLE: &str = "TASKER_COMPLETE";
const NAME: &str = "tasker";

/// Answers a request of a shell. Returns whether it was one: then nothing else must be done.
pub(crate) fn answered(command: fn() -> Command) -> bool {
    let folder = env::current_dir().ok();
    let factory = move || complete(command(), "");
    // Whoever presses the key wants no error in the middle of the line.
    CompleteEnv::with_factory(factory)
        .var(VARIABLE)
        .try_complete(env::args_os(), folder.as_deref())
        .unwrap_or(true)
}

/// Returns the script that asks this program.
///
/// # Errors
/// The shell is not known.
pub(crate) fn script(shell: &str) -> Result<String> {
    let shells = Shells::builtins();
    let completer = shells.completer(shell).with_context(|| format!("there is no completion for {shell}"))?;
    let program = env::args().next().unwrap_or_else(|| NAME.to_owned());
    // By its path only if it was called so.
    let program = if program.contains('/') {
        env::current_exe().map_or(program, |path| path.display().to_string())
    } else {
        program
    };
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, NAME, NAME, &program, &mut script)?;
    String::from_utf8(script).map_err(|error| io::Error::other(error).into())
}

/// Lets arguments be completed, by their names. `path` is that of the command, such as `task show`.
fn complete(command: Command, path: &str) -> Command {
    let of = path.to_owned();
    let command = command.mut_args(|argument| of_argument(argument, &of));
    let of = path.to_owned();
    command.mut_subcommands(|below| {
        let path = format!("{of} {}", below.get_name());
        complete(below, path.trim())
    })
}

fn of_argument(argument: Arg, path: &str) -> Arg {
    match source(path, argument.get_id().as_str()) {
        None => argument,
        Some(Source::File) => argument.add(ArgValueCompleter::new(PathCompleter::file())),
        Some(Source::Folder) => argument.add(ArgValueCompleter::new(PathCompleter::dir())),
        Some(Source::Local(list)) => argument.add(ArgValueCandidates::new(list)),
        Some(Source::Server(list)) => argument.add(ArgValueCandidates::new(move || remote::candidates(list))),
    }
}
