//! Which packages a language's installer has installed: those of files with these contents.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use ring::digest::{Context as Hasher, SHA256};

/// A note about what was installed last.
#[derive(Debug)]
pub(super) struct Installed {
    note: PathBuf,
}

impl Installed {
    /// The note in this file.
    pub(super) fn at(note: PathBuf) -> Self {
        Self { note }
    }

    /// Whether what was installed last is what these files say. Missing files count as empty.
    pub(super) fn is(&self, files: &[PathBuf]) -> bool {
        fs::read_to_string(&self.note).is_ok_and(|note| note == of(files))
    }

    /// Forgets it, before something else is installed.
    pub(super) fn forget(&self) {
        let _ = fs::remove_file(&self.note);
    }

    /// Notes that what these files say is installed.
    pub(super) fn now(&self, files: &[PathBuf]) -> Result<()> {
        if let Some(folder) = self.note.parent() {
            fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        }
        fs::write(&self.note, of(files)).with_context(|| format!("writing {}", self.note.display()))
    }
}

fn of(files: &[PathBuf]) -> String {
    let contents: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap_or_default()).collect();
    digest(&contents.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// The SHA-256 of parts, in lower-case hexadecimal.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut hasher = Hasher::new(&SHA256);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finish().as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
