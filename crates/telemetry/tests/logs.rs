//! A line of the log names what it is written within.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tasker_telemetry::{JsonLines, name_work, request};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_has_the_fields_of_what_it_is_within_and_its_own_win() {
    let lines = Lines::default();
    let written = lines.clone();
    let logs = tracing_subscriber::fmt().with_writer(move || written.clone());
    logs.fmt_fields(JsonLines::fields()).event_format(JsonLines).init();
    request(&"r-1", || (Some("t-1"), Some([10; 16]))).in_scope(|| tracing::warn!("before it is asked for"));
    name_work();
    request(&"r-1", || (Some("t-1"), Some([10; 16]))).in_scope(|| {
        tracing::warn!(task_id = "t-2", count = 3, level = "none", "a \"line\"\nof two");
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["request_id"]), (2, &Value::Null));
    let mut line = lines[1].clone();
    assert!(line["timestamp"].take().as_str().is_some_and(|time| time.ends_with('Z')));
    let wanted = json!({
        "timestamp": null, "level": "WARN", "target": "logs", "message": "a \"line\"\nof two", "count": 3,
        "request_id": "r-1", "task_id": "t-2", "trace_id": "0a".repeat(16),
    });
    assert_eq!(line, wanted);
}
