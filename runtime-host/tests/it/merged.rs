//! A component whose core modules were merged does what it did before.

use std::path::Path;
use std::sync::LazyLock;

use serde_json::json;
use tasker_merge_modules::merge;
use tasker_protocol::{Ending, Execution, FailureOrigin};
use tasker_runtime_host::{Host, HostConfig};

use crate::support::{assert_failed, completed, config, dispatch_of, failed, host_with, run, with_contract};

/// A component of two linked libraries, as tools build them for Python and JavaScript, and the same merged.
static LINKED: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    let module = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/linked").join(name);
        wat::parse_file(path).expect("the module is well formed")
    };
    let linked = wit_component::Linker::default()
        .library("base.so", &module("base.wat"), false)
        .and_then(|linker| linker.library("handler.so", &with_contract(module("handler.wat")), false))
        .and_then(|linker| linker.validate(true).encode())
        .expect("the libraries are linked");
    let merged = merge(&linked).expect("the shape is known").expect("there are several modules");
    // The linker adds one module, with the memory and the table.
    assert_eq!((merged.from, merged.into), (3, 1));
    [linked, merged.wasm]
});

/// A host that reuses one slot for all executions.
fn host() -> Host {
    host_with(HostConfig { max_concurrent: 1, ..config() }, LINKED.to_vec())
}

/// Runs a handler of the original and of the merged component.
async fn both(host: &Host, handler: &str, input: u32) -> [Execution; 2] {
    let [linked, merged] = LINKED.each_ref();
    [
        run(host, &dispatch_of(linked, handler, &json!(input))).await,
        run(host, &dispatch_of(merged, handler, &json!(input))).await,
    ]
}

#[tokio::test]
async fn it_computes_the_same() {
    let host = host();
    for input in (0..100).chain([12_345, 99_999_999]) {
        let [original, merged] = both(&host, "compute", input).await;
        assert_eq!(completed(&merged), completed(&original));
        assert_eq!(completed(&merged), 2 * input + 1 + 49);
    }
    for execution in both(&host, "time-remains", 0).await {
        assert_eq!(completed(&execution), 1);
    }
}

#[tokio::test]
async fn a_crash_shows_the_same_functions() {
    let [original, merged] = both(&host(), "divide-by-zero", 7).await;
    assert_failed(&merged, FailureOrigin::Crash, "Trap", true, "integer divide by zero");
    assert_eq!(failed(&merged).message, failed(&original).message);
    let frames = |execution: &Execution| failed(execution).details.as_ref().unwrap().get().to_owned();
    assert_eq!(frames(&merged), frames(&original));
    assert!(frames(&merged).contains(r#"["divide","run","handle"#), "{}", frames(&merged));
}

#[tokio::test]
async fn nothing_outlives_an_execution() {
    let host = host();
    for _ in 0..20 {
        for execution in both(&host, "leave-traces", 20).await {
            assert_eq!(completed(&execution), 0);
        }
        for execution in both(&host, "find-traces", 20).await {
            assert_eq!(completed(&execution), 0);
        }
        for execution in both(&host, "compute", 5).await {
            assert_eq!(completed(&execution), 60);
        }
    }
}

#[tokio::test]
async fn its_limits_hold() {
    let host = host();
    let mut dispatch = dispatch_of(&LINKED[1], "spin", &json!(0));
    dispatch.limits.cpu_ms = 50;
    assert_failed(&run(&host, &dispatch).await, FailureOrigin::Limit, "CpuTimeExceeded", true, "50 ms");
    let [_, merged] = both(&host, "recurse", 0).await;
    assert_failed(&merged, FailureOrigin::Crash, "StackOverflow", true, "call stack exhausted");
    let mut dispatch = dispatch_of(&LINKED[1], "leave-traces", &json!(64));
    dispatch.limits.memory_bytes = 2 << 20;
    assert_failed(
        &run(&host, &dispatch).await,
        FailureOrigin::Limit,
        "MemoryLimitExceeded",
        false,
        "2097152 bytes",
    );
}

/// A command of three modules: `memory`, `first` and `last`. It succeeds if `last`'s `run` returns 0.
fn command(memory: &str, first: &str, last: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $memory (memory (export "memory") 1) (table (export "table") 4 funcref)
                (global (export "base") i32 (i32.const 16)) {memory})
            (core module $first (import "m" "memory" (memory 1)) (import "m" "table" (table 4 funcref))
                (import "m" "base" (global $base i32)) {first})
            (core module $last (import "m" "memory" (memory 1)) (import "m" "table" (table 4 funcref))
                (import "m" "base" (global $base i32)) {last})
            (core instance $m (instantiate $memory))
            (core instance $f (instantiate $first (with "m" (instance $m))))
            (core instance $l (instantiate $last (with "m" (instance $m))))
            (func $run (result (result)) (canon lift (core func $l "run")))
            (instance $run (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $run)))"#
    );
    wat::parse_str(text).expect("the component is well formed")
}

