//! The template format: every limit, every unknown field, and every kind of fault.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tasker_templates::template::{parse, template_schema};

use crate::fields::one_step;

fn problems(template: &Value) -> String {
    parse(&template.to_string()).expect_err("the template has faults").render("t.yaml")
}

/// Returns the format's schema, and a template with one of every element.
fn everything() -> (Value, Value) {
    let template = json!({
        "name": "t", "version": "1.0.0", "system_dependencies": {}, "domain_events": [{ "name": "e" }], "lifecycle": {},
        "search_attributes": [{ "name": "n", "path": "/n" }],
        "steps": [{ "name": "a", "handler": { "callable": "work" }, "retry": {}, "limits": {}, "grants": {},
                    "publishes_events": [{ "name": "e" }], "batch_config": {} }],
        "environments": { "development": { "steps": [{ "name": "ALL", "handler": {}, "retry": {} }] } },
    });
    (template_schema(), template)
}

/// Calls `told` for every field of every object of the format: the object's place, the field's name and its schema.
fn each_field(schema: &Value, place: &str, told: &mut dyn FnMut(&str, &str, &Value)) {
    for schema in schema["anyOf"].as_array().map_or(std::slice::from_ref(schema), Vec::as_slice) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            told(place, name, field);
            let place = format!("{place}/{name}");
            each_field(field, &place, told);
            each_field(&field["items"], &format!("{place}/0"), told);
            each_field(&field["additionalProperties"], &format!("{place}/development"), told);
        }
    }
}

#[test]
fn every_limit_of_a_number_is_enforced() {
    let (schema, template) = everything();
    let mut tried = 0;
    each_field(&schema, "", &mut |place, name, field| {
        let beyond = [("minimum", -1, "below the minimum"), ("maximum", 1, "above the maximum")];
        for (key, step, words) in beyond {
            // A bound that the number's type implies is not a limit of the format.
            let Some(limit) = field[key].as_i64().filter(|limit| limit + step >= 0) else { continue };
            let mut template = template.clone();
            template.pointer_mut(place).unwrap()[name] = json!(limit + step);
            let told = problems(&template);
            assert!(
                told.contains(&format!("`{name}` is {}, which is {words}", limit + step)),
                "{place}: {told}"
            );
            template.pointer_mut(place).unwrap()[name] = json!(limit);
            let told = parse(&template.to_string()).err().map(|problems| problems.render("t.yaml"));
            assert!(
                !told.as_ref().is_some_and(|told| told.contains(&format!("`{name}` is"))),
                "{place}: {told:?}"
            );
            tried += 1;
        }
    });
    assert!(tried > 25, "only {tried} limits were found");
}

#[test]
fn an_unknown_field_is_refused_in_every_object() {
    let (schema, template) = everything();
    let mut places = BTreeSet::new();
    each_field(&schema, "", &mut |place, _, _| {
        places.insert(place.to_owned());
    });
    assert!(places.len() >= 15, "{places:?}");
    for place in places {
        let mut template = template.clone();
        template.pointer_mut(&place).unwrap()["xyzzy"] = json!(1);
        let told = problems(&template);
        assert!(told.contains("UNKNOWN_FIELD") && told.contains("unknown field `xyzzy`"), "{place}: {told}");
    }
}

#[test]
fn names_have_a_length_and_events_an_alphabet() {
    for name in [String::new(), "x".repeat(256)] {
        let mut template = one_step(&json!({}));
        template["name"] = json!(name);
        assert!(problems(&template).contains("BAD_VALUE"), "{} characters", name.len());
        let template = one_step(&json!({ "name": name }));
        assert!(problems(&template).contains("BAD_VALUE"), "{} characters", name.len());
    }
    let template = one_step(&json!({ "publishes_events": [{ "name": "Order Paid" }] }));
    assert!(problems(&template).contains("BAD_VALUE in step `a`: `name`"), "{}", problems(&template));
}

