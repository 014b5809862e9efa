//! The gems of a `Gemfile`, by Bundler.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use super::program::run;
use crate::{
    environment,
    project::build::{
        installed::{Installed, digest},
        shown::shown,
    },
};

/// The gem of the SDK.
const SDK: &str = "tasker-handler";
/// Prints the gems of the groups that are installed, except Bundler itself. Those that came with Ruby have no folder of their
/// own, so their files are copied into one.
const LIST: &str = r#"require "bundler"; require "json"; require "fileutils"
folder_of = lambda do |spec|
  next spec.full_gem_path if !spec.default_gem? || File.directory?(spec.full_gem_path)
  folder = File.join(ENV.fetch("BUNDLE_APP_CONFIG"), "default", spec.full_name)
  spec.files.grep(/\Alib\//).each do |name|
    file, copy = File.join(RbConfig::CONFIG["rubylibdir"], name.delete_prefix("lib/")), File.join(folder, name)
    next unless File.file?(file)
    FileUtils.mkdir_p(File.dirname(copy))
    FileUtils.cp(file, copy)
  end
  folder
end
specs = Bundler.definition.requested_specs.reject { |spec| spec.name == "bundler" }
puts JSON.generate(specs.map { |spec| {
  name: spec.name, version: spec.version.to_s, folder: folder_of.(spec),
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
        let files = [folder.join("Gemfile"), folder.join("Gemfile.lock")];
        if !files[0].is_file() {
            bail!("{} is missing: it names the gem `{SDK}`", shown(&files[0]));
        }
        let place = state.join("gems").join(digest(&[folder.as_os_str().as_encoded_bytes()]));
        // What another version has listed may lack gems.
        let list = place.join(format!("{}.json", digest(&[LIST.as_bytes()])));
        let installed = Installed::at(place.join("installed"));
        let known = fs::read(&list).ok().filter(|_| installed.is(&files));
        let known = known.and_then(|text| serde_json::from_slice::<Vec<Gem>>(&text).ok());
        // A gem may be in a folder of the machine's Ruby, which can be another by now.
        let all = if let Some(all) = known.filter(|all| all.iter().all(|gem| gem.folder.is_dir())) {
            all
        } else {
            installed.forget();
            let all = (Bundle { folder, place: &place, files: &files, named }).install().await?;
            fs::create_dir_all(&place).with_context(|| format!("creating {}", place.display()))?;
            fs::write(&list, serde_json::to_vec(&all)?)
                .with_context(|| format!("writing {}", list.display()))?;
            installed.now(&files)?;
            all
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

/// A folder with a `Gemfile`, and where its gems are.
struct Bundle<'a> {
    folder: &'a Path,
    place: &'a Path,
    /// The `Gemfile` and its lock file.
    files: &'a [PathBuf; 2],
    named: &'a [String],
}

impl Bundle<'_> {
    async fn install(&self) -> Result<Vec<Gem>> {
        let [manifest, lock] = self.files;
        let has_lock = lock.is_file();
        eprintln!("{}: installing its gems: bundle install", shown(self.folder));
        run(&mut self.command(has_lock, &["install", "--quiet"]), || {
            format!("the gems of {} could not be installed", shown(manifest))
        })
        .await
        .context(
            "building handlers in Ruby needs Ruby 3.1 or later with Bundler: https://www.ruby-lang.org",
        )?;
        if !has_lock {
            eprintln!("{}: commit it, so that every build uses the same versions", shown(lock));
        }
        let mut list = self.command(true, &["exec", "ruby", "-e", LIST]);
        let listed = list.stderr(Stdio::inherit()).output().await.context("running bundle")?;
        serde_json::from_slice(&listed.stdout)
            .with_context(|| format!("the gems of {} cannot be listed", shown(manifest)))
    }

    fn command(&self, is_frozen: bool, arguments: &[&str]) -> Command {
        let mut command = Command::new("bundle");
        command.args(arguments).current_dir(self.folder);
        command.env_clear().envs(environment::for_builds(self.named));
        command.env("BUNDLE_GEMFILE", &self.files[0]).env("BUNDLE_PATH", self.place.join("bundle"));
        command.env("BUNDLE_WITHOUT", "development:test");
        // Gems with code for this machine are of no use.
        command.env("BUNDLE_FORCE_RUBY_PLATFORM", "true").env("BUNDLE_SILENCE_ROOT_WARNING", "true");
        command.env("BUNDLE_FROZEN", if is_frozen { "true" } else { "false" });
        command.env("BUNDLE_APP_CONFIG", self.place).stdin(Stdio::null());
        command
    }
}
