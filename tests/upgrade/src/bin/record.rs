//! Records the database of a release, which the tests then upgrade: `cargo run -p tasker-upgrade-tests --bin record
//! -- 0.1.0`. Run it once per release.

use std::{env, fs, path::Path, process::Command};

use tasker_test_support::TestDatabase;
use tasker_upgrade_tests::Installation;

#[tokio::main]
async fn main() {
    let version = env::args().nth(1).expect("usage: record VERSION");
    let mut installation = Installation::open(TestDatabase::new().await);
    installation.fill().await;
    let dumped = Command::new(env::var_os("PG_DUMP").unwrap_or_else(|| "pg_dump".into()))
        .args(["--column-inserts", "--no-owner", "--dbname", &installation.database.url()])
        .output()
        .expect("pg_dump runs");
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    let dump = String::from_utf8(dumped.stdout).expect("UTF-8");
    // Lines that start with a backslash are for psql, and comments differ between versions of pg_dump.
    let lines = dump.lines().filter(|line| !line.starts_with('\\') && !line.starts_with("-- Dumped"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("releases").join(version);
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("dump.sql");
    let lines: Vec<&str> = lines.collect();
    fs::write(&file, lines.join("\n") + "\n").expect("written");
    println!("{}", file.display());
}
