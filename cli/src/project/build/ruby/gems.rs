//! The gems of a `Gemfile`, by Bundler.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use super::run;
use crate::{
    environment,
    project::build::{
        installed::{Installed, digest},
        shown::shown,
    },
};

/// The gem of the SDK.
const SDK: &str = "tasker-handler";
/// Prints the gems of the bundle, except Bundler itself.
const LIST: &str = r#"require "bundler"; require "json"
specs = Bundler.definition.specs_for([:default]).reject { |spec| spec.name == "bundler" }
puts JSON.generate(specs.map { |spec| {
  name: spec.name, version: spec.version.to_s, folder: spec.full_gem_path,
  require_paths: spec.require_paths.reject { |path| path.start_with?("/") },
  native: !spec.extensions.empty?, changes: spec.source.is_a?(Bundler::Source::Path) && !spec.source.is_a?(Bundler::Source::Git),
} })"#;
/// Gems with native code that the interpreter has inside.
const BUILT_IN: &[&str] = &["date", "digest", "erb", "json", "psych", "stringio", "strscan"];

/// A gem of the bundle.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Gem {
    name: String,
    version: String,
    pub(super) folder: PathBuf,
    pub(super) require_paths: Vec<String>,
    /// Whether it has code that is compiled for this machine.
    native: bool,
    /// Whether it is a folder whose files may change.
    changes: bool,
}

/// The gems of a `Gemfile`.
#[derive(Debug)]
pub(super) struct Gems {
    all: Vec<Gem>,
}

impl Gems {
    /// Installs the gems of the lock file, unless they are there.
    pub(super) async fn install(folder: &Path, state: &Path, named: &[String]) -> Result<Self> {
        let (manifest, lock) = (folder.join("Gemfile"), folder.join("Gemfile.lock"));
        if !manifest.is_file() {
            bail!("{} is missing: it names the gem `{SDK}`", shown(&manifest));
        }
        let place = state.join("gems").join(digest(&[folder.as_os_str().as_encoded_bytes()]));
        let (list, bundle) = (place.join("list.json"), place.join("bundle"));
        let installed = Installed::at(place.join("installed"));
        let files = [manifest, lock];
        let known = fs::read(&list).ok().filter(|_| installed.is(&files));
        let all = match known.and_then(|text| serde_json::from_slice(&text).ok()) {
            Some(all) => all,
            None => {
                installed.forget();
                let has_lock = files[1].is_file();
                eprintln!("{}: installing its gems: bundle install", shown(folder));
                let bundler = |arguments: &[&str]| {
                    let mut command = Command::new("bundle");
                    command.args(arguments).current_dir(folder);
                    command.env_clear().envs(environment::for_builds(named));
                    command.env("BUNDLE_GEMFILE", &files[0]).env("BUNDLE_PATH", &bundle);
                    command.env("BUNDLE_WITHOUT", "development:test");
                    // Gems with code for this machine are of no use.
                    command
                        .env("BUNDLE_FORCE_RUBY_PLATFORM", "true")
                        .env("BUNDLE_SILENCE_ROOT_WARNING", "true");
                    command.env("BUNDLE_FROZEN", if has_lock { "true" } else { "false" });
                    command.env("BUNDLE_APP_CONFIG", &place).stdin(Stdio::null());
                    command
                };
                let install = "install Ruby 3.1 or later with Bundler: https://www.ruby-lang.org";
                run(&mut bundler(&["install", "--quiet"]), || {
                    format!("the gems of {} could not be installed", shown(&files[0]))
                })
                .await
                .with_context(|| format!("{} needs Bundler: {install}", shown(folder)))?;
                if !has_lock {
                    eprintln!("{}: commit it, so that every build uses the same versions", shown(&files[1]));
                }
                let listed = bundler(&["exec", "ruby", "-e", LIST]).stderr(Stdio::inherit()).output().await;
                let listed = listed.context("running bundle")?;
                let all: Vec<Gem> = serde_json::from_slice(&listed.stdout)
                    .with_context(|| format!("the gems of {} cannot be listed", shown(&files[0])))?;
                fs::create_dir_all(&place).with_context(|| format!("creating {}", place.display()))?;
                fs::write(&list, serde_json::to_vec(&all)?)
                    .with_context(|| format!("writing {}", list.display()))?;
                installed.now(&files)?;
                all
            }
        };
        Self::checked(all, &files[0])
    }

    fn checked(all: Vec<Gem>, manifest: &Path) -> Result<Self> {
        let is_inside = |gem: &Gem| BUILT_IN.contains(&gem.name.as_str());
        if let Some(gem) = all.iter().find(|gem| gem.native && !is_inside(gem)) {
            bail!(
                "{}: the gem {} {} has native code, which a component cannot run: use a gem in pure Ruby instead",
                shown(manifest),
                gem.name,
                gem.version
            );
        }
        let all: Vec<Gem> = all.into_iter().filter(|gem| !is_inside(gem)).collect();
        if !all.iter().any(|gem| gem.name == SDK) {
            bail!("{} does not name the SDK: add  gem \"{SDK}\"", shown(manifest));
        }
        Ok(Self { all })
    }

    pub(super) fn all(&self) -> &[Gem] {
        &self.all
    }

    /// The folders of code that may change without its version.
    pub(super) fn changing(&self) -> Vec<PathBuf> {
        let changing = self.all.iter().filter(|gem| gem.changes);
        let folders =
            |gem: &Gem| gem.require_paths.iter().map(|path| gem.folder.join(path)).collect::<Vec<_>>();
        changing.flat_map(folders).filter(|folder| folder.is_dir()).collect()
    }
}
