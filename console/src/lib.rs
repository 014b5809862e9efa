//! Tasker's web console: its files, embedded, and the routes that serve them under `/console/`.
//!
//! The files are public; what they show comes from the API, which decides who may see it. `TASKER_CONSOLE_DIR` names a
//! folder to serve from instead while developing: a refresh of the page then shows a change.
#![forbid(unsafe_code)]

mod page;
mod serve;

pub use serve::router;

/// A file of the console.
#[derive(Debug)]
pub struct File {
    /// Its path below `/console/`.
    pub path: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
    /// The same, compressed.
    pub gzip: &'static [u8],
    /// Its entity tag.
    pub tag: &'static str,
}

/// All files, by path.
pub static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));
