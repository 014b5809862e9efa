//! Builds a component, by the tools of its language.

mod cargo;
mod command;
mod componentize;
mod go;
mod go_module;
mod installed;
mod node;
mod python;
mod ruby;
mod shown;
mod tools;

use std::path::PathBuf;

use anyhow::{Result, anyhow};

pub(crate) use cargo::has_target;

use crate::config::{Component, Language, ProjectConfig, Recipe};

/// Builds a component of the project. Returns the files of it.
pub(super) async fn build(project: &ProjectConfig, component: &Component) -> Result<Vec<PathBuf>> {
    let path = project.path(component.path());
    let named = &project.config.project.build_environment;
    let output = project.state_dir().join("build");
    match component
        .recipe(&project.root)
        .map_err(|fault| anyhow!("{fault}; see `components` under [project] of tasker.toml"))?
    {
        Recipe::File => Ok(vec![path]),
        Recipe::Command(command) => command::build(&project.root, command, path, named).await,
        Recipe::Language(Language::Rust) => cargo::build(&path, named).await,
        Recipe::Language(Language::Typescript) => {
            node::build(&path, component.engine(), &output, named).await
        }
        Recipe::Language(Language::Python) => python::build(&path, &output, named).await,
        Recipe::Language(Language::Go) => go::build(&path, &output, named).await,
        Recipe::Language(Language::Ruby) => ruby::build(&path, &output, named).await,
    }
}
