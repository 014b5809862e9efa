//! The parsers that outsiders reach, as fuzz targets. Each takes any bytes, and panics if the parser panics or breaks its
//! promise. `make fuzz` runs them with libFuzzer; the tests replay the inputs in `fuzz/corpus`.

use std::sync::LazyLock;

use serde_json::Value;
use tasker_cloud_events::CloudEvent;
use tasker_protocol::{EventDelivery, OrchestratorMessage, StepDispatch, decode, encode, raw_json};
use tasker_templates::{
    canonical, cut_name, faults, identifier_fault, name_fault,
    template::{import, parse},
    text_fault,
    trigger::{SeenEvent, parse_trigger},
    validator,
};

/// A target.
pub type Target = fn(&[u8]);

/// All targets by the names of their folders in `fuzz/corpus`.
pub const TARGETS: [(&str, Target); 8] = [
    ("cloud_event", cloud_event),
    ("template", template),
    ("trigger", trigger),
    ("event_of_triggers", event_of_triggers),
    ("message", message),
    ("number", number),
    ("schema", schema),
    ("text", text),
];

/// Runs one target, by its name.
///
/// # Panics
/// If there is no such target, or the target panics.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a known target");
    target(data);
}

/// An event from outside, alone or in a batch. What is accepted survives being written.
fn cloud_event(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let events = CloudEvent::from_json(text).map(|event| vec![event]);
    for event in events.or_else(|_| CloudEvent::batch_from_json(text)).unwrap_or_default() {
        let written = event.to_json();
        let again = CloudEvent::from_json(&written).expect("a written event is an event");
        assert_eq!(again.to_json(), written);
    }
}

/// A template, and its import from other versions of Tasker.
fn template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match parse(text) {
        Ok(_) => assert!(import(text).is_ok(), "a valid template can be imported"),
        Err(problems) => assert!(!problems.to_string().is_empty()),
    }
}

/// A trigger with its pattern and expressions, and an event that it sees.
fn trigger(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(parsed) = parse_trigger(text) else { return };
    let seen = SeenEvent::new(&ORDER).expect("the event is valid");
    if parsed.compiled.matches(&seen) {
        let _ = parsed.compiled.map(&seen);
    } else {
        assert!(!parsed.compiled.explain(&seen).is_empty(), "no reason why the event does not match");
    }
}

/// An event as the triggers of the example see it.
fn event_of_triggers(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(event) = CloudEvent::from_json(text) else { return };
    let Ok(seen) = SeenEvent::new(&event) else { return };
    let trigger = &EXAMPLE.compiled;
    if trigger.matches(&seen) {
        let _ = trigger.map(&seen);
    } else {
        let _ = trigger.explain(&seen);
    }
}

/// A message of a queue. What is decoded survives being encoded.
fn message(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(step) = decode::<StepDispatch>(text) {
        let written = encode(&step);
        assert_eq!(encode(&decode::<StepDispatch>(&written).expect("it was encoded")), written);
    }
    if let Ok(report) = decode::<OrchestratorMessage>(text) {
        let written = encode(&report);
        assert_eq!(encode(&decode::<OrchestratorMessage>(&written).expect("it was encoded")), written);
    }
    let _ = decode::<EventDelivery>(text);
    let _ = raw_json(text.to_owned());
}

/// The text by which documents are compared.
fn number(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(once) = canonical(text) else { return };
    assert_eq!(canonical(&format!("\n{text} ")).expect("it is JSON"), once);
    assert!(!once.is_empty());
}

/// A schema, and a value that it judges: two documents, separated by a line.
fn schema(data: &[u8]) {
    let Some((schema, value)) = std::str::from_utf8(data).ok().and_then(|text| text.split_once('\n')) else {
        return;
    };
    let (Ok(schema), Ok(value)) =
        (serde_json::from_str::<Value>(schema), serde_json::from_str::<Value>(value))
    else {
        return;
    };
    if let Ok(validator) = validator(&schema) {
        let bytes: usize = faults(&validator, &value).iter().map(String::len).sum();
        assert!(bytes < 4096, "the faults have {bytes} bytes");
    }
}

/// Names and other short texts.
fn text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if identifier_fault(text).is_none() {
        assert!(name_fault(text).is_none() && text_fault(text).is_none());
    }
    if text_fault(text).is_none() {
        assert!(!text.contains(['\u{1b}', '\0']), "a terminal obeys it");
    }
    assert!(text.starts_with(cut_name(text)));
}

static ORDER: LazyLock<CloudEvent> = LazyLock::new(|| {
    let text = include_str!("../../../examples/order-fulfillment/events/order_placed.json");
    CloudEvent::from_json(text).expect("the example is valid")
});

static EXAMPLE: LazyLock<tasker_templates::trigger::ParsedTrigger> = LazyLock::new(|| {
    let text = include_str!("../../../examples/order-fulfillment/triggers/order_placed.yaml");
    parse_trigger(text).expect("the example is valid")
});
