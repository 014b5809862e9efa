//! Measures how long tasks take to find among many: each filter of the list alone, and three together; and whether a walk over all pages
//! shows each task once while others are created.

use std::{
    collections::HashSet,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, anyhow, ensure};
use serde::Serialize;

use crate::{
    curves::insert_past,
    latency::Percentiles,
    server::{Installation, Server},
    shapes::NAMESPACE,
    throughput::TEMPLATE,
};

/// The number of tasks, if `TASKER_BENCH_TASKS` names no other.
const TASKS: usize = 1_000_000;
/// How often each filter is asked.
const REQUESTS: usize = 50;

/// A number among all tasks, by their age: the oldest is 1.
const NUMBERED: &str =
    "(SELECT task_id AS id, row_number() OVER (ORDER BY task_id) AS n FROM tasker.tasks) AS numbered";

/// Gives the tasks what they are found by. Common, rare, and of one only.
const LABELS: &str = "UPDATE tasker.tasks SET
        tags = ARRAY['web'], initiator = 'ada', source_system = 'till', correlation_id = 'c-' || n,
        labels = ARRAY['t:web', 'i:ada', 's:till', 'a:order_id=DE-' || n, 'c:c-' || n, 'p:p-' || n / 10]
            || CASE WHEN n % 100000 = 7 THEN ARRAY['t:rare'] ELSE '{}' END,
        has_dlq_entry = n % 1000 = 3
    FROM NUMBERED WHERE id = task_id";

/// Lets one in a thousand stand still.
const BLOCKED: &str = "UPDATE tasker.tasks SET state = 'blocked_by_failures', completed_at = NULL
    FROM NUMBERED WHERE id = task_id AND n % 1000 = 3";

const FILTERS: &[&str] = &[
    "",
    "order=asc",
    "state=complete",
    "state=blocked_by_failures",
    "open=true",
    "open=false",
    "namespace=bench",
    "namespace=nowhere",
    "name=linear_4",
    "name=nothing",
    "version=1.0.0",
    "tag=web",
    "tag=rare",
    "tag=none",
    "tag=web&tag=rare",
    "tag_any=rare&tag_any=none",
    "initiator=ada",
    "initiator=nobody",
    "source_system=till",
    "correlation_id=c-77777",
    "parent_correlation_id=p-777",
    "attribute=order_id%3DDE-500000",
    "q=DE-500000",
    "q=linear",
    "q=rare",
    "q=0174",
    "created_after=1h",
    "created_before=1h",
    "open=true&paused=true",
    "open=true&has_dlq_entry=true",
    "open=true&failed_step=b",
    "open=true&error_type=Nothing",
    "open=true&ended_after=1h",
    "state=complete&tag=rare&initiator=ada",
    "namespace=bench&tag=web&state=blocked_by_failures",
    "name=linear_4&open=true&tag=web",
];

/// How long a filter takes, in milliseconds.
#[derive(Debug, Clone, Serialize)]
struct Asked {
    filter: &'static str,
    #[serde(flatten)]
    times: Percentiles,
    /// The tasks of its first page.
    found: usize,
}

/// The figures.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Search {
    tasks: usize,
    filters: Vec<Asked>,
    /// The time of the walk over all pages of 1,000, in seconds.
    walk_seconds: f64,
    /// The tasks that were created meanwhile.
    created_meanwhile: usize,
}

/// Measures all filters. Prints the figures.
pub(crate) fn measure(program: &Path, project: &Path) -> Result<Search> {
    let wanted = std::env::var("TASKER_BENCH_TASKS").map_or(Ok(TASKS), |number| number.parse());
    let tasks = wanted.context("TASKER_BENCH_TASKS is not a number")?;
    let server = Server::start_with(program, project, Installation::OneProcess, &[])?;
    insert_past(&server, tasks)?;
    let sql = |text: &str| text.replace("NUMBERED", NUMBERED);
    server.sql(&[&sql(LABELS), &sql(BLOCKED), "VACUUM ANALYZE", "CHECKPOINT"])?;
    eprintln!("labelled them");
    let agent = Server::agent();
    let mut filters = Vec::new();
    for &filter in FILTERS {
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..=REQUESTS {
            let begin = Instant::now();
            found = server.page(&agent, &format!("limit=50&{filter}"))?.0.len();
            times.push(begin.elapsed().as_secs_f64() * 1000.0);
        }
        // The first one fills caches.
        times.remove(0);
        filters.push(Asked { filter, times: Percentiles::of(times), found });
    }
    let (walk_seconds, created_meanwhile) = walk(&server, tasks)?;
    let search = Search { tasks, filters, walk_seconds, created_meanwhile };
    println!("{}", table(&search));
    Ok(search)
}

/// Walks over all tasks while others are created. Fails if one is missing or comes twice.
fn walk(server: &Server, tasks: usize) -> Result<(f64, usize)> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let creator = scope.spawn(|| {
            let agent = Server::agent();
            let mut created = 0;
            while !stop.load(Ordering::Relaxed) {
                server.create(&agent, NAMESPACE, TEMPLATE, r#"{"n":1}"#)?;
                created += 1;
            }
            Ok::<usize, anyhow::Error>(created)
        });
        let walked = walk_pages(server);
        stop.store(true, Ordering::Relaxed);
        let created = creator.join().map_err(|_| anyhow!("the creator panicked"))??;
        let (seconds, seen) = walked?;
        ensure!(seen > tasks, "{seen} of more than {tasks} tasks were seen");
        Ok((seconds, created))
    })
}

fn walk_pages(server: &Server) -> Result<(f64, usize)> {
    let agent = Server::agent();
    let (mut seen, mut cursor, begin) = (HashSet::new(), String::new(), Instant::now());
    loop {
        let (page, next) = server.page(&agent, &format!("limit=1000{cursor}"))?;
        for task in page {
            ensure!(seen.insert(task.id().to_owned()), "task {} came twice", task.id());
        }
        let Some(next) = next else { break };
        cursor = format!("&cursor={next}");
    }
    Ok((begin.elapsed().as_secs_f64(), seen.len()))
}

fn table(search: &Search) -> String {
    let mut text = format!("| filter, at {} tasks | p50 | p99 | found |\n|---|---|---|---|\n", search.tasks);
    for Asked { filter, times, found } in &search.filters {
        let name = if filter.is_empty() { "none" } else { filter };
        text.push_str(&format!("| `{name}` | {:.1} ms | {:.1} ms | {found} |\n", times.p50, times.p99));
    }
    text.push_str(&format!(
        "\nAll pages of 1,000 in {:.1} s, each task once, while {} were created.\n",
        search.walk_seconds, search.created_meanwhile
    ));
    text
}
