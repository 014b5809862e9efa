//! Gathers the SQL functions that lie beside their callers into one set, named by its hash.
//!
//! Every `src/**/*.sql` writes the set's schema as `tasker_f`. The set is compiled into the crate with that word replaced
//! by `tasker_f_<hash>`: see `src/database/functions.rs`.
//!
//! Lists the migrations as well. `sqlx::migrate!` would, but it builds sqlx, its TLS and tokio a second time.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// How many bytes of the hash the name carries.
const HASH_BYTES: usize = 8;

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rerun-if-changed=../migrations");
    let mut files = Vec::new();
    find_sql(Path::new("src"), &mut files)?;
    // Signatures name types, so types come first.
    files.sort_by_key(|path| (!path.ends_with("types.sql"), path.clone()));

    let mut set = String::new();
    for path in &files {
        set += &format!("-- {}\n{}\n", path.display(), fs::read_to_string(path)?);
    }
    let hash = Sha256::digest(&set);
    let hash = hash[..HASH_BYTES].iter().fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"));
    let name = format!("tasker_f_{hash}");
    println!("cargo:rustc-env=TASKER_FUNCTION_SET={name}");
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    // In a name, and as the text of one.
    let set = set.replace("tasker_f.", &format!("{name}.")).replace("'tasker_f'", &format!("'{name}'"));
    fs::write(folder.join("functions.sql"), set)?;
    fs::write(folder.join("migrations.rs"), migrations(Path::new("../migrations"))?)
}

/// An array of the version, description and text of each file `<version>_<description>.sql`.
fn migrations(folder: &Path) -> io::Result<String> {
    let mut list = String::from("[");
    for entry in fs::read_dir(folder)? {
        let path = entry?.path().canonicalize()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((version, description)) = name.strip_suffix(".sql").and_then(|name| name.split_once('_'))
        else {
            continue;
        };
        let version: i64 = version.parse().map_err(|_| io::Error::other(format!("{name} has no version")))?;
        let description = description.replace('_', " ");
        list += &format!("({version}, {description:?}, include_str!({:?})),", path.display().to_string());
    }
    Ok(list + "]")
}

fn find_sql(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_sql(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
    Ok(())
}
