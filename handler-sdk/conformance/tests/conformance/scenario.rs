//! The scenarios: what the files in `scenarios/` hold.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::language::suite;

/// A file of scenarios.
#[derive(Debug)]
pub(crate) struct Area {
    /// The name of the file, without its ending.
    pub(crate) name: String,
    /// What its scenarios are about.
    pub(crate) about: String,
    pub(crate) scenarios: Vec<Scenario>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    scenarios: Vec<Scenario>,
}

/// One run of a handler, and how it must end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) handler: String,
    /// The task's input, as it is written.
    #[serde(default = "nothing")]
    pub(crate) input: Box<RawValue>,
    /// What is too large to be written down.
    #[serde(default)]
    pub(crate) generate: Generate,
    #[serde(default)]
    pub(crate) context: Facts,
    #[serde(default)]
    pub(crate) grants: Granted,
    #[serde(default)]
    pub(crate) limits: Limited,
    /// The secrets that the host has.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, String>,
    /// What buckets hold before the run: JSON by bucket and key.
    #[serde(default)]
    pub(crate) stored: BTreeMap<String, BTreeMap<String, Value>>,
    /// What the server answers.
    #[serde(default)]
    pub(crate) server: Vec<Answer>,
    /// Cancels the run when the handler has reported progress.
    #[serde(default)]
    pub(crate) cancel_after_progress: bool,
    /// A part of the result, as a JSON Pointer, that differs between two runs.
    pub(crate) differs: Option<String>,
    expect: Map<String, Value>,
    /// What languages do otherwise.
    #[serde(default, rename = "in")]
    pub(crate) elsewhere: BTreeMap<String, Otherwise>,
}

/// What one language does otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Otherwise {
    /// The reason.
    pub(crate) because: String,
    /// A merge patch (RFC 7396) of the scenario's `expect`.
    expect: Value,
}

/// Inputs that are generated, and values in the bucket `shelf`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Generate {
    /// Lists in lists.
    depth: Option<usize>,
    /// A text of this many bytes.
    text: Option<usize>,
    /// A list of this many objects.
    objects: Option<usize>,
    /// A request to `{server}/large` with a text of this many letters as its body.
    request: Option<usize>,
    /// This many values in the bucket `shelf`.
    pub(crate) stored: Option<usize>,
}

/// The facts about the step that differ from the usual ones.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Facts {
    pub(crate) attempt: Option<u32>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) configuration: Option<Box<RawValue>>,
    pub(crate) dependencies: Vec<(String, Box<RawValue>)>,
    pub(crate) cursor: Option<Box<RawValue>>,
    pub(crate) checkpoint: Option<Box<RawValue>>,
    pub(crate) traceparent: Option<String>,
    pub(crate) batch: Option<Worker>,
}

/// A batch worker.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Worker {
    #[serde(rename = "worker_number")]
    pub(crate) number: u32,
    #[serde(rename = "total_workers")]
    pub(crate) total: u32,
    #[serde(default)]
    pub(crate) is_no_op: bool,
}

/// What the step is granted.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Granted {
    pub(crate) http: Vec<String>,
    pub(crate) secrets: Vec<String>,
    pub(crate) buckets: Vec<String>,
}

/// The limits that differ from the usual ones.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limited {
    pub(crate) wall_ms: Option<u64>,
    pub(crate) cpu_ms: Option<u64>,
}

/// A response of the server. The first whose path is that of the request is sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    /// The path and the query.
    pub(crate) path: String,
    #[serde(default = "ok")]
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) body: String,
    /// A body of this many letters instead.
    pub(crate) bytes: Option<usize>,
    /// A body of these bytes instead.
    pub(crate) binary: Option<Vec<u8>>,
    /// How long the server waits first, in milliseconds.
    #[serde(default)]
    pub(crate) delay_ms: u64,
    /// Whether the connection breaks after half of the body.
    #[serde(default)]
    pub(crate) cut: bool,
}

fn ok() -> u16 {
    200
}

fn nothing() -> Box<RawValue> {
    RawValue::from_string("{}".to_owned()).expect("JSON")
}

/// The scenarios of all files.
pub(crate) fn areas() -> Vec<Area> {
    let folder = fs::read_dir(suite().join("scenarios")).expect("the suite has scenarios");
    let mut paths: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).expect("scenarios can be read");
        let file: File =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Area { name, about: file.about, scenarios: file.scenarios }
    };
    paths.iter().map(read).collect()
}

impl Scenario {
    /// How the run must end in this language.
    pub(crate) fn expected(&self, language: &str) -> Map<String, Value> {
        let mut expected = Value::Object(self.expect.clone());
        if let Some(otherwise) = self.elsewhere.get(language) {
            merge(&mut expected, &otherwise.expect);
        }
        match expected {
            Value::Object(expected) => expected,
            _ => Map::new(),
        }
    }

    /// The task's input, as JSON text.
    pub(crate) fn input(&self) -> String {
        let Generate { depth, text, objects, request, .. } = self.generate;
        if let Some(depth) = depth {
            return "[".repeat(depth) + &"]".repeat(depth);
        }
        if let Some(bytes) = text {
            return Value::String("é".repeat(bytes / 2)).to_string();
        }
        if let Some(objects) = objects {
            let object = |number: usize| serde_json::json!({ "id": number, "name": format!("item {number}"), "tags": ["a", null] });
            return Value::Array((0..objects).map(object).collect()).to_string();
        }
        if let Some(letters) = request {
            let body = "x".repeat(letters);
            return serde_json::json!({ "method": "POST", "url": "{server}/large", "json": body, "body": "size" })
                .to_string();
        }
        self.input.get().to_owned()
    }
}

/// Applies a merge patch (RFC 7396).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}
