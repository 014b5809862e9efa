//! Reads a project's triggers, and checks them against its templates.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use tasker_templates::template::latest;
use tasker_templates::trigger::{CompiledTrigger, ParsedTrigger, Trigger, parse_trigger};

use super::{
    documents::{documents, shown},
    templates::TemplateFile,
};
use crate::config::ProjectConfig;

/// A trigger of the project and its file.
#[derive(Debug)]
pub(crate) struct TriggerFile {
    pub(crate) path: PathBuf,
    pub(crate) parsed: ParsedTrigger,
}

impl TriggerFile {
    pub(crate) fn compiled(&self) -> &CompiledTrigger {
        &self.parsed.compiled
    }

    pub(crate) fn trigger(&self) -> &Trigger {
        self.compiled().trigger()
    }

    /// Returns the project's template for the trigger's tasks, if it exists.
    pub(crate) fn template<'a>(&self, templates: &'a [TemplateFile]) -> Option<&'a TemplateFile> {
        let trigger = self.trigger();
        let is_meant = |file: &&TemplateFile| {
            let template = &file.template;
            template.name == trigger.task.name
                && template.namespace_name == trigger.task_namespace()
                && trigger.task.version.as_ref().is_none_or(|version| *version == template.version)
        };
        let meant: Vec<&TemplateFile> = templates.iter().filter(is_meant).collect();
        latest(meant.iter().map(|file| file.template.version.as_str())).map(|index| meant[index])
    }

    /// Prints a warning if the project has no such template, which may have been published from elsewhere.
    pub(crate) fn warn_of_missing(&self, templates: &[TemplateFile]) {
        if self.template(templates).is_none() {
            let (trigger, place) = (self.trigger(), self.parsed.task);
            let version =
                trigger.task.version.as_ref().map_or(String::new(), |version| format!(" version {version}"));
            eprintln!(
                "{}:{}:{}: warning: the project has no template `{}/{}`{version}; publishing needs it to be published already",
                shown(&self.path),
                place.line,
                place.column,
                trigger.task_namespace(),
                trigger.task.name,
            );
        }
    }
}

/// Reads the project's triggers, if it has any. Reads every file before it fails, and reports each fault with its
/// location.
pub(crate) fn read_triggers(project: &ProjectConfig) -> Result<Vec<TriggerFile>> {
    let folder = project.path(&project.config.project.triggers);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    read_files(&documents(&folder)?)
}

/// Reads these files. Fails if two triggers have the same name.
pub(crate) fn read_files(paths: &[PathBuf]) -> Result<Vec<TriggerFile>> {
    let mut triggers: Vec<TriggerFile> = Vec::new();
    let mut faults = Vec::new();
    for path in paths {
        match read_trigger(path) {
            Ok(file) => {
                let name = file.trigger().full_name();
                if let Some(other) = triggers.iter().find(|other| other.trigger().full_name() == name) {
                    faults.push(format!(
                        "{}: {} also defines the trigger `{name}`",
                        shown(path),
                        shown(&other.path)
                    ));
                }
                triggers.push(file);
            }
            Err(error) => faults.push(format!("{error:#}")),
        }
    }
    if faults.is_empty() { Ok(triggers) } else { bail!("{}", faults.join("\n")) }
}

fn read_trigger(path: &Path) -> Result<TriggerFile> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    match parse_trigger(&text) {
        Ok(parsed) => Ok(TriggerFile { path: path.to_path_buf(), parsed }),
        Err(problems) => bail!("{}", problems.render(&shown(path))),
    }
}
