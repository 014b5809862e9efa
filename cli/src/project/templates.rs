//! Reads a project's templates, and reports each fault with its location.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use tasker_templates::template::{Parsed, Template, parse};

use super::documents::{documents, shown};
use crate::config::ProjectConfig;

/// A template of the project and its file.
#[derive(Debug, Clone)]
pub(crate) struct TemplateFile {
    pub(crate) path: PathBuf,
    pub(crate) template: Template,
}

/// Reads the project's templates. Reads every file before it fails, and reports each fault with its location.
pub(crate) fn read_templates(project: &ProjectConfig) -> Result<Vec<TemplateFile>> {
    read_files(&files_of(project)?)
}

/// The files of the project's templates.
pub(crate) fn files_of(project: &ProjectConfig) -> Result<Vec<PathBuf>> {
    let folder = project.path(&project.config.project.templates);
    documents(&folder).with_context(|| format!("there is no folder of templates at {}", folder.display()))
}

/// Reads these files. Fails if two are the same version of a template.
pub(crate) fn read_files(paths: &[PathBuf]) -> Result<Vec<TemplateFile>> {
    let mut templates: Vec<TemplateFile> = Vec::new();
    let mut faults = Vec::new();
    for path in paths {
        match read_template(path) {
            Ok(file) => match templates.iter().find(|other| is_same(&other.template, &file.template)) {
                Some(other) => faults.push(format!(
                    "{} and {} are both version {} of the template {}/{}; change the version or the name of one",
                    shown(&other.path),
                    shown(path),
                    file.template.version,
                    file.template.namespace_name,
                    file.template.name,
                )),
                None => templates.push(file),
            },
            Err(error) => faults.push(format!("{error:#}")),
        }
    }
    if faults.is_empty() { Ok(templates) } else { bail!("{}", faults.join("\n")) }
}

fn is_same(one: &Template, other: &Template) -> bool {
    (&one.namespace_name, &one.name, &one.version) == (&other.namespace_name, &other.name, &other.version)
}

/// Reads one template.
pub(crate) fn read_template(path: &Path) -> Result<TemplateFile> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let name = shown(path);
    match parse(&text) {
        Ok(Parsed { template, warnings }) => {
            if !warnings.0.is_empty() {
                eprintln!("{}", warnings.render(&name));
            }
            Ok(TemplateFile { path: path.to_path_buf(), template })
        }
        Err(problems) => bail!("{}", problems.render(&name)),
    }
}
