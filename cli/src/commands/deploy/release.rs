//! The release of a SAM deployment: one hash of everything that its functions run with.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tasker_transport::sha256_hex;

/// Hashes the text of a SAM template, the code that it names, and the parameters. SAM itself notices changed code but
/// not a changed parameter, and would leave the alias at the version with the old value.
pub(super) fn release(template: &Path, parameters: &[String]) -> Result<String> {
    let text = std::fs::read_to_string(template)
        .with_context(|| format!("{} cannot be read", template.display()))?;
    let mut hashes = vec![sha256_hex(text.as_bytes()), sha256_hex(parameters.join("\n").as_bytes())];
    for code in text.lines().filter_map(|line| line.trim().strip_prefix("CodeUri:")) {
        let code = template.with_file_name("").join(code.trim());
        // Code that does not exist here is in a bucket, under a name that changes with its content.
        if code.exists() {
            hash_files(&code, &mut hashes).with_context(|| format!("{} cannot be read", code.display()))?;
        }
    }
    Ok(sha256_hex(hashes.join("\n").as_bytes()))
}

/// Appends the hash of a file, or the paths and hashes of all files of a folder.
fn hash_files(path: &Path, hashes: &mut Vec<String>) -> std::io::Result<()> {
    if !path.is_dir() {
        hashes.push(sha256_hex(&std::fs::read(path)?));
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    for entry in entries {
        hashes.push(entry.display().to_string());
        hash_files(&entry, hashes)?;
    }
    Ok(())
}
