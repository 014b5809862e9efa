//! Asking before many things are changed.

use std::io::{BufRead as _, IsTerminal as _, Write as _, stdin};

use anyhow::{Result, bail};

/// From how many on their number must be typed, not only `y`.
const MANY: usize = 100;

/// Asks on the terminal whether to do `verb` to `count` of `what`.
///
/// # Errors
/// There is nobody to ask.
pub(super) fn is_confirmed(verb: &str, count: usize, what: &str) -> Result<bool> {
    if !stdin().is_terminal() {
        bail!("nothing was changed: standard input is no terminal to confirm on; add --yes to go on");
    }
    let expected = if count > MANY { count.to_string() } else { "y".to_owned() };
    let question = if count > MANY {
        format!("Type {count} to {verb} these {what}: ")
    } else {
        format!("{verb} these {count} {what}? [y/N] ")
    };
    eprint!("{question}");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case(&expected))
}
