//! The files of the project: templates, triggers and components.

use super::finding::{Area, Finding};
use crate::{
    config::{ProjectConfig, Recipe},
    project::{templates::read_templates, triggers::read_triggers},
};

pub(super) fn look(project: &ProjectConfig) -> Vec<Finding> {
    let mut area = Area::new("project");
    let components = &project.config.project.components;
    if components.is_empty() {
        area.skipped(
            "it has no components, so that it builds no handlers",
            "name packages and .wasm files in `components` under [project] of tasker.toml, or begin with `tasker new FOLDER`",
        );
        return area.into_findings();
    }
    for component in components {
        let correct = "correct `components` under [project] of tasker.toml";
        let path = project.path(component.path());
        match component.recipe(&project.root) {
            Err(fault) => area.error(fault, correct),
            Ok(Recipe::File) if !path.is_file() => {
                area.error(format!("the component {} does not exist", path.display()), correct);
            }
            Ok(_) => {}
        }
    }
    match read_templates(project) {
        Ok(templates) if templates.is_empty() => {
            area.warning(
                "it has no templates, so that no task can be created",
                "write one: `tasker template reference`",
            );
        }
        Ok(templates) => area.ok(format!("{} templates are valid", templates.len())),
        Err(error) => {
            area.error(
                format!("{error:#}"),
                "correct them; `tasker template reference` describes the format",
            );
        }
    }
    match read_triggers(project) {
        Ok(triggers) if triggers.is_empty() => {}
        Ok(triggers) => area.ok(format!("{} triggers are valid", triggers.len())),
        Err(error) => area.error(format!("{error:#}"), "correct them; docs/triggers.md describes the format"),
    }
    area.into_findings()
}
