//! Merges the core modules of a component before it is published: its digest and its compiled form are of the merged one.

use std::path::Path;

use anyhow::Result;

use super::documents::shown;

/// Returns the component with its core modules merged, as far as they can be. Prints a line on standard error if it changed.
pub(super) async fn merge(path: &Path, wasm: Vec<u8>) -> Result<Vec<u8>> {
    // Takes up to a second for a component of 20 MB.
    let (wasm, outcome) = tokio::task::spawn_blocking(move || {
        let outcome = tasker_merge_modules::merge(&wasm);
        (wasm, outcome)
    })
    .await?;
    match outcome {
        Ok(Some(merged)) => {
            eprintln!("{}: merged {} core modules into {}", shown(path), merged.from, merged.into);
            Ok(merged.wasm)
        }
        Ok(None) => Ok(wasm),
        Err(reason) => {
            tracing::info!("{}: the core modules are not merged: {reason}", shown(path));
            Ok(wasm)
        }
    }
}
