//! The template commands: import of older versions, and the schema for editors.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    program::{run, tasker},
    project::Project,
};

const OLD: &str = "\
# Made by hand.
name: old
version: 1.0.0
steps:
  - name: a
    step_type: standard
    handler: { callable: x, method: call }
  - name: b
    depends_on: [a]
    handler: { callable: x }
";

#[test]
fn an_older_template_is_imported_and_every_change_is_told() {
    let project = Project::new(&[]);
    project.write("old.yaml", OLD);
    let (old, new) = (project.path().join("old.yaml"), project.path().join("new.yaml"));
    let import = || {
        let mut command = tasker(project.path());
        command.args(["template", "import"]);
        command
    };
    let ended = run(import().arg(&old).arg("-o").arg(&new));
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let told: Vec<&str> =
        ended.stdout.lines().filter_map(|line| line.split_once("old.yaml:")).map(|(_, told)| told).collect();
    assert_eq!(
        told,
        [
            "6:5: renamed in step `a`: `step_type` is now `type`",
            "7:29: dropped in step `a`: `handler.method` has no effect",
            "9:5: renamed in step `b`: `depends_on` is now `dependencies`",
        ]
    );
    let written = fs::read_to_string(&new).expect("the template is written");
    let expected =
        OLD.replace("step_type", "type").replace(", method: call", "").replace("depends_on", "dependencies");
    assert_eq!(written, expected);

    let printed = run(import().arg(&old));
    assert_eq!(printed.stdout, expected);
    assert!(printed.stderr.contains("`depends_on` is now `dependencies`"), "{printed:#?}");
    let as_json = run(import().arg("--json").arg(&old)).json();
    assert_eq!(
        (as_json["renamed"].as_array().map(Vec::len), &as_json["dropped"][0]["field"]),
        (Some(2), &json!("handler.method"))
    );
    let again = run(import().arg(&new));
    assert!(again.stderr.contains("is already in the current format"), "{again:#?}");
    project.write("wrong.yaml", "name: x\nversion: 1.0.0\nstpes: []\n");
    let wrong = run(import().arg(project.path().join("wrong.yaml")));
    assert_eq!(wrong.code, Some(1), "{wrong:#?}");
    assert!(
        wrong.stderr.contains("wrong.yaml:3:1: error UNKNOWN_FIELD") && wrong.stdout.is_empty(),
        "{wrong:#?}"
    );
}

#[test]
fn a_new_projects_template_names_the_schema_that_lies_in_the_project() {
    let folder = TempDir::with_prefix("tasker-new-").expect("a folder is made");
    let project = folder.path().join("hello");
    assert_eq!(run(tasker(folder.path()).arg("new").arg(&project)).code, Some(0));
    let template = project.join("templates/greeting.yaml");
    let text = fs::read_to_string(&template).expect("the template is there");
    let named = text.lines().find_map(|line| line.strip_prefix("# yaml-language-server: $schema="));
    let schema = project.join("templates").join(named.expect("the schema is named"));
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(schema).expect("it is there")).expect("JSON");
    assert_eq!(schema, run(tasker(folder.path()).args(["template", "schema"])).json());
    assert_eq!(
        schema["properties"]["steps"]["items"]["properties"]["handler"]["properties"]["method"]["deprecated"],
        true
    );
    // A file beside the templates would be read as a template.
    assert_eq!(run(tasker(&project).args(["template", "validate"])).code, Some(0));
}

#[test]
fn the_reference_is_what_the_types_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/template-reference.md");
    let committed = fs::read_to_string(&file).expect("the reference is there");
    let printed = run(tasker(Path::new(".")).args(["template", "reference"]));
    assert_eq!(printed.code, Some(0), "{printed:#?}");
    // Printing the whole page would not help.
    assert!(
        printed.stdout == committed,
        "docs/template-reference.md does not match the types; run: tasker template reference > docs/template-reference.md"
    );
}
