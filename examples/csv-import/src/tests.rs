//! The handlers together, on files in memory: whole workflows with every possible split.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use tasker_handler::{
    batch::Range,
    http::Response,
    prelude::*,
    serde_json::{self, Value},
    testing,
};

use crate::{
    import_rows::{Fault, Imported, import_rows},
    plan_import::{Import, Plan, plan_import},
    row::MAX_LINE_BYTES,
    sum_up::{Summary, sum_up},
    sums::Sums,
};

/// Looks like a presigned URL.
const URL: &str = "http://storage/orders.csv?signature=secret";
const HEADER: &str = "id,customer,product,quantity,unit_price_cents,region\n";

/// Serves a file from now on. Returns the list of requested ranges.
fn serve(file: &[u8]) -> Rc<RefCell<Vec<Range>>> {
    let asked: Rc<RefCell<Vec<Range>>> = Rc::default();
    let (file, noted) = (file.to_vec(), Rc::clone(&asked));
    testing::respond_with(move |request| {
        assert_eq!((request.method.as_str(), request.url.as_str()), ("GET", URL));
        let header = |name: &str| {
            request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        let (first, last) = header("range").unwrap().strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
        if first >= file.len() {
            let mut response = Response::new(416, "");
            response.headers.push(("content-range".to_owned(), format!("bytes */{}", file.len())));
            return Ok(response);
        }
        let end = (last + 1).min(file.len());
        let etag = format!("\"{}\"", file.len());
        if header("if-match").is_some_and(|wanted| wanted != etag) {
            return Ok(Response::new(412, ""));
        }
        noted.borrow_mut().push(Range { start: first as u64, end: end as u64 });
        let mut response = Response::new(206, &file[first..end]);
        let content_range = format!("bytes {first}-{}/{}", end - 1, file.len());
        response.headers = vec![("content-range".to_owned(), content_range), ("etag".to_owned(), etag)];
        Ok(response)
    });
    asked
}

fn import() -> Import {
    Import { url: URL.to_owned(), expected: None }
}

fn plan(slice_bytes: u64) -> Result<(Plan, Vec<Range>), Failure> {
    let ctx = Context::builder().configuration(json!({ "slice_bytes": slice_bytes })).build();
    match plan_import(&ctx, import())? {
        Outcome::Batch { cursors, result } => {
            let slice = |cursor| serde_json::from_value(cursor).unwrap();
            Ok((result, cursors.into_iter().map(slice).collect()))
        }
        other => panic!("{other:?}"),
    }
}

/// Runs one worker to its end: all runs, each with the checkpoint of the previous one.
fn work(plan: &Plan, slice: Option<Range>, chunk_bytes: u64) -> Result<Imported, Failure> {
    let mut builder = Context::builder()
        .dependency("plan_import", plan)
        .configuration(json!({ "chunk_bytes": chunk_bytes, "regions": ["north", "south"] }));
    builder = match slice {
        Some(slice) => builder.batch_worker(1, 1).cursor(slice),
        None => builder.no_op(),
    };
    loop {
        match import_rows(&builder.clone().build())? {
            Outcome::Complete(imported) => return Ok(imported),
            Outcome::Checkpoint(saved) => builder = builder.checkpoint(saved),
            other => panic!("{other:?}"),
        }
    }
}

fn converge(plan: &Plan, imported: &[Imported], import: Import) -> Result<Summary, Failure> {
    let mut builder = Context::builder().dependency("plan_import", plan);
    for (index, imported) in imported.iter().enumerate() {
        builder = builder.dependency(&format!("import_rows_{:03}", index + 1), imported);
    }
    sum_up(&builder.build(), import)
}

/// Runs the whole workflow with the given slices. Clears the parts of the result that depend on the split.
fn run_cut(plan: &Plan, slices: &[Range], chunk_bytes: u64) -> Summary {
    let imported: Vec<Imported> =
        slices.iter().map(|&slice| work(plan, Some(slice), chunk_bytes).unwrap()).collect();
    let summary = converge(plan, &imported, import()).unwrap();
    Summary { slices: 0, requests: 0, bytes_read: 0, ..summary }
}

fn run(file: &[u8], slice_bytes: u64, chunk_bytes: u64) -> Summary {
    serve(file);
    let (plan, slices) = plan(slice_bytes).unwrap();
    run_cut(&plan, &slices, chunk_bytes)
}

/// Splits a file at every byte and into slices and chunks of many sizes. All results must be equal.
fn same_however_cut(file: &[u8]) -> Summary {
    serve(file);
    let (plan, whole) = plan(u64::MAX / 2).unwrap();
    let summary = run_cut(&plan, &whole, u64::MAX / 2);
    let end = file.len() as u64;
    for cut in plan.first_row + 1..end {
        let slices = [Range { start: plan.first_row, end: cut }, Range { start: cut, end }];
        for chunk_bytes in [64, 100_000] {
            assert_eq!(
                run_cut(&plan, &slices, chunk_bytes),
                summary,
                "cut at {cut}, chunks of {chunk_bytes}"
            );
        }
    }
    for slice_bytes in (1..=end).step_by(5) {
        assert_eq!(run(file, slice_bytes, 50), summary, "slices of {slice_bytes}");
    }
    for chunk_bytes in (1..=end).step_by(5) {
        assert_eq!(run(file, 100, chunk_bytes), summary, "chunks of {chunk_bytes}");
    }
    summary
}

fn sums(rows: u64, quantity: u64, revenue_cents: u64) -> Sums {
    Sums { rows, quantity, revenue_cents }
}

const ORDERS: &str = "1,c-1,tea,3,890,north\n2,c-2,\"tea, green\",1,640,south\n3,c-1,\"\"\"house\"\" blend\",2,700,north\n\
                      4,c-9,Kännchen,1,6900,south\n5,c-4,cup,4,3200,north\n";

#[test]
fn a_file_comes_to_the_same_wherever_it_is_cut() {
    let summary = same_however_cut(format!("{HEADER}{ORDERS}").as_bytes());
    assert_eq!(summary.total, sums(5, 11, 24_410));
    assert_eq!(
        summary.regions,
        BTreeMap::from([("north".to_owned(), sums(3, 9, 16_870)), ("south".to_owned(), sums(2, 2, 7_540))])
    );
    assert_eq!((summary.faulty_rows, summary.faults), (0, vec![]));
    assert_eq!(summary.url, "http://storage/orders.csv");
}

#[test]
fn line_breaks_may_be_those_of_windows_and_the_last_may_be_missing() {
    let wanted = run(format!("{HEADER}{ORDERS}").as_bytes(), 1000, 1000);
    let windows = format!("{HEADER}{ORDERS}").replace('\n', "\r\n");
    let mark = format!("\u{feff}{HEADER}{ORDERS}");
    let empty_lines = format!("{HEADER}\n{}\n\n", ORDERS.replace('\n', "\n\n"));
    for file in [
        windows.as_str(),
        windows.trim_end_matches("\r\n"),
        windows.trim_end_matches('\n'),
        format!("{HEADER}{ORDERS}").trim_end(),
        &mark,
        &empty_lines,
    ] {
        let summary = same_however_cut(file.as_bytes());
        assert_eq!((summary.total, summary.faulty_rows), (wanted.total, 0), "{file:?}");
        assert_eq!(summary.regions, wanted.regions, "{file:?}");
    }
}

#[test]
fn faulty_rows_are_counted_and_the_first_are_told() {
    let rows = "1,c-1,tea,3,890,north\n2,c-2,tea,many,640,south\n3,c-1\n4,c-9,\"pot,1,6900,south\n\
                5,c-4,cup,4,3200,moon\n6,c-4,cup,4,3200,north\n,,,,,\n8,c,cup,1,1,south,\n";
    let file = format!("{HEADER}{rows}");
    let summary = same_however_cut(file.as_bytes());
    assert_eq!((summary.total, summary.faulty_rows), (sums(2, 7, 15_470), 6));
    let why: Vec<&str> = summary.faults.iter().map(|fault| fault.why.as_str()).collect();
    assert_eq!(
        why,
        [
            "`quantity` is `many`, which is not an integer in its range",
            "it has 2 of 6 fields",
            "a quote is opened and not closed before the end of the line",
            "there is no region `moon`",
            "`id` is ``, which is not an integer in its range",
        ]
    );
    for Fault { byte, text, .. } in &summary.faults {
        assert!(file[*byte as usize..].starts_with(text.as_str()), "{byte}: {text}");
    }
}

#[test]
fn a_line_break_within_quotes_makes_each_of_its_lines_a_faulty_row() {
    let rows = "1,c-1,tea,3,890,north\n2,c-2,\"tea,\ngreen\",1,640,south\n3,c-1,tea,1,700,north\n";
    let summary = same_however_cut(format!("{HEADER}{rows}").as_bytes());
    assert_eq!((summary.total, summary.faulty_rows), (sums(2, 4, 3370), 2));
    let texts: Vec<&str> = summary.faults.iter().map(|fault| fault.text.as_str()).collect();
    assert_eq!(texts, ["2,c-2,\"tea,", "green\",1,640,south"]);
}

#[test]
fn a_line_that_never_seems_to_end_is_one_faulty_row() {
    let order = |product: usize| format!("1,c-1,{},3,890,north", "x".repeat(product));
    let other = order(1).len() - 1;
    for (length, faulty) in
        [(MAX_LINE_BYTES, 0), (MAX_LINE_BYTES + 1, 1), (MAX_LINE_BYTES + 2, 1), (5 * MAX_LINE_BYTES, 1)]
    {
        for line_break in ["\n", "\r\n", ""] {
            let long = order(length - other);
            let before = format!("{HEADER}{}\n", order(4));
            let after = if line_break.is_empty() { String::new() } else { order(4) };
            let file = format!("{before}{long}{line_break}{after}");
            let good = if after.is_empty() { 1 } else { 2 } + (1 - faulty);
            for slice_bytes in [1 << 20, 40_000, 16_385, 1000, 333] {
                for chunk_bytes in [1 << 20, 20_000, 1000] {
                    let summary = run(file.as_bytes(), slice_bytes, chunk_bytes);
                    assert_eq!(
                        (summary.total.rows, summary.faulty_rows),
                        (good, faulty),
                        "a line of {length} and {line_break:?}, slices of {slice_bytes}, chunks of {chunk_bytes}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_file_without_rows_has_no_slices_and_comes_to_nothing() {
    let windows = HEADER.replace('\n', "\r\n");
    for file in ["", HEADER, HEADER.trim_end(), &windows, windows.trim_end_matches('\n')] {
        serve(file.as_bytes());
        let (plan, slices) = plan(10).unwrap();
        assert_eq!((plan.slices, slices), (0, vec![]), "{file:?}");
        let imported = work(&plan, None, 10).unwrap();
        let summary = converge(&plan, &[imported], import()).unwrap();
        assert_eq!((summary.total, summary.requests, summary.bytes), (sums(0, 0, 0), 0, file.len() as u64));
    }
}

#[test]
fn a_worker_reads_its_slice_and_the_end_of_its_last_line_and_nothing_twice() {
    let rows = "1,c-1,tea,3,890,north\n".repeat(5000);
    let file = format!("{HEADER}{rows}");
    let asked = serve(file.as_bytes());
    let (plan, slices) = plan(20_000).unwrap();
    assert_eq!(slices.len(), 6);
    for slice in slices {
        asked.borrow_mut().clear();
        let imported = work(&plan, Some(slice), 4096).unwrap();
        let asked = asked.borrow();
        assert_eq!(imported.requests, asked.len() as u64);
        assert_eq!(imported.bytes_read, asked.iter().map(|range| range.len()).sum::<u64>());
        assert!(asked.iter().all(|range| range.start + 1 >= slice.start), "{slice:?}: {asked:?}");
        assert!(asked.iter().all(|range| range.end <= slice.end + 256), "{slice:?}: {asked:?}");
        // Each request starts where the last line of the previous one ended.
        assert!(asked.windows(2).all(|pair| pair[1].start + 256 >= pair[0].end), "{slice:?}: {asked:?}");
        assert!(imported.bytes_read <= slice.len() + 257 * imported.requests, "{slice:?}: {asked:?}");
    }
}

#[test]
fn a_worker_goes_on_from_its_checkpoint() {
    let file = format!("{HEADER}{}", "1,c-1,tea,3,890,north\n".repeat(100));
    let asked = serve(file.as_bytes());
    let (plan, slices) = plan(10_000).unwrap();
    let builder = Context::builder()
        .dependency("plan_import", &plan)
        .configuration(json!({ "chunk_bytes": 1000, "regions": ["north"] }))
        .cursor(slices[0]);
    let Outcome::Checkpoint(saved) = import_rows(&builder.clone().build()).unwrap() else {
        panic!("no checkpoint");
    };
    // 46 rows of 22 bytes begin in the first 1,000 bytes.
    let cursor = HEADER.len() + 46 * 22;
    assert_eq!((&saved["cursor"], &saved["items_processed"]), (&json!(cursor), &json!(46)));
    asked.borrow_mut().clear();
    let Outcome::Checkpoint(saved) = import_rows(&builder.checkpoint(saved).build()).unwrap() else {
        panic!("no checkpoint");
    };
    assert_eq!(asked.borrow()[0].start, cursor as u64 - 1);
    assert_eq!(saved["items_processed"], 92);
}

#[test]
fn a_file_that_changes_under_the_import_ends_it() {
    serve(format!("{HEADER}{ORDERS}").as_bytes());
    let (plan, slices) = plan(1000).unwrap();
    serve(format!("{HEADER}{ORDERS}{ORDERS}").as_bytes());
    for etag in [plan.object.etag.clone(), Some("W/\"weak\"".to_owned()), None] {
        let mut plan = plan.clone();
        plan.object.etag = etag;
        let failure = work(&plan, Some(slices[0]), 1000).unwrap_err();
        assert_eq!((failure.error_type(), failure.is_retryable()), ("ObjectChanged", false));
        assert!(!failure.message().contains("secret"), "{}", failure.message());
    }
}

#[test]
fn a_storage_that_is_busy_is_asked_again_and_one_without_the_file_is_not() {
    serve(format!("{HEADER}{ORDERS}").as_bytes());
    let (whole, slices) = plan(1000).unwrap();
    for (status, error_type, retryable) in [(503, "Http503", true), (404, "Http404", false)] {
        testing::respond_with(move |_| Ok(Response::new(status, "")));
        for failure in [plan(1000).unwrap_err(), work(&whole, Some(slices[0]), 1000).unwrap_err()] {
            assert_eq!((failure.error_type(), failure.is_retryable()), (error_type, retryable));
        }
    }
    testing::respond_with(|_| Ok(Response::new(200, format!("{HEADER}{ORDERS}"))));
    assert_eq!(plan(1000).unwrap_err().error_type(), "RangesNotServed");
}

#[test]
fn a_file_of_something_else_is_refused() {
    for file in ["id;customer;product\n1;2;3\n", "\n", "id,customer\n", "{}", "\0\0\0"] {
        serve(file.as_bytes());
        let failure = plan(1000).unwrap_err();
        assert_eq!((failure.error_type(), failure.is_retryable()), ("UnexpectedHeader", false), "{file:?}");
        assert!(failure.message().contains("`id,customer,product,"), "{}", failure.message());
    }
}

#[test]
fn a_large_file_is_cut_into_larger_slices_and_not_into_more() {
    serve(format!("{HEADER}{}", ORDERS.repeat(1000)).as_bytes());
    let (plan, slices) = plan(1).unwrap();
    assert!((900..=1000).contains(&slices.len()), "{}", slices.len());
    assert_eq!(plan.slices, slices.len() as u64);
}

#[test]
fn a_slice_without_a_result_is_noticed() {
    serve(format!("{HEADER}{ORDERS}").as_bytes());
    let (plan, slices) = plan(40).unwrap();
    let imported: Vec<Imported> =
        slices.iter().map(|&slice| work(&plan, Some(slice), 1000).unwrap()).collect();
    assert!(converge(&plan, &imported, import()).is_ok());
    for (missing, slice) in slices.iter().enumerate() {
        let mut some = imported.clone();
        some.remove(missing);
        let failure = converge(&plan, &some, import()).unwrap_err();
        assert_eq!(failure.error_type(), "SliceMissing");
        let byte = format!("byte {} ", slice.start);
        assert!(failure.message().contains(&byte), "{}", failure.message());
    }
}

#[test]
fn sums_that_are_not_those_that_were_expected_fail_the_import() {
    serve(format!("{HEADER}{ORDERS}").as_bytes());
    let (plan, slices) = plan(1000).unwrap();
    let imported = [work(&plan, Some(slices[0]), 1000).unwrap()];
    let expecting = |expected: &Value| -> Import {
        serde_json::from_value(json!({ "url": URL, "expected": expected })).unwrap()
    };
    let mut expected = json!({
        "rows": 5, "quantity": 11, "revenue_cents": 24_410,
        "regions": { "north": { "rows": 3, "quantity": 9, "revenue_cents": 16_870 },
                     "south": { "rows": 2, "quantity": 2, "revenue_cents": 7_540 } },
    });
    converge(&plan, &imported, expecting(&expected)).unwrap();
    for (pointer, value) in [("/quantity", 12), ("/regions/south/rows", 3)] {
        let right = expected.pointer(pointer).cloned().unwrap();
        *expected.pointer_mut(pointer).unwrap() = value.into();
        let failure = converge(&plan, &imported, expecting(&expected)).unwrap_err();
        assert_eq!((failure.error_type(), failure.is_retryable()), ("TotalsDiffer", false), "{pointer}");
        assert!(failure.message().contains("24410 cents"), "{}", failure.message());
        *expected.pointer_mut(pointer).unwrap() = right;
    }
}
