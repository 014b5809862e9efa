//! What a server has, if it answers at once.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Result;
use clap_complete::CompletionCandidate;
use serde_json::Value;
use tasker_api::Page;
use tasker_templates::identifier_fault;

use super::{
    context::{project, task},
    sources::List,
};
use crate::{client::Client, output::printable};

/// How long somebody who presses a key waits.
const PATIENCE: Duration = Duration::from_millis(220);

/// The candidates of a list. None, if the server does not answer in time or refuses.
pub(super) fn candidates(list: &List) -> Vec<CompletionCandidate> {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Vec::new();
    };
    let items = runtime.block_on(async { tokio::time::timeout(PATIENCE, fetch(list)).await });
    // Nothing that is still running holds the shell up.
    runtime.shutdown_background();
    let Ok(Ok(items)) = items else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let of = |(place, item): (usize, &Value)| {
        // Shells take a value as it is.
        let is_harmless =
            |field: &&str| item[field].as_str().is_none_or(|text| identifier_fault(text).is_none());
        if !list.value.iter().all(is_harmless) {
            return None;
        }
        let value = joined(item, list.value, "/")?;
        let about = joined(item, list.about, " ").map(|about| printable(&about).replace('\n', " "));
        // In the order of the server: the newest first.
        let candidate = CompletionCandidate::new(value.clone()).help(about.map(Into::into));
        seen.insert(value).then(|| candidate.display_order(Some(place)))
    };
    items.iter().enumerate().filter_map(of).collect()
}

async fn fetch(list: &List) -> Result<Vec<Value>> {
    let task = task().map(|task| task.to_string());
    let path = match (list.path.contains("{task}"), task) {
        (true, None) => return Ok(Vec::new()),
        (true, Some(task)) => list.path.replace("{task}", &task),
        (false, _) => list.path.to_owned(),
    };
    let found: Page<Value> = Client::of(&project()?)?.get(&path).await?;
    Ok(found.items)
}

/// These fields of an item. None: it has none of them.
fn joined(item: &Value, fields: &[&str], separator: &str) -> Option<String> {
    let texts: Vec<&str> = fields.iter().filter_map(|field| item[field].as_str()).collect();
    let text = texts.join(separator);
    (!text.is_empty()).then_some(text)
}
