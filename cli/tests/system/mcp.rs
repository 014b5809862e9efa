//! `tasker mcp` without a server: the tools that work on texts and on the project.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use serde_json::{Value, json};

use crate::{
    program::tasker,
    project::{Project, counted_handlers},
};

/// An MCP client that speaks to a process.
struct Assistant {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    sent: u64,
}

impl Assistant {
    fn of(project: &Project) -> Self {
        let mut command = tasker(project.path());
        // Nothing listens there.
        command.args(["--server", "http://127.0.0.1:9", "mcp"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let input = child.stdin.take().expect("its input is piped");
        let output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut assistant = Self { child, input, output, sent: 0 };
        let client = json!({ "name": "test", "version": "1" });
        assistant.ask(
            "initialize",
            &json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client }),
        );
        writeln!(assistant.input, r#"{{"jsonrpc":"2.0","method":"notifications/initialized"}}"#)
            .expect("it reads");
        assistant
    }

    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let request = json!({ "jsonrpc": "2.0", "id": self.sent, "method": method, "params": parameters });
        writeln!(self.input, "{request}").expect("it reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).expect("it answers in JSON");
        assert_eq!(answer["id"], self.sent, "{answer}");
        answer["result"].clone()
    }

    /// What a tool returns, and whether it is an error.
    fn call(&mut self, tool: &str, arguments: &Value) -> (Value, bool) {
        let result = self.ask("tools/call", &json!({ "name": tool, "arguments": arguments }));
        (result["structuredContent"].clone(), result["isError"] == true)
    }

    fn get(&mut self, tool: &str, arguments: &Value) -> Value {
        let (value, is_error) = self.call(tool, arguments);
        assert!(!is_error, "{tool}: {value}");
        value
    }

    fn refused(&mut self, tool: &str, arguments: &Value) -> String {
        let (value, is_error) = self.call(tool, arguments);
        assert!(is_error, "{tool}: {value}");
        value["error"]["detail"].as_str().expect("it says why").to_owned()
    }
}

impl Drop for Assistant {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ORDER: &str = "
name: order
namespace_name: shop
version: 1.0.0
input_schema: { type: object, required: [id], properties: { id: { type: string }, total: { type: integer } } }
steps:
  - { name: check, handler: { callable: check }, result_schema: { type: object, required: [ok], properties: { ok: { type: boolean } } } }
  - { name: ship, dependencies: [check], handler: { callable: ship } }
";

#[test]
fn an_assistant_writes_and_checks_templates_without_a_server() {
    let project = Project::new(&[]);
    project.write("templates/order.yaml", ORDER);
    project.write("templates/broken.yaml", "name: broken\nsteps: [{ nme: a }]\n");
    project.write(
        "triggers/order.yaml",
        "
name: order_placed
namespace: shop
pattern: { type: [order.placed] }
task: { name: order }
input: '{\"id\": data.id}'
",
    );
    let mut assistant = Assistant::of(&project);
    let tools = assistant.ask("tools/list", &json!({}));
    let names: Vec<&str> =
        tools["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    let expected = [
        "template_list",
        "template_validate",
        "template_inspect",
        "template_visualize",
        "template_generate",
        "template_reference",
        "schema_inspect",
        "schema_compare",
        "schema_diff",
        "handler_generate",
        "handler_run",
        "event_test",
        "connection_status",
    ];
    assert_eq!(names, expected);

    let listed = assistant.get("template_list", &json!({}));
    assert_eq!(listed["templates"][0]["problems"].as_u64().map(|count| count > 0), Some(true), "{listed}");
    assert_eq!(listed["templates"][1]["steps"], json!(["check", "ship"]));

    let verdict =
        assistant.get("template_validate", &json!({ "file": project.path().join("templates/broken.yaml") }));
    assert_eq!((&verdict["valid"], &verdict["problems"][3]["line"]), (&json!(false), &json!(2)), "{verdict}");
    // A name is looked up in files without faults.
    std::fs::remove_file(project.path().join("templates/broken.yaml")).unwrap();
    let outside = assistant.refused("template_validate", &json!({ "file": "/etc/passwd" }));
    assert!(outside.contains("is not in the project"), "{outside}");
    let outside = assistant.refused("schema_diff", &json!({ "before": "/etc/passwd", "after": ORDER }));
    assert!(outside.contains("is not in the project"), "{outside}");
    let neither = assistant.refused("template_validate", &json!({}));
    assert!(neither.contains("either `template`"), "{neither}");

    let inspected = assistant.get("template_inspect", &json!({ "template": ORDER }));
    assert_eq!(inspected["steps"][1]["level"], 1);
    assert_eq!(inspected["analysis"]["execution_order"], json!(["check", "ship"]));
    let drawn = assistant.get("template_visualize", &json!({ "template": ORDER }));
    assert!(drawn["mermaid"].as_str().unwrap().contains("s0 --> s1"), "{drawn}");

    let steps = json!([
        { "name": "check", "retry": { "max_attempts": 2 } },
        { "name": "ship", "handler": "carrier/ship", "dependencies": ["check"] },
    ]);
    let written =
        assistant.get("template_generate", &json!({ "name": "order", "namespace": "shop", "steps": steps }));
    assert_eq!(written["valid"], true, "{written}");
    let again = assistant.get("template_inspect", &json!({ "template": written["yaml"] }));
    assert_eq!(again["steps"][1]["handler"], "carrier/ship");
    assert_eq!(again["steps"][0]["max_attempts"], 2);
    let circle = json!([{ "name": "a", "dependencies": ["b"] }, { "name": "b", "dependencies": ["a"] }]);
    let refused = assistant.get("template_generate", &json!({ "name": "order", "steps": circle }));
    assert_eq!(refused["valid"], false);

    let sections = assistant.get("template_reference", &json!({}));
    let fields = assistant.get("template_reference", &json!({ "section": "Fields" }));
    assert!(sections["sections"].as_array().unwrap().contains(&json!("Fields")), "{sections}");
    assert!(fields["text"].as_str().unwrap().contains("identity_strategy"));

    let schema = assistant.get("schema_inspect", &json!({ "template": ORDER, "step": "check" }));
    assert_eq!(
        schema["fields"][1],
        json!({ "path": "ok", "type": "boolean", "required": true, "about": null })
    );
    let expected =
        json!({ "type": "object", "required": ["ok", "by"], "properties": { "ok": { "type": "string" } } });
    let sent = schema["schema"].clone();
    let compared = assistant.get("schema_compare", &json!({ "sent": sent, "expected": expected }));
    assert_eq!(compared["fits"], false);
    let paths: Vec<&Value> =
        compared["findings"].as_array().unwrap().iter().map(|finding| &finding["path"]).collect();
    assert_eq!(paths, ["by", "ok"]);
    assert_eq!(assistant.get("schema_compare", &json!({ "sent": sent, "expected": sent }))["fits"], true);
    let later = ORDER.replace("required: [id]", "required: [id, total]").replace("1.0.0", "1.1.0");
    let changes = assistant.get("schema_diff", &json!({ "before": "shop/order", "after": later }));
    assert_eq!(changes["versions"], json!(["1.0.0", "1.1.0"]), "{changes}");
    assert_eq!(
        changes["changes"][0],
        json!({ "where": "input", "path": "total", "change": "is required now", "breaks": "senders" })
    );

    let begun = assistant.get("handler_generate", &json!({ "template": ORDER, "step": "ship" }));
    assert!(
        begun["rust"].as_str().unwrap().contains("let check: CheckResult = ctx.dependency(\"check\")?;"),
        "{begun}"
    );
    let refused = assistant.refused("handler_generate", &json!({ "template": ORDER, "step": "pay" }));
    assert!(refused.contains("there are check, ship"), "{refused}");

    let event = |kind: &str| json!({ "event": { "specversion": "1.0", "type": kind, "source": "/web", "id": "1", "data": { "id": "DE-1" } } });
    let starts = assistant.get("event_test", &event("order.placed"));
    assert_eq!(starts["starts"], true, "{starts}");
    assert_eq!(starts["triggers"][0]["input"], json!({ "id": "DE-1" }));
    let other = assistant.get("event_test", &event("order.lost"));
    assert_eq!(
        (&other["starts"], &other["triggers"][0]["pattern"][0]["holds"]),
        (&json!(false), &json!(false)),
        "{other}"
    );
}

#[test]
fn an_assistant_runs_a_handler_in_its_sandbox() {
    let project = Project::new(&[counted_handlers()]);
    let mut assistant = Assistant::of(&project);
    let unknown = assistant.refused("handler_run", &json!({ "handler": "nonsense" }));
    assert!(unknown.contains("nonsense"), "{unknown}");
    // It has no grant for the network.
    let config = json!({ "counter": "http://127.0.0.1:9", "hold_ms": 0, "padding_bytes": 0 });
    let ran =
        assistant.get("handler_run", &json!({ "handler": "counted", "input": { "n": 1 }, "config": config }));
    let failed = &ran["untrusted"]["ending"]["failed"];
    assert!(failed["message"].as_str().is_some_and(|message| message.contains("grant")), "{ran}");
}
