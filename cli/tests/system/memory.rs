//! The memory of an orchestrator and its hosts while many steps with a large input are ready.
//!
//! `TASKER_TEST_READY_STEPS=10000` increases the number of steps.

use std::time::Duration;

use tasker_test_support::Counter;

use crate::{
    cluster::Cluster,
    project::{Project, counted_handlers},
};

/// The number of ready steps. Two copies of each input together would be three quarters of a gigabyte.
const STEPS: usize = 1_500;
/// The length of the input that each of them gets, in bytes.
const INPUT: usize = 256 << 10;
/// How long one step may take, on a busy machine.
const A_STEP: Duration = Duration::from_millis(50);
/// The most that a process may hold, in bytes.
const MOST: u64 = 512 << 20;

#[test]
fn many_ready_steps_with_a_large_input_need_no_more_than_half_a_gigabyte() {
    let counter = Counter::start();
    let project = Project::new(&[counted_handlers()]);
    let wanted = std::env::var("TASKER_TEST_READY_STEPS").ok().and_then(|count| count.parse().ok());
    let count: usize = wanted.unwrap_or(STEPS);
    let names: Vec<&'static str> = (0..count).map(|number| &*format!("step_{number}").leak()).collect();
    let steps: Vec<_> = names.iter().map(|name| (*name, 0, &[][..])).collect();
    project.add_counted("wide", &counter, &steps);
    let cluster = Cluster::start(project, 10);
    let input = serde_json::json!({ "n": 1, "text": "x".repeat(INPUT) });
    Cluster::create_from(&cluster.url, "wide", 1, &input);
    cluster.wait_for_complete_within(1, A_STEP * count as u32);
    assert_eq!(counter.totals(), (count, count));
    let peaks = cluster.peaks();
    println!("peaks in MiB: {:?}", peaks.iter().map(|peak| peak >> 20).collect::<Vec<_>>());
    assert!(peaks.iter().all(|peak| *peak < MOST), "{peaks:?}");
}
