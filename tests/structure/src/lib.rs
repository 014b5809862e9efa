//! Reads the repository's structure from its own files: crates and their arrows, files and their imports.
#![forbid(unsafe_code)]

pub mod imports;
pub mod packages;
