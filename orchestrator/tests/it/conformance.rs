//! Checks docs/conformance.md, which maps each rule to its tests: it must be complete and match the sources.

use std::{collections::BTreeSet, fs, path::Path};

use schemars::schema_for;
use serde_json::Value;
use tasker_orchestrator::state::{StepState, TaskState};
use tasker_templates::{Code, template::template_schema};

/// Returns the rows of the table below this heading: the backquoted names of the first cells, and the last cell.
fn rows(heading: &str) -> Vec<(Vec<String>, String)> {
    let page = page();
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let table = rest.split("\n## ").next().unwrap_or_default().lines().filter(|line| line.starts_with("| `"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let (last, first) = cells.split_last().unwrap();
        (first.iter().map(|cell| cell.trim_matches('`').to_owned()).collect(), (*last).to_owned())
    };
    table.map(row).collect()
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance.md");
    fs::read_to_string(path).expect("the page exists")
}

/// Compares the rows of a table with the required ones.
fn check(heading: &str, wanted: &BTreeSet<Vec<String>>) {
    let rows = rows(heading);
    let there: BTreeSet<Vec<String>> = rows.iter().map(|(cells, _)| cells.clone()).collect();
    assert_eq!(there.len(), rows.len(), "{heading}: duplicate row");
    let missing: Vec<_> = wanted.difference(&there).collect();
    let unknown: Vec<_> = there.difference(wanted).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "{heading}: missing {missing:#?}, unknown {unknown:#?}"
    );
    for (cells, tests) in rows {
        assert!(
            tests.contains("](../") || tests.starts_with("does not occur: "),
            "{heading}: {cells:?} has no test and no reason"
        );
    }
}

/// Collects every field of the format and every value of its enumerations: `steps[].type`, `steps[].type = decision`.
fn fields(schema: &Value, place: &str, found: &mut BTreeSet<Vec<String>>) {
    for schema in schema["anyOf"].as_array().map_or(std::slice::from_ref(schema), Vec::as_slice) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            found.insert(vec![place.clone()]);
            fields(field, &place, found);
            fields(&field["items"], &format!("{place}[]"), found);
            fields(&field["additionalProperties"], &format!("{place}.*"), found);
            let values = field["oneOf"].as_array().into_iter().flatten();
            found.extend(
                values.map(|one| vec![format!("{place} = {}", one["const"].as_str().unwrap_or_default())]),
            );
        }
    }
}

#[test]
fn the_page_has_every_field() {
    let mut wanted = BTreeSet::new();
    fields(&template_schema(), "", &mut wanted);
    assert!(wanted.len() > 90, "{wanted:?}");
    check("Fields of a template", &wanted);
}

/// Returns every state with each of its successors.
fn changes<S: Copy + ToString>(states: &[S], successors: fn(S) -> Vec<S>) -> BTreeSet<Vec<String>> {
    let of = |&from: &S| successors(from).into_iter().map(move |to| vec![from.to_string(), to.to_string()]);
    states.iter().flat_map(of).collect()
}

#[test]
fn the_page_has_every_change_of_state() {
    check("Changes of a task's state", &changes(TaskState::ALL, TaskState::successors));
    check("Changes of a step's state", &changes(StepState::ALL, StepState::successors));
}

#[test]
fn the_page_has_every_code() {
    let schema = schema_for!(Code).to_value();
    let codes = schema["oneOf"].as_array().into_iter().flatten();
    let codes = codes.map(|one| vec![one["const"].as_str().unwrap_or_default().to_owned()]);
    check("Faults of a template", &codes.collect());
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let page = page();
    let mut named = 0;
    for link in page.split("[`").skip(1) {
        let (name, rest) = link.split_once("`](../").unwrap_or_else(|| panic!("not a link: {link}"));
        let (path, _) = rest.split_once(')').unwrap_or_else(|| panic!("not a link: {link}"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        let source = fs::read_to_string(&source).unwrap_or_else(|error| panic!("{path}: {error}"));
        let (before, _) = source
            .split_once(&format!("fn {name}()"))
            .unwrap_or_else(|| panic!("{path} has no test `{name}`"));
        let attribute = before.trim_end_matches("async ").trim_end().lines().last().unwrap_or_default();
        assert!(attribute.contains("test"), "`{name}` of {path} is not a test");
        named += 1;
    }
    assert!(named > 150, "only {named} tests are named");
}
