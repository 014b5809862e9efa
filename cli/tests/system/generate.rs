//! `tasker generate`: the types of a template compile and fit its documents; its page is as it was.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::{
    operators::{MEND, Server},
    program::{run, tasker},
    project::Project,
};

/// The types in Rust, compiled.
#[allow(clippy::pedantic, dead_code, unreachable_pub, reason = "they are made")]
mod everything {
    include!("generated/everything.rs");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system/generated")
}

/// Compares what a command prints with a committed file. Returns the file.
fn made(name: &str, arguments: &[&str]) -> PathBuf {
    let project = Project::new(&[]);
    let template = folder().join("everything.yaml");
    let made = || {
        let ended = run(tasker(project.path()).arg("generate").args(arguments).arg(&template));
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended.stdout
    };
    let (text, file) = (made(), folder().join(name));
    assert_eq!(text, made(), "it is the same every time");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &text).expect("it is written");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, committed, "UPDATE_DOCS=1 writes {}", file.display());
    file
}

/// An input that fits the schema of the template.
fn input() -> Value {
    json!({
        "order_id": "DE-1", "items": [{ "sku": "a", "amount": 2, "price": 1.5 }], "type": "next-day", "channel": "web",
        "note": null, "level": 2, "mixed": "auto", "order-date": "2030-01-01", "self": "s", "labels": { "a": "b" },
        "anything": [1], "pair": ["a", 1], "address": { "street": "Main" }, "reference": 7,
        "undescribed": [true], "payment": { "token": "t" },
        "category": { "name": "books", "below": [{ "name": "novels", "below": [], "above": { "name": "x", "below": [] } }] },
    })
}

/// The client in Rust, compiled.
#[allow(clippy::pedantic, dead_code, unreachable_pub, reason = "it is made")]
mod everything_client {
    include!("generated/everything_client.rs");
}

#[test]
fn a_client_is_made_in_each_language() {
    let input: everything_client::EverythingInput = serde_json::from_value(input()).expect("it fits");
    made("everything_client.rs", &["client", "--language", "rust"]);
    made("everything_client.ts", &["client", "--language", "ts"]);
    made("everything_client.py", &["client", "--language", "python"]);
    let tasker = tasker_client::Client::builder("http://127.0.0.1:9").build().expect("it is one");
    let start = everything_client::start_everything(&tasker, &input);
    assert!(format!("{start:?}").contains("everything"), "{start:?}");
}

#[test]
fn types_in_rust_read_and_write_the_documents() {
    made("everything.rs", &["types", "--language", "rust"]);
    let read: everything::EverythingInput = serde_json::from_value(input()).expect("it fits");
    assert_eq!(read.r#type, everything::EverythingInputType::NextDay);
    assert!(matches!(read.address, everything::EverythingInputAddress::Delivery(_)), "{:?}", read.address);
    assert_eq!(read.category.as_ref().map(|category| category.below[0].name.as_str()), Some("novels"));
    assert_eq!(read.note, None);
    assert_eq!(serde_json::to_value(&read).expect("JSON"), input());
    let results = json!({ "check": { "available": true }, "ship-order": "lost", "bill": 5 });
    let read: everything::EverythingResults = serde_json::from_value(results).expect("they fit");
    assert!(read.check.is_some_and(|check| check.available));
    assert_eq!(read.ship_order, Some(everything::ShipOrderResult::Lost));
    for wrong in [json!({ "order_id": 1 }), json!({})] {
        assert!(serde_json::from_value::<everything::EverythingInput>(wrong).is_err());
    }
}

#[test]
fn types_in_python_can_be_imported() {
    let file = made("everything.py", &["types", "--language", "python"]);
    let script = "import sys, typing, importlib.util as u
spec = u.spec_from_file_location('everything', sys.argv[1]); m = u.module_from_spec(spec); spec.loader.exec_module(m)
sys.modules['everything'] = m
assert m.EverythingInput.__required_keys__ == {'order_id', 'items', 'type', 'note', 'address', 'undescribed'}, m.EverythingInput.__required_keys__
hints = typing.get_type_hints(m.EverythingInput)
assert hints['type'] == typing.Literal['express', 'next-day', 'standard'], hints
assert typing.get_type_hints(m.EverythingResults)['check'] is m.CheckResult";
    let ended = run(Command::new("python3").args(["-B", "-c", script]).arg(&file));
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}

#[test]
fn types_in_typescript_are_checked_by_its_compiler() {
    let file = made("everything.ts", &["types", "--language", "ts"]);
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/typescript/node_modules/.bin/tsc");
    if !installed.is_file() {
        println!("not compiled: `npm ci` in clients/typescript installs the compiler");
        return;
    }
    let work = tempfile::tempdir().expect("a folder");
    fs::copy(file, work.path().join("everything.ts")).expect("it is copied");
    let check = |name: &str, use_of: &str| {
        let text = format!(
            "import type {{ EverythingInput, EverythingResults }} from \"./everything\";\n{use_of}\n"
        );
        fs::write(work.path().join(name), text).expect("it is written");
        let flags = ["--noEmit", "--strict", "--exactOptionalPropertyTypes"];
        run(Command::new(&installed).args(flags).arg(name).current_dir(work.path()))
    };
    let right = format!(
        "export const input: EverythingInput = {};\nexport const of = (results: EverythingResults): boolean | undefined => \
         results.check?.available;",
        input()
    );
    let ended = check("right.ts", &right);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let ended = check("wrong.ts", "export const input: EverythingInput = { order_id: 1 };");
    assert!(ended.code != Some(0) && ended.stdout.contains("wrong.ts"), "{ended:#?}");
}

#[test]
fn types_in_go_and_the_page_are_as_they_were() {
    made("everything.go", &["types", "--language", "go"]);
    made("everything.md", &["docs"]);
}

#[test]
fn a_template_of_the_project_or_of_a_server_is_named() {
    let project = Project::new(&[]);
    project.write("templates/mend.yaml", MEND);
    let generate = |arguments: &[&str]| run(tasker(project.path()).args(arguments));
    let of_project = generate(&["template", "types", "-l", "ts", "default/mend"]);
    assert!(of_project.stdout.contains("export type MendInput = unknown;"), "{of_project:#?}");
    let file = project.path().join("types.ts");
    let written =
        generate(&["generate", "types", "-l", "ts", "mend", "--out", file.to_str().expect("a path")]);
    assert_eq!(written.code, Some(0), "{written:#?}");
    assert_eq!(fs::read_to_string(file).expect("a file").trim_end(), of_project.stdout.trim_end());
    let unknown = generate(&["generate", "docs", "shop/mend"]);
    assert!(unknown.code == Some(1) && unknown.stderr.contains("default/mend"), "{unknown:#?}");
    let server = Server::start(&[("mend", MEND)]);
    let published = server.say(&["generate", "types", "-l", "ts", "mend", "--published"]);
    assert_eq!(published, of_project.stdout);
}
