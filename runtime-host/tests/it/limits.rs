//! No guest exceeds its limits, and every failure states the limit and what to do.

use std::time::{Duration, Instant};

use serde_json::json;
use tasker_protocol::{Ending, FailureOrigin, Payload, StepDispatch};
use tasker_runtime_host::HostConfig;

use crate::support::{
    assert_failed, completed, config, dispatch, dispatch_of, failed, handler_module, handler_module_of_pages,
    host, host_with, run,
};

const LIMIT: FailureOrigin = FailureOrigin::Limit;

/// Runs a hand-written module.
async fn run_module(wasm: Vec<u8>, change: impl FnOnce(&mut StepDispatch)) -> tasker_protocol::Execution {
    let mut dispatch = dispatch_of(&wasm, "any", &json!(null));
    change(&mut dispatch);
    run(&host_with(config(), vec![wasm]), &dispatch).await
}

#[tokio::test]
async fn an_endless_loop_ends_with_its_cpu_time() {
    let mut dispatch = dispatch("spin", &json!(null));
    dispatch.limits.cpu_ms = 50;
    let execution = run(&host(), &dispatch).await;
    assert_failed(&execution, LIMIT, "CpuTimeExceeded", true, "raise `limits.cpu_ms` of step `probe`");
    let cpu = Duration::from_micros(execution.usage.cpu_us);
    assert!(cpu >= Duration::from_millis(50) && cpu < Duration::from_millis(250), "{cpu:?}");
}

#[tokio::test]
async fn an_endless_loop_ends_with_its_wall_time() {
    let mut dispatch = dispatch("spin", &json!(null));
    dispatch.limits.wall_ms = 50;
    let execution = run(&host(), &dispatch).await;
    assert_failed(&execution, LIMIT, "WallTimeExceeded", true, "raise `timeout_seconds` of step `probe`");
}

#[tokio::test]
async fn waiting_ends_with_its_wall_time_and_costs_no_cpu_time() {
    let mut dispatch = dispatch("sleep", &json!(10_000));
    dispatch.limits.wall_ms = 100;
    dispatch.limits.cpu_ms = 50;
    let start = Instant::now();
    let execution = run(&host(), &dispatch).await;
    assert_failed(&execution, LIMIT, "WallTimeExceeded", true, "100 ms");
    assert!(
        execution.usage.cpu_us < 50_000 && start.elapsed() < Duration::from_secs(20),
        "{:?}",
        execution.usage
    );
}

#[tokio::test]
async fn a_loop_in_the_start_function_is_within_the_deadline_too() {
    let wasm = handler_module("(func $start (loop $again (br $again))) (start $start)", "unreachable");
    let execution = run_module(wasm, |dispatch| dispatch.limits.cpu_ms = 50).await;
    assert_failed(&execution, LIMIT, "CpuTimeExceeded", true, "50 ms");
}

#[tokio::test]
async fn endless_recursion_ends_with_the_stack_and_not_with_the_process() {
    let host = host();
    let execution = run(&host, &dispatch("recurse", &json!(null))).await;
    assert_failed(&execution, FailureOrigin::Crash, "StackOverflow", true, "call stack exhausted");
    assert_eq!(completed(&run(&host, &dispatch("echo", &json!(1))).await), 1);
}

#[tokio::test]
async fn memory_is_limited_where_it_grows_and_where_it_is_declared() {
    let mut dispatch = dispatch("hoard-memory", &json!(null));
    dispatch.limits.memory_bytes = 16 << 20;
    let execution = run(&host(), &dispatch).await;
    assert_failed(&execution, LIMIT, "MemoryLimitExceeded", false, "16777216 bytes");
    assert!(execution.usage.peak_memory_bytes <= 16 << 20);

    let declared = handler_module_of_pages(16_384, "", "unreachable");
    let execution = run_module(declared, |_| {}).await;
    assert_failed(&execution, LIMIT, "MemoryLimitExceeded", false, "raise `limits.memory_bytes`");
}

