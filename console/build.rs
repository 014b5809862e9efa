//! Writes a table of the console's files: path, type, bytes, gzip bytes and entity tag.

use std::{
    env,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

fn main() {
    let assets = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("assets");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed={}", assets.display());
    let mut files = Vec::new();
    collect(&assets, &mut files);
    // As text, not by folders: the table is searched by path.
    files.sort_by_key(|file| name(&assets, file));
    let mut table = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let bytes = fs::read(file).expect("a listed file can be read");
        let path = name(&assets, file);
        let packed = out.join(format!("{number}.gz"));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&bytes).expect("memory takes it");
        fs::write(&packed, encoder.finish().expect("memory takes it"))
            .expect("the output folder is writable");
        let tag = format!("\"{}\"", BASE64.encode(&Sha256::digest(&bytes)[..18]));
        writeln!(
            table,
            "    File {{ path: {path:?}, bytes: include_bytes!({:?}), gzip: include_bytes!({:?}), tag: {tag:?} }},",
            file.display().to_string(),
            packed.display().to_string(),
        )
        .expect("memory takes it");
    }
    table.push_str("]\n");
    fs::write(out.join("files.rs"), table).expect("the output folder is writable");
}

/// A file's path below the folder of assets.
fn name(assets: &Path, file: &Path) -> String {
    file.strip_prefix(assets).expect("it is below").to_string_lossy().replace('\\', "/")
}

/// The files that browsers may ask for.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder of assets can be read") {
        let path = entry.expect("its entries can be read").path();
        let kind = path.extension().map(|extension| extension.to_string_lossy().into_owned());
        if path.is_dir() {
            collect(&path, files);
        } else if matches!(kind.as_deref(), Some("html" | "css" | "mjs" | "svg")) {
            files.push(path);
        }
    }
}