/// Runs a command and the merged command. Both must end alike.
async fn both_commands(original: Vec<u8>) -> Execution {
    let merged = merge(&original).expect("the shape is known").expect("there are several modules");
    assert_eq!((merged.from, merged.into), (3, 1));
    let host = host_with(config(), vec![original.clone(), merged.wasm.clone()]);
    let before = run(&host, &dispatch_of(&original, "run", &json!(null))).await;
    let after = run(&host, &dispatch_of(&merged.wasm, "run", &json!(null))).await;
    match (&before.ending, &after.ending) {
        (Ending::Complete(_), Ending::Complete(_)) => {}
        (Ending::Failed(before), Ending::Failed(after)) => {
            assert_eq!((&before.error_type, &before.message), (&after.error_type, &after.message));
        }
        (before, after) => panic!("before: {before:#?}\nafter: {after:#?}"),
    }
    after
}

#[tokio::test]
async fn later_modules_overwrite_what_earlier_ones_set() {
    let execution = both_commands(command(
        r#"(data (i32.const 16) "aaaa")"#,
        r#"(func $one (result i32) (i32.const 1)) (data (global.get $base) "bb")
           (elem (i32.const 0) $one $one)"#,
        r#"(type $number (func (result i32)))
           (func $two (result i32) (i32.const 2)) (data (i32.const 17) "c")
           (elem (i32.sub (global.get $base) (i32.const 15)) $two)
           (func (export "run") (result i32)
             (if (i32.ne (i32.load (i32.const 16)) (i32.const 0x61616362)) (then (return (i32.const 1))))
             (i32.ne (i32.const 21) (i32.add
               (call_indirect (type $number) (i32.const 0))
               (i32.mul (i32.const 10) (call_indirect (type $number) (i32.const 1))))))"#,
    ))
    .await;
    assert!(matches!(execution.ending, Ending::Complete(_)), "{:#?}", execution.ending);
}

#[tokio::test]
async fn start_functions_run_in_order() {
    let push = |digit: u32| {
        format!(
            "(func $begin (i32.store (i32.const 32)
                (i32.add (i32.mul (i32.const 10) (i32.load (i32.const 32))) (i32.const {digit})))) (start $begin)"
        )
    };
    let last = format!(
        r#"{} (func (export "run") (result i32) (i32.ne (i32.const 123) (i32.load (i32.const 32))))"#,
        push(3)
    );
    let execution = both_commands(command(&push(1), &push(2), &last)).await;
    assert!(matches!(execution.ending, Ending::Complete(_)), "{:#?}", execution.ending);
}

#[tokio::test]
async fn a_segment_that_does_not_fit_and_a_start_that_traps_still_fail() {
    let run = r#"(func (export "run") (result i32) (i32.const 0))"#;
    let segment = format!(r#"(data (i32.const 65535) "ab") {run}"#);
    let execution = both_commands(command("", "", &segment)).await;
    assert_failed(&execution, FailureOrigin::Crash, "Trap", true, "out of bounds memory access");
    let execution = both_commands(command("", "(func $begin unreachable) (start $begin)", run)).await;
    assert_failed(&execution, FailureOrigin::Crash, "Panic", true, "unreachable");
}
