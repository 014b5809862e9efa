//! Steps per second against the number of tasks under way at once.

use std::time::Duration;

use super::{
    curve::{Bench, CPU, Column, Curve, Point, STEPS_PER_SECOND, throughput_figures, warm_up},
    table::grouped,
};
use crate::throughput::{Load, run};

/// Tasks at once, and how many are run. A wide load needs more, because filling it does not count.
const POINTS: [(usize, usize); 5] =
    [(1, 2000), (10, 10_000), (100, 15_000), (1000, 20_000), (10_000, 45_000)];

pub(crate) const CURVE: Curve = Curve {
    name: "concurrency",
    title: "Concurrent tasks",
    text: "Steps per second while so many tasks of `linear_4` are under way: a new one is created whenever others have ended. \
           The third column is the average that was found in the database; it is lower where tasks end faster than clients \
           create them.",
    axis: "tasks at once",
    logarithmic: true,
    columns: &[
        STEPS_PER_SECOND,
        Column {
            figure: "in_flight",
            title: "under way on average",
            digits: 0,
            plotted: false,
            compared: false,
        },
        CPU,
    ],
    measure,
};

fn measure(bench: &Bench) -> anyhow::Result<Vec<Point>> {
    let server = bench.start(&[])?;
    run(&server, &warm_up())?;
    POINTS
        .iter()
        .map(|&(in_flight, tasks)| {
            Point::measure(grouped(in_flight as f64, 0), in_flight, || {
                let load = Load {
                    tasks,
                    in_flight: Some(in_flight),
                    at_most: Duration::from_secs(30),
                    ..Load::default()
                };
                Ok(throughput_figures(&run(&server, &load)?))
            })
        })
        .collect()
}
