//! The messages about faults of templates.

use tasker_templates::template::{Backoff, parse, template_schema};

fn problems(yaml: &str) -> String {
    parse(yaml).expect_err("the template has faults").render("t.yaml")
}

fn steps(lines: &str) -> String {
    format!("name: t\nversion: 1.0.0\nsteps:\n{lines}")
}

#[test]
fn a_mistyped_field_is_named_with_the_nearest() {
    let text = problems(&steps("  - name: a\n    handler: { callable: x }\n    dependancies: [b]\n"));
    assert_eq!(
        text,
        "t.yaml:6:5: error UNKNOWN_FIELD in step `a`: unknown field `dependancies`; did you mean `dependencies`?"
    );
}

#[test]
fn values_out_of_range_say_the_range() {
    let retry =
        "  - name: a\n    handler: { callable: x }\n    retry: { max_attempts: 101, backoff: exponental }\n";
    let text = problems(&steps(retry));
    assert!(
        text.contains(
            "t.yaml:6:14: error BAD_VALUE in step `a`: `max_attempts` is 101, which is above the maximum, 100"
        ),
        "{text}"
    );
    assert!(
        text.contains("`backoff` is \"exponental\"") && text.contains("did you mean `exponential`"),
        "{text}"
    );
}

#[test]
fn every_fault_is_told_at_once() {
    let text = problems(&steps(
        "  - name: a\n    handler: { callable: '' }\n    dependencies: [a, c]\n  - name: a\n    handler: { callable: x }\n",
    ));
    for code in ["EMPTY_CALLABLE", "SELF_DEPENDENCY", "MISSING_DEP_REF", "DUPLICATE_STEP_NAME"] {
        assert!(text.contains(code), "{code} is missing in\n{text}");
    }
}

#[test]
fn many_faults_are_told_in_order_briefly_and_soon() {
    let step = |n: usize| {
        format!("  - {{ name: s{n}, handler: {{ callable: x }}, dependencies: [missing_{n}_of_all] }}\n")
    };
    let yaml = steps(&(0..2000).map(step).collect::<String>());
    let began = std::time::Instant::now();
    let told = problems(&yaml);
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(told.len() < 50_000, "{} bytes", told.len());
    assert_eq!(told.lines().count(), 51);
    let place = told.lines().position(|line| line.contains("`missing_7_of_all`"));
    assert_eq!(place, Some(7), "{told}");
    assert!(told.ends_with("and 1950 more"), "{told}");
    // Warnings do not hide an error.
    let orphan = |n: usize| format!("  - {{ name: s{n}, handler: {{ callable: x }}, lifecycle: {{}} }}\n");
    let orphans: String = (0..200).map(orphan).collect();
    let told = problems(&steps(&(orphans + "  - { name: bad, handler: { callable: '' } }\n")));
    assert!(told.contains("EMPTY_CALLABLE"), "{told}");
}

#[test]
fn names_have_one_alphabet_which_is_told() {
    let quoted = |name: &str| serde_json::Value::from(name).to_string();
    let named =
        |name: &str| steps(&format!("  - {{ name: {}, handler: {{ callable: x }} }}\n", quoted(name)));
    for name in ["a", "validate_order", "検証", "🚀", "größe-2.b", "Payments::Refund", "_x"] {
        parse(&named(name)).unwrap_or_else(|problems| panic!("{name}: {problems}"));
    }
    for name in ["a b", "a/b", "a@1", "a?", "a#b", "a%20", "..", "-x", "a\u{200b}b", "a\"b", "$x", "a\u{a0}b"]
    {
        let told = problems(&named(name));
        assert!(
            told.contains("BAD_VALUE: `name` may contain letters and digits of any script"),
            "{name}: {told}"
        );
        let template = named("x").replacen("name: t", &format!("name: {}", quoted(name)), 1);
        assert!(problems(&template).contains("`name` may contain"), "{name}: {template}");
    }
}

#[test]
fn a_bucket_has_a_name_that_every_store_takes() {
    let of = |name: &str| {
        steps(&format!(
            "  - name: a\n    handler: {{ callable: x }}\n    grants: {{ key_value: [fine_1.0-x, '{name}'] }}\n"
        ))
    };
    for name in ["", "a/b", "größe", &"x".repeat(65)] {
        let text = problems(&of(name));
        assert!(
            text.contains("BAD_VALUE in step `a`")
                && text.contains(&format!("`{name}` is not a bucket name")),
            "{text}"
        );
    }
    parse(&of(&"x".repeat(64))).unwrap();
}