#[test]
fn search_attributes_have_names_and_places() {
    let with = |attributes: Value| {
        let mut template = one_step(&json!({}));
        template["search_attributes"] = attributes;
        problems(&template)
    };
    for (name, path, expected) in [
        ("", "/a", "BAD_VALUE"),
        ("Order", "/a", "1 to 63 lower-case letters"),
        ("x".repeat(64).as_str(), "/a", "BAD_VALUE"),
        ("a", "a", "not a JSON Pointer"),
    ] {
        let told = with(json!([{ "name": name, "path": path }]));
        assert!(told.contains(expected), "{name} {path}: {told}");
    }
    let attribute = json!({ "name": "a", "path": "/a" });
    assert!(with(json!([attribute, attribute])).contains("there are two attributes `a`"));
    let many: Vec<Value> = (0..9).map(|n| json!({ "name": format!("a{n}"), "path": "/a" })).collect();
    assert!(with(json!(many)).contains("there are 9; at most 8 are allowed"));
}

#[test]
fn a_namespace_has_a_length() {
    let mut template = one_step(&json!({}));
    template["namespace_name"] = json!("x".repeat(30));
    assert!(problems(&template).contains("NAMESPACE_TOO_LONG"), "{}", problems(&template));
}

#[test]
fn version_is_semantic() {
    for version in ["1", "1.0", "v1.0.0", "latest"] {
        let mut template = one_step(&json!({}));
        template["version"] = json!(version);
        assert!(problems(&template).contains("not a semantic version"), "{version}");
    }
}

#[test]
fn environments_override_retry_field_by_field() {
    let own = json!({ "retryable": true, "max_attempts": 4, "backoff": "linear", "backoff_base_ms": 400,
                      "max_backoff_ms": 4000, "jitter": true });
    let other = json!({ "retryable": false, "max_attempts": 5, "backoff": "fibonacci", "backoff_base_ms": 500,
                        "max_backoff_ms": 5000, "jitter": false });
    for (field, value) in other.as_object().unwrap() {
        let mut template = one_step(&json!({ "retry": own }));
        template["environments"] = json!({ "x": { "steps": [{ "name": "a", "retry": { field: value } }] } });
        let changed = parse(&template.to_string()).unwrap().template.in_environment("x");
        let mut expected = own.clone();
        expected[field] = value.clone();
        assert_eq!(serde_json::to_value(&changed.steps[0].retry).unwrap(), expected, "{field}");
    }
}

#[test]
fn environments_name_steps_that_are_there() {
    let mut template = one_step(&json!({}));
    template["environments"] = json!({ "x": { "steps": [{ "name": "b" }] } });
    let told = problems(&template);
    assert!(told.contains("MISSING_DEP_REF: environment `x`: there is no step `b`"), "{told}");
}

#[test]
fn a_schema_must_be_one() {
    let places = [
        "/input_schema",
        "/domain_events/0/schema",
        "/steps/0/result_schema",
        "/steps/0/publishes_events/0/schema",
    ];
    for place in places {
        for schema in [json!([1]), json!({ "type": "strnig" })] {
            let mut template = one_step(&json!({ "publishes_events": [{ "name": "e" }] }));
            template["domain_events"] = json!([{ "name": "e" }]);
            let (object, field) = place.rsplit_once('/').unwrap();
            template.pointer_mut(object).unwrap()[field] = schema.clone();
            let told = problems(&template);
            assert!(told.contains("SCHEMA_NOT_OBJECT"), "{place} {schema}: {told}");
        }
    }
}

#[test]
fn a_step_without_connections_is_told() {
    let mut template = one_step(&json!({}));
    let steps = template["steps"].as_array_mut().unwrap();
    steps.push(json!({ "name": "alone", "handler": { "callable": "work" } }));
    steps.push(json!({ "name": "b", "dependencies": ["a"], "handler": { "callable": "work" } }));
    let told = parse(&template.to_string()).unwrap().warnings.render("t.yaml");
    assert!(told.contains("warning ORPHAN_STEP in step `alone`") && !told.contains("`a`"), "{told}");
}

#[test]
fn text_that_is_neither_yaml_nor_json_is_told_with_its_place() {
    let told = parse("name: [t\nversion: 1.0.0\n").unwrap_err().render("t.yaml");
    assert!(told.starts_with("t.yaml:2:") && told.contains("error SYNTAX: not valid YAML or JSON"), "{told}");
}
