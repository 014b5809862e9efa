//! Migrations are append-only: the text of a released migration must not change.

use std::{fmt::Write, fs, path::Path};

use tasker_transport::sha256_hex;

/// The SHA-256 of every released migration, in the format of `sha256sum`.
const LANDED: &str = "LANDED";

#[test]
fn a_landed_migration_never_changes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut files: Vec<String> = fs::read_dir(&folder)
        .expect("the migrations")
        .map(|entry| entry.expect("a file").file_name().into_string().expect("UTF-8"))
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    let mut found = String::new();
    for name in &files {
        let bytes = fs::read(folder.join(name)).expect("a migration");
        writeln!(found, "{}  {name}", sha256_hex(&bytes)).expect("a line");
    }
    let landed = fs::read_to_string(folder.join(LANDED)).expect("the list of landed migrations");
    for line in landed.lines() {
        assert!(
            found.lines().any(|found| found == line),
            "a landed migration was changed or removed ({line}). Databases have run it as it was: put it back, and write \
             a new migration for what is to change."
        );
    }
    for line in found.lines() {
        assert!(
            landed.lines().any(|landed| landed == line),
            "a migration is not listed in migrations/{LANDED}. When it is final, add this line:\n{line}"
        );
    }
}