#[test]
fn a_grant_that_nobody_understands_is_refused_where_it_stands() {
    let text = problems(&steps(
        "  - name: a\n    handler: { callable: x }\n    grants:\n      http: ['https://a.example', a.example]\n      \
         private_networks: [ten]\n",
    ));
    assert!(text.contains("BAD_VALUE in step `a`: `a.example` is not a pattern: write a scheme"), "{text}");
    assert!(text.contains("`ten` is not a network"), "{text}");
}

#[test]
fn a_cycle_is_written_out() {
    let text = problems(&steps(
        "  - { name: a, handler: { callable: x }, dependencies: [c] }\n  - { name: b, handler: { callable: x }, dependencies: [a] }\n  - { name: c, handler: { callable: x }, dependencies: [b] }\n",
    ));
    assert!(text.contains("CYCLE_DETECTED") && text.contains("a → c → b → a"), "{text}");
}

#[test]
fn a_batch_without_a_fitting_worker_is_refused() {
    let text = problems(&steps("  - { name: a, type: batchable, handler: { callable: x } }\n"));
    assert!(text.contains("error BAD_WORKER_TEMPLATE in step `a`"), "{text}");
    let text = problems(&steps(
        "  - { name: a, type: batchable, handler: { callable: x }, batch_config: { worker_template: wrok } }\n  - { name: work, type: batch_worker, dependencies: [a], handler: { callable: x } }\n",
    ));
    assert!(text.contains("`wrok` is not a step of type `batch_worker`; did you mean `work`?"), "{text}");
    let text = problems(&steps("  - { name: w, type: batch_worker, handler: { callable: x } }\n"));
    assert!(text.contains("no batchable step has it as its worker"), "{text}");
    let text =
        problems(&steps("  - { name: a, handler: { callable: x }, batch_config: { batch_size: 5 } }\n"));
    assert!(text.contains("`batch_config` is for steps of type `batchable` or `batch_worker`"), "{text}");
}

#[test]
fn older_names_are_understood() {
    let parsed = parse(&steps(
        "  - name: a\n    step_type: standard\n    handler: { callable: x }\n  - name: b\n    depends_on: [a]\n    handler: { callable: x }\n    retry: { limit: 7, initial_delay: 2.5, max_delay: 60, backoff: linear }\n",
    ));
    let template = parsed.unwrap_or_else(|problems| panic!("{problems}")).template;
    assert_eq!(template.steps[1].dependencies, ["a"]);
    let retry = &template.steps[1].retry;
    assert_eq!(
        (retry.max_attempts, retry.backoff_base_ms, retry.max_backoff_ms, retry.backoff),
        (7, 2500, 60_000, Backoff::Linear)
    );
}

#[test]
fn an_environment_changes_what_it_names() {
    let yaml = "name: t\nversion: 1.0.0\nsteps:\n  - { name: a, handler: { callable: x, initialization: { k: 1, l: 1 } } }\n  - { name: b, handler: { callable: x } }\nenvironments:\n  production:\n    steps:\n      - { name: ALL, timeout_seconds: 90 }\n      - { name: a, handler: { initialization: { k: 2 } }, retry: { max_attempts: 9 } }\n";
    let template = parse(yaml).unwrap_or_else(|problems| panic!("{problems}")).template;
    let production = template.in_environment("production");
    assert_eq!((production.steps[0].timeout_seconds, production.steps[1].timeout_seconds), (90, 90));
    assert_eq!(
        serde_json::to_value(&production.steps[0].handler.initialization).unwrap(),
        serde_json::json!({ "k": 2, "l": 1 })
    );
    assert_eq!((production.steps[0].retry.max_attempts, production.steps[1].retry.max_attempts), (9, 3));
    assert_eq!(template.in_environment("elsewhere"), template);
}

#[test]
fn a_template_survives_being_stored() {
    let yaml = steps(
        "  - name: a\n    handler: { callable: x }\n    grants: { http: ['https://a.example'] }\n    limits: { memory_bytes: 1048576 }\n",
    );
    let template = parse(&yaml).unwrap_or_else(|problems| panic!("{problems}")).template;
    let stored = serde_json::to_string(&template).unwrap();
    assert_eq!(parse(&stored).unwrap_or_else(|problems| panic!("{problems}")).template, template);
}

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    let schema = template_schema();
    assert_eq!(schema["additionalProperties"], false);
    assert!(
        schema["properties"]["steps"]["items"]["properties"]["retry"]["properties"]["max_attempts"]["maximum"]
            == 100
    );
}
