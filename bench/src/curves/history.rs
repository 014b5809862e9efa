//! Latency and throughput against the number of finished tasks that the database keeps.

use anyhow::{Context, Result};

use super::{
    curve::{Bench, Column, Curve, Point, STEPS_PER_SECOND, steady_load, throughput_figures, warm_up},
    table::grouped,
};
use crate::{
    latency,
    server::Server,
    shapes::{NAMESPACE, published},
    throughput::{TEMPLATE, run},
};

const POINTS: [usize; 4] = [0, 10_000, 100_000, 1_000_000];
/// Adds a point with so many finished tasks.
const FURTHER: &str = "TASKER_BENCH_HISTORY";
/// Copies all rows of a task, from every table.
const COPY: &str = include_str!("../../../orchestrator/tests/copy_task.sql");

pub(crate) const CURVE: Curve = Curve {
    name: "history",
    title: "History",
    text: "`linear_4` beside so many finished tasks in the same database, each with its four steps and its audit rows: p50 of \
           one task at a time, and steps per second of 1,000 at once. The goal is ± 10 % of an empty database. Every point \
           starts with a new database. `TASKER_BENCH_HISTORY=10000000 make bench-curves` adds a point with that number of \
           tasks.",
    axis: "finished tasks",
    logarithmic: false,
    columns: &[
        Column { figure: "p50_ms", title: "p50, ms", digits: 2, plotted: true, compared: true },
        Column { compared: true, ..STEPS_PER_SECOND },
        Column { figure: "database_mib", title: "database, MiB", digits: 0, plotted: false, compared: false },
    ],
    measure,
};

fn measure(bench: &Bench) -> Result<Vec<Point>> {
    let mut points = POINTS.to_vec();
    if let Ok(further) = std::env::var(FURTHER) {
        let wanted = further.parse();
        points.push(wanted.with_context(|| format!("{FURTHER} is `{further}`, not a number of tasks"))?);
    }
    points.into_iter().map(|finished| point(bench, finished)).collect()
}

fn point(bench: &Bench, finished: usize) -> Result<Point> {
    let server = bench.start(&[])?;
    run(&server, &warm_up())?;
    if finished > 0 {
        insert(&server, finished)?;
    }
    // What autovacuum and the next checkpoint would do during the measurement.
    server.sql(&["VACUUM ANALYZE", "CHECKPOINT"])?;
    run(&server, &warm_up())?;
    let size = server.sql(&["SELECT pg_database_size(current_database()) >> 20"])?;
    let size: f64 = size.parse().with_context(|| format!("the size of the database is `{size}`"))?;
    let shape = published().into_iter().find(|shape| shape.name == TEMPLATE).context("no such shape")?;
    Point::measure(grouped(finished as f64, 0), finished, || {
        let latency = latency::measure(&server, &shape)?.database;
        let mut figures = throughput_figures(&run(&server, &steady_load())?);
        figures.extend([("p50_ms", latency.p50), ("p99_ms", latency.p99), ("database_mib", size)]);
        Ok(figures)
    })
}

/// Inserts copies of a finished task.
pub(crate) fn insert(server: &Server, finished: usize) -> Result<()> {
    let agent = Server::agent();
    let model = server.create(&agent, NAMESPACE, TEMPLATE, r#"{"n":1}"#)?;
    server.wait(&agent, &model)?;
    server.sql(&[&COPY.replace("COUNT", &finished.to_string()).replace("MODEL", &model)])?;
    let found = server.sql(&["SELECT count(*) FROM tasker.tasks"])?;
    anyhow::ensure!(found.parse().is_ok_and(|found: usize| found > finished), "only {found} tasks are there");
    eprintln!("inserted {finished} finished tasks");
    Ok(())
}
