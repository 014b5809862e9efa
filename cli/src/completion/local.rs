//! What this machine has: profiles, templates of the project, keys of the configuration.

use clap_complete::CompletionCandidate;
use tasker_client::Profiles;
use tasker_templates::template::parse;

use super::context::project;

use crate::{config::keys, project::templates::files_of};

fn candidate(value: String, about: String) -> CompletionCandidate {
    CompletionCandidate::new(value).help((!about.is_empty()).then(|| about.into()))
}

/// The profiles.
pub(super) fn profiles() -> Vec<CompletionCandidate> {
    let profiles = Profiles::load().unwrap_or_default();
    profiles.0.into_iter().map(|(name, profile)| candidate(name, profile.url)).collect()
}

/// The servers of the profiles.
pub(super) fn servers() -> Vec<CompletionCandidate> {
    let profiles = Profiles::load().unwrap_or_default();
    profiles.0.into_iter().map(|(name, profile)| candidate(profile.url, name)).collect()
}

/// The keys of the configuration.
pub(super) fn keys() -> Vec<CompletionCandidate> {
    let keys = keys::all().unwrap_or_default();
    keys.into_iter().map(|key| candidate(key.name, key.about)).collect()
}

/// The templates of the project that can be read.
pub(super) fn templates() -> Vec<CompletionCandidate> {
    let files = project().and_then(|project| files_of(&project)).unwrap_or_default();
    let read = |path: &std::path::PathBuf| Some(parse(&std::fs::read_to_string(path).ok()?).ok()?.template);
    files
        .iter()
        .filter_map(read)
        .map(|template| {
            let name = format!("{}/{}", template.namespace_name, template.name);
            candidate(name, template.description.unwrap_or_default())
        })
        .collect()
}