#[tokio::test]
async fn tables_are_limited_where_they_grow_and_where_they_are_declared() {
    let grows = handler_module(
        "(table $t 1 funcref)",
        "(loop $again (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $again)) unreachable",
    );
    let execution = run_module(grows, |_| {}).await;
    assert_failed(&execution, LIMIT, "TableLimitExceeded", false, "raise `limits.table_elements`");

    let declared = handler_module("(table $t 50000 funcref)", "unreachable");
    let execution = run_module(declared, |_| {}).await;
    assert_failed(&execution, LIMIT, "TableLimitExceeded", false, "20000 table elements");
}

#[tokio::test]
async fn instances_are_limited_before_any_is_made() {
    let instances = "(core instance (instantiate $m))".repeat(40);
    let text = format!(
        r#"(component
            (core module $m (func (export "run") (result i32) i32.const 0))
            (core instance $i (instantiate $m)) {instances}
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $run (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $run)))"#
    );
    let wasm = wat::parse_str(text).unwrap();
    let execution = run_module(wasm.clone(), |_| {}).await;
    assert_failed(&execution, LIMIT, "InstanceLimitExceeded", false, "41 core instances");
    let execution = run_module(wasm, |dispatch| dispatch.limits.instances = 41).await;
    assert!(matches!(execution.ending, Ending::Complete(_)), "{execution:#?}");
}

#[tokio::test]
async fn a_flood_of_logs_is_cut_and_counted_and_harms_nobody() {
    let execution = run(&host(), &dispatch("flood-logs", &json!(20_000))).await;
    assert_eq!(completed(&execution), "flooded");
    let kept: usize = execution.logs.iter().map(|line| line.message.len()).sum();
    assert!(kept <= 64 << 10, "{kept} bytes of logs were kept");
    assert!(execution.usage.dropped_log_bytes > 19_800_000, "{:?}", execution.usage);
}

#[tokio::test]
async fn logs_are_text_whatever_was_written() {
    let execution = run(&host(), &dispatch("write-binary", &json!(null))).await;
    assert_eq!(execution.logs[0].message, "\u{fffd}\u{fffd}ok");
}

#[tokio::test]
async fn a_result_is_limited_in_size() {
    let host = host();
    let mut dispatch = dispatch("return-bytes", &json!(1000));
    dispatch.limits.result_bytes = 1002;
    assert_eq!(completed(&run(&host, &dispatch).await).as_str().unwrap().len(), 1000);
    dispatch.limits.result_bytes = 1001;
    assert_failed(
        &run(&host, &dispatch).await,
        LIMIT,
        "ResultTooLarge",
        false,
        "1002 bytes, more than its 1001",
    );
}

