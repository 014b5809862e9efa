//! Plain WASI commands as handlers: preview-1 core modules, as any toolchain builds them.

use serde_json::json;
use tasker_protocol::{Ending, Execution, FailureOrigin};
use tasker_runtime_host::ComponentKind;

use crate::support::{assert_failed, completed, config, dispatch_of, failed, host_with, run};

/// A preview-1 command that writes `output` to standard output and `error` to standard error and exits with
/// `code`.
fn command(output: &str, error: &str, code: u32) -> Vec<u8> {
    let escape = |text: &str| text.bytes().fold(String::new(), |text, byte| format!("{text}\\{byte:02x}"));
    wat::parse_str(format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (data (i32.const 1024) "{}")
            (data (i32.const 8192) "{}")
            (func (export "_start")
                (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const {}))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
                (i32.store (i32.const 0) (i32.const 8192)) (i32.store (i32.const 4) (i32.const {}))
                (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))
                (call $exit (i32.const {code}))))"#,
        escape(output),
        escape(error),
        output.len(),
        error.len(),
    ))
    .unwrap()
}

/// A preview-1 command that copies its input to its output.
fn cat() -> Vec<u8> {
    wat::parse_str(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "_start")
                (loop $again
                    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 4096))
                    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
                    (if (i32.load (i32.const 16)) (then
                        (i32.store (i32.const 4) (i32.load (i32.const 16)))
                        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))
                        (br $again))))))"#,
    )
    .unwrap()
}

async fn run_command(wasm: Vec<u8>) -> Execution {
    let dispatch = dispatch_of(&wasm, "any-name", &json!({ "order": 1 }));
    run(&host_with(config(), vec![wasm]), &dispatch).await
}

#[tokio::test]
async fn a_command_reads_its_context_and_completes_with_the_document_it_writes() {
    let context = completed(&run_command(cat()).await);
    assert_eq!(context["task_input"], json!({ "order": 1 }));
    assert_eq!(context["handler"], "any-name");
    assert_eq!(context["step_name"], "probe");
    assert_eq!(context["cursor"], json!(null));
}

#[tokio::test]
async fn a_command_says_which_outcome_it_means() {
    let ending = async |output: &str| run_command(command(output, "", 0)).await.ending;
    let result = async |output: &str| completed(&run_command(command(output, "", 0)).await);
    assert_eq!(result("").await, json!(null));
    assert_eq!(result(r#"{"tasker": {"complete": [1, 2]}}"#).await, json!([1, 2]));
    let branch = ending(r#"{"tasker": {"branch": {"steps": ["a"], "result": 5}}}"#).await;
    assert!(matches!(branch, Ending::Branch { steps, .. } if steps == ["a"]));
    let batch = ending(r#"{"tasker": {"batch": {"cursors": [1, 2]}}}"#).await;
    assert!(matches!(batch, Ending::Batch { cursors, .. } if cursors.len() == 2));
    assert!(matches!(ending(r#"{"tasker": {"checkpoint": 9}}"#).await, Ending::Checkpoint(_)));
    // Any other document is the result itself.
    for other in [
        r#"{"complete":true}"#,
        r#"{"checkpoint":5}"#,
        r#"{"branch":{"steps":["a"]}}"#,
        r#"{"batch":{"cursors":[1]}}"#,
        r#"{"failure":{"message":"no"}}"#,
        r#"{"tasker":{"checkpoint":5},"total":2}"#,
        r#"["tasker"]"#,
    ] {
        assert_eq!(result(other).await.to_string(), other);
    }
    assert_eq!(result(r#"{"tasker":{"complete":{"tasker":1}}}"#).await, json!({ "tasker": 1 }));
    let execution = run_command(command(r#"{"tasker": {"chekpoint": 5}}"#, "", 0)).await;
    assert_failed(&execution, FailureOrigin::Crash, "InvalidAnswer", false, "unknown variant `chekpoint`");
}

#[tokio::test]
async fn the_exit_code_says_whether_to_try_again() {
    let handler = FailureOrigin::Handler;
    let execution = run_command(command("", "disk is full\n", 1)).await;
    assert_failed(&execution, handler, "CommandFailed", true, "disk is full");
    assert_eq!(execution.logs[0].message, "disk is full");
    let execution = run_command(command("", "", 2)).await;
    assert_failed(&execution, handler, "CommandFailed", false, "exited with code 2");
    // In wasm32-wasip2, every exit code but 0 arrives as 1.
    let said = r#"{"tasker": {"failure": {"error_type": "CardDeclined", "message": "no money", "retryable": false, "details": {"code": 51}}}}"#;
    for code in [0, 1] {
        let execution = run_command(command(said, "", code)).await;
        assert_failed(&execution, handler, "CardDeclined", false, "no money");
        assert_eq!(failed(&execution).details.as_ref().unwrap().get(), r#"{"code": 51}"#);
    }
    let later = r#"{"tasker": {"failure": {"retry_after_ms": 5000}}}"#;
    assert_eq!(failed(&run_command(command(later, "", 1)).await).retry_after_ms, Some(5000));
    // A result does not survive a failure, whatever it looks like.
    let execution = run_command(command(r#"{"message": "no money", "retryable": false}"#, "", 1)).await;
    assert_failed(&execution, handler, "CommandFailed", true, "exited with code 1");
}

#[tokio::test]
async fn output_that_is_no_document_is_no_answer() {
    let execution = run_command(command("all done!", "", 0)).await;
    assert_failed(&execution, FailureOrigin::Crash, "InvalidAnswer", false, "Write logs to standard error");
}

#[tokio::test]
async fn a_command_is_described_as_one() {
    let wasm = cat();
    let described = host_with(config(), Vec::new()).describe(&wasm).await.unwrap();
    assert_eq!(described.kind, ComponentKind::Command);
    assert_eq!(described.handlers[0].name, "run");
}
