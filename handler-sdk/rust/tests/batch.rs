//! Batches in ordinary tests: slices, workers, checkpoints, results.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tasker_handler::{
    batch::{Counts, Progress, Range, merge, ranges, split},
    prelude::*,
};

/// Asserts that the slices cover all items without gap or overlap, and that none is empty.
fn covers(slices: &[Range], total: u64) {
    let mut next = 0;
    for slice in slices {
        assert_eq!(slice.start, next, "{slices:?}");
        assert!(!slice.is_empty(), "{slices:?}");
        next = slice.end;
    }
    assert_eq!(next, total, "{slices:?}");
}

#[test]
fn ranges_are_of_one_size_but_for_the_last() {
    assert_eq!(ranges(0, 10), []);
    assert_eq!(
        ranges(25, 10),
        [Range { start: 0, end: 10 }, Range { start: 10, end: 20 }, Range { start: 20, end: 25 }]
    );
    for total in 0..60 {
        for size in 0..70 {
            let slices = ranges(total, size);
            covers(&slices, total);
            let full = slices.len().saturating_sub(1);
            assert!(slices[..full].iter().all(|slice| slice.len() == size.max(1)), "{total} by {size}");
        }
    }
    covers(&ranges(u64::MAX, u64::MAX - 1), u64::MAX);
}

#[test]
fn split_gives_every_worker_the_same_but_for_one_item() {
    assert_eq!(split(0, 4), []);
    assert_eq!(split(2, 4), [Range { start: 0, end: 1 }, Range { start: 1, end: 2 }]);
    for total in 0..60 {
        for workers in 0..70 {
            let slices = split(total, workers);
            covers(&slices, total);
            assert_eq!(slices.len() as u64, u64::from(workers.max(1)).min(total));
            let lengths = slices.iter().map(|slice| slice.len());
            let (least, most) = (lengths.clone().min(), lengths.max());
            assert!(most.unwrap_or(0) - least.unwrap_or(0) <= 1, "{total} for {workers}");
        }
    }
    covers(&split(u64::MAX, 1000), u64::MAX);
}

#[test]
fn a_range_is_a_range_of_the_standard_library_too() {
    let range = Range::from(3..7);
    assert_eq!((range.len(), range.is_empty()), (4, false));
    assert_eq!(std::ops::Range::from(range).collect::<Vec<_>>(), [3, 4, 5, 6]);
    assert!(Range { start: 7, end: 3 }.is_empty());
    assert_eq!(serde_json::to_value(range).unwrap(), json!({ "start": 3, "end": 7 }));
}

#[test]
fn a_batch_has_a_cursor_for_each_slice() {
    let outcome = Outcome::batch(ranges(3, 2), "planned").unwrap();
    let cursors = vec![json!({ "start": 0, "end": 2 }), json!({ "start": 2, "end": 3 })];
    assert_eq!(outcome, Outcome::Batch { cursors, result: "planned" });
    let outcome = Outcome::batch(["a@example.com", "m@example.com"], ()).unwrap();
    assert_eq!(
        outcome,
        Outcome::Batch { cursors: vec![json!("a@example.com"), json!("m@example.com")], result: () }
    );
    let failure = Outcome::batch([BTreeMap::from([((1, 2), 3)])], ()).unwrap_err();
    assert_eq!((failure.error_type(), failure.is_retryable()), ("ResultNotSerializable", false));
    assert!(failure.message().contains("a cursor"), "{}", failure.message());
}

#[test]
fn a_worker_knows_its_batch() {
    let metadata = json!({
        "batch_step": "plan", "worker_number": 2, "total_workers": 5, "batch_size": 1000, "cursor_field": "id",
        "failure_strategy": "isolate", "parallelism": 10,
    });
    let context =
        Context::builder().attribute("batch_metadata", metadata).attribute("is_no_op", false).build();
    let batch = context.batch().expect("a batch");
    assert!(!batch.is_no_op);
    let metadata = batch.metadata;
    assert_eq!(
        (metadata.batch_step.as_str(), metadata.worker_number, metadata.total_workers),
        ("plan", 2, 5)
    );
    assert_eq!((metadata.batch_size, metadata.cursor_field.as_str()), (1000, "id"));
    assert_eq!(metadata.failure_strategy, "isolate");
}

#[test]
fn any_other_step_has_no_batch_and_no_slice() {
    let context = Context::builder().step_name("ship").build();
    assert_eq!(context.batch(), None);
    let failure = context.slice().unwrap_err();
    assert_eq!((failure.error_type(), failure.is_retryable()), ("MissingCursor", false));
    assert!(failure.message().contains("`ship`"), "{}", failure.message());
    let damaged = Context::builder().attribute("batch_metadata", "five").build();
    assert_eq!(damaged.batch(), None);
}

#[test]
fn a_worker_of_an_empty_batch_has_an_empty_slice() {
    let context = Context::builder().no_op().build();
    assert!(context.batch().expect("a batch").is_no_op);
    assert!(context.slice().unwrap().is_empty());
    let busy = Context::builder().batch_worker(1, 1).cursor(Range { start: 5, end: 9 }).build();
    assert!(!busy.batch().expect("a batch").is_no_op);
    assert_eq!(busy.slice().unwrap(), Range { start: 5, end: 9 });
}