#[tokio::test]
async fn a_result_of_a_gigabyte_is_not_even_copied() {
    let mut dispatch = dispatch("return-bytes", &json!(1_000_000_000));
    dispatch.limits.memory_bytes = 3 << 30;
    dispatch.limits.wall_ms = 60_000;
    dispatch.limits.cpu_ms = 60_000;
    let execution = run(&host(), &dispatch).await;
    assert_failed(&execution, LIMIT, "ResultTooLarge", false, "raise `limits.result_bytes`");
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_the_handlers_fault() {
    let crash = FailureOrigin::Crash;
    assert_failed(
        &run(&host(), &dispatch("return-no-json", &json!(null))).await,
        crash,
        "InvalidAnswer",
        false,
        "is not JSON",
    );
    // ok(complete(pointer beyond memory)), and the same with a string that is not UTF-8.
    let answer = |pointer: u32, length: u32| {
        format!(
            "(i32.store8 (i32.const 64) (i32.const 0)) (i32.store8 (i32.const 72) (i32.const 0))
             (i32.store (i32.const 76) (i32.const {pointer})) (i32.store (i32.const 80) (i32.const {length}))
             (i32.store8 (i32.const 96) (i32.const 255)) (i32.const 64)"
        )
    };
    let execution = run_module(handler_module("", &answer(96, 1)), |_| {}).await;
    assert_failed(&execution, crash, "InvalidAnswer", false, "utf-8");
    let execution = run_module(handler_module("", &answer(4_000_000_000, 100)), |_| {}).await;
    failed(&execution);
}

#[tokio::test]
async fn host_resources_are_limited_in_number() {
    let host = host();
    assert_eq!(completed(&run(&host, &dispatch("leak-handles", &json!(100))).await), "leaked");
    let execution = run(&host, &dispatch("leak-handles", &json!(10_000))).await;
    assert_failed(&execution, LIMIT, "HandleLimitExceeded", false, "256 host resources");
}

#[tokio::test]
async fn a_panic_is_reported_with_its_message() {
    let execution = run(&host(), &dispatch("panic", &json!(null))).await;
    assert_failed(&execution, FailureOrigin::Crash, "Panic", true, "the shelves are empty");
    let execution = run(&host(), &dispatch("trap", &json!(null))).await;
    assert_failed(&execution, FailureOrigin::Crash, "Panic", true, "unreachable");
    let execution = run(&host(), &dispatch("exit", &json!(null))).await;
    assert_eq!(failed(&execution).origin, FailureOrigin::Crash);
}

#[tokio::test]
async fn a_payload_that_nobody_fetched_is_the_hosts_fault() {
    let mut dispatch = dispatch("echo", &json!(null));
    dispatch.input =
        Payload::Blob(tasker_protocol::BlobReference { key: "k".into(), size: 1, sha256: "0".repeat(64) });
    assert_failed(
        &run(&host(), &dispatch).await,
        FailureOrigin::Host,
        "PayloadUnresolved",
        true,
        "blob store",
    );
}

#[tokio::test]
async fn a_step_that_may_use_more_than_the_host_has_is_refused_with_the_numbers() {
    let host = host_with(HostConfig { max_memory_bytes: Some(100 << 20), ..config() }, Vec::new());
    let mut dispatch = dispatch("echo", &json!(1));
    let execution = run(&host, &dispatch).await;
    assert_failed(&execution, FailureOrigin::Host, "MemoryUnavailable", false, "134217728 bytes");
    assert!(failed(&execution).message.contains("104857600 bytes"), "{:?}", failed(&execution));
    dispatch.limits.memory_bytes = 100 << 20;
    assert_eq!(completed(&run(&host, &dispatch).await), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn executions_wait_until_their_memory_limits_fit() {
    let host = host_with(HostConfig { max_memory_bytes: Some(300 << 20), ..config() }, Vec::new());
    completed(&run(&host, &dispatch("echo", &json!(1))).await);
    let start = Instant::now();
    // Two at a time.
    let sleeping: Vec<_> = (0..6)
        .map(|_| {
            let host = host.clone();
            tokio::spawn(async move { run(&host, &dispatch("sleep", &json!(200))).await })
        })
        .collect();
    for execution in sleeping {
        assert_eq!(completed(&execution.await.unwrap()), "slept");
    }
    assert!(start.elapsed() >= Duration::from_millis(600), "{:?}", start.elapsed());
}

/// Twice as many endless computations as may run at once, and one normal execution.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_hostile_guests_do_not_slow_the_one_beside_them() {
    let host = host_with(HostConfig { max_concurrent: 110, ..config() }, Vec::new());
    completed(&run(&host, &dispatch("echo", &json!(1))).await);
    let hostile: Vec<_> = (0..100)
        .map(|_| {
            let host = host.clone();
            let mut dispatch = dispatch("spin", &json!(null));
            (dispatch.limits.wall_ms, dispatch.limits.memory_bytes) = (3_000, 8 << 20);
            tokio::spawn(async move { run(&host, &dispatch).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut times = Vec::new();
    for _ in 0..100 {
        let (host, dispatch) =
            (host.clone(), dispatch("sum", &json!({ "order": 1, "items": [{ "price": 2 }] })));
        let start = Instant::now();
        let execution = tokio::spawn(async move { run(&host, &dispatch).await }).await.unwrap();
        times.push(start.elapsed());
        assert_eq!(completed(&execution)["total"], 2.0);
    }
    times.sort();
    assert!(times[50] < Duration::from_millis(20), "half of the executions took longer than {:?}", times[50]);
    for hostile in hostile {
        assert_failed(&hostile.await.unwrap(), LIMIT, "WallTimeExceeded", true, "3000 ms");
    }
}
