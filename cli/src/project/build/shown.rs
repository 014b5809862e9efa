//! How messages of builds name a folder.

use std::path::{Path, PathBuf};

use crate::project::documents;

/// A path for messages.
pub(super) fn shown(path: &Path) -> String {
    // The folder `.` of a project is the project's own.
    match documents::shown(&path.components().collect::<PathBuf>()) {
        shown if shown.is_empty() => "the project".to_owned(),
        shown => shown,
    }
}