#[test]
fn an_attribute_is_found_by_its_name() {
    let context = Context::builder().attribute("region", "north").attribute("region", "south").build();
    assert_eq!(context.attribute::<String>("region").unwrap().as_deref(), Some("south"));
    assert_eq!(context.attribute::<String>("planet").unwrap(), None);
    let failure = context.attribute::<u8>("region").unwrap_err();
    assert_eq!((failure.error_type(), failure.is_retryable()), ("InvalidAttribute", false));
    assert!(failure.message().contains("`region`"), "{}", failure.message());
}

/// Adds up the numbers of its slice, three per run.
fn add_up(ctx: &Context) -> Result<Outcome<u64>, Failure> {
    let slice = ctx.slice()?;
    let mut progress: Progress<u64> = Progress::resume(ctx)?;
    let end = slice.end.min(progress.cursor + 3);
    progress.accumulated += (progress.cursor..end).sum::<u64>();
    progress.advance(end, end - progress.cursor);
    if end < slice.end { progress.checkpoint() } else { Ok(Outcome::Complete(progress.accumulated)) }
}

#[test]
fn a_worker_goes_on_where_its_last_run_stopped() {
    let builder = Context::builder().batch_worker(2, 2).cursor(Range { start: 10, end: 20 });
    let mut context = builder.clone().build();
    let mut saved = Vec::new();
    let sum = loop {
        match add_up(&context).unwrap() {
            Outcome::Checkpoint(value) => {
                context = builder.clone().checkpoint(&value).build();
                saved.push(value);
            }
            Outcome::Complete(sum) => break sum,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(sum, (10..20).sum::<u64>());
    assert_eq!(
        saved,
        [
            json!({ "cursor": 13, "items_processed": 3, "accumulated": 33 }),
            json!({ "cursor": 16, "items_processed": 6, "accumulated": 75 }),
            json!({ "cursor": 19, "items_processed": 9, "accumulated": 126 }),
        ]
    );
}

#[test]
fn progress_begins_with_the_slice_or_where_it_is_told() {
    let of = |context: Context| Progress::<u64>::resume(&context);
    assert_eq!(of(Context::builder().build()).unwrap().cursor, 0);
    assert_eq!(of(Context::builder().no_op().build()).unwrap().cursor, 0);
    assert_eq!(of(Context::builder().cursor(Range { start: 7, end: 9 }).build()).unwrap().cursor, 7);
    let failure = of(Context::builder().cursor("m@example.com").build()).unwrap_err();
    assert_eq!(failure.error_type(), "InvalidCursor");
    let failure = of(Context::builder().checkpoint("half way").build()).unwrap_err();
    assert_eq!(failure.error_type(), "InvalidCheckpoint");

    let by_name =
        |context: &Context| Progress::<Vec<u8>, String>::resume_or(context, "a".to_owned()).unwrap();
    let mut progress = by_name(&Context::builder().build());
    assert_eq!(progress, Progress { cursor: "a".to_owned(), items_processed: 0, accumulated: vec![] });
    progress.advance("k".to_owned(), 11);
    let Outcome::Checkpoint(saved) = progress.checkpoint::<()>().unwrap() else { panic!("no checkpoint") };
    assert_eq!(by_name(&Context::builder().checkpoint(saved).build()), progress);
}

#[test]
fn results_of_workers_come_in_the_order_of_their_numbers() {
    let mut builder = Context::builder().dependency("process_rows", "planned").dependency("process", 0);
    for number in [1000, 2, 1, 10, 999] {
        builder = builder.dependency(&format!("process_rows_{number:03}"), number);
    }
    let context = builder.dependency("process_rows_total", 0).dependency("process_rows_1_b", 0).build();
    let numbers: Vec<(u32, u32)> = context.worker_results("process_rows").unwrap();
    assert_eq!(numbers, [(1, 1), (2, 2), (10, 10), (999, 999), (1000, 1000)]);
    assert_eq!(context.worker_results::<Value>("others").unwrap(), []);
}

#[test]
fn a_workers_result_that_does_not_fit_is_named() {
    let context = Context::builder().dependency("rows_001", 1).dependency("rows_002", "two").build();
    let failure = context.worker_results::<u32>("rows").unwrap_err();
    assert_eq!((failure.error_type(), failure.is_retryable()), ("InvalidDependencyResult", false));
    assert!(failure.message().contains("`rows_002`"), "{}", failure.message());
}

#[test]
fn counts_and_tables_add_up() {
    let counts = Counts { processed: 4, succeeded: 1, failed: 2, skipped: 1 };
    let twice: Counts = [counts, counts].into_iter().sum();
    assert_eq!(twice, Counts { processed: 8, succeeded: 2, failed: 4, skipped: 2 });
    assert_eq!(counts + counts, twice);
    let partly: Counts = serde_json::from_value(json!({ "processed": 3 })).unwrap();
    assert_eq!(partly, Counts { processed: 3, ..Counts::default() });

    let table = |entries: &[(&str, u64)]| -> BTreeMap<String, u64> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect()
    };
    let merged = merge([table(&[("north", 1), ("south", 2)]), table(&[]), table(&[("south", 3)])]);
    assert_eq!(merged, table(&[("north", 1), ("south", 5)]));
}
