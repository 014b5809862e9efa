//! What the words before the cursor say: the project, the server, the profile, the task.

use std::{env, path::Path};

use anyhow::Result;
use uuid::Uuid;

use crate::config::ProjectConfig;

/// The words of the command up to the cursor.
fn words() -> Vec<String> {
    let mut words = env::args().skip_while(|word| word != "--");
    // Then the name of the program.
    words.next();
    words.next();
    words.collect()
}

/// The configuration with the server that the words and the environment name.
pub(super) fn project() -> Result<ProjectConfig> {
    let words = words();
    let of = |option: &str, variable: &str| {
        let set = || env::var(variable).ok().filter(|value| !value.is_empty());
        value(&words, option).or_else(set)
    };
    let folder = value(&words, "--project").unwrap_or_else(|| ".".to_owned());
    let profile = value(&words, "--profile");
    // A word before the cursor counts more than a variable.
    let server = value(&words, "--server")
        .or_else(|| if profile.is_some() { None } else { of("--server", "TASKER_URL") });
    let profile = if server.is_some() { None } else { of("--profile", "TASKER_PROFILE") };
    ProjectConfig::of_server(Path::new(&folder), server, profile.as_deref())
}

/// The task that the words name.
pub(super) fn task() -> Option<Uuid> {
    words().iter().find_map(|word| word.parse().ok())
}

/// The value of an option: `--name value` or `--name=value`.
fn value(words: &[String], option: &str) -> Option<String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == option {
            return words.next().cloned();
        }
        if let Some(value) = word.strip_prefix(option).and_then(|rest| rest.strip_prefix('=')) {
            return Some(value.to_owned());
        }
    }
    None
}
