//! Time per step against the size of a task: its width and its length.

use anyhow::Result;

use super::{
    curve::{Bench, Column, Curve, Point, warm_up},
    table::grouped,
};
use crate::{
    latency,
    shapes::{Shape, batches, chains},
    throughput::run,
};

pub(crate) const WIDTH: Curve = Curve {
    name: "fan_out",
    title: "Fan-out",
    text: "A batch with so many workers, at most 1,000 of which run at once, and one step that receives the results of all. \
           100,000 workers are the limit of a batch.",
    axis: "workers",
    logarithmic: true,
    columns: &[
        Column { figure: "task_ms", title: "task, ms", digits: 1, plotted: false, compared: false },
        Column { figure: "step_us", title: "per step, µs", digits: 0, plotted: true, compared: false },
        Column { figure: "runs", title: "runs", digits: 0, plotted: false, compared: false },
    ],
    measure: |bench| measure(bench, &batches(), 2),
};

pub(crate) const LENGTH: Curve = Curve {
    name: "chain",
    title: "Chain",
    text: "Steps in a line, each of which receives the result of the one before. The goal is a time per step within ± 10 % of \
           the shortest chain's.",
    axis: "steps",
    logarithmic: true,
    columns: &[
        Column { figure: "task_ms", title: "task, ms", digits: 1, plotted: false, compared: false },
        Column { figure: "step_us", title: "per step, µs", digits: 0, plotted: true, compared: true },
        Column { figure: "runs", title: "runs", digits: 0, plotted: false, compared: false },
    ],
    measure: |bench| measure(bench, &chains(), 0),
};

/// Measures shapes, whose labels leave out so many steps.
fn measure(bench: &Bench, shapes: &[Shape], frame: usize) -> Result<Vec<Point>> {
    let server = bench.start(shapes)?;
    run(&server, &warm_up())?;
    shapes
        .iter()
        .map(|shape| {
            let size = shape.steps - frame;
            Point::measure(grouped(size as f64, 0), size, || {
                let task = latency::measure(&server, shape)?.database;
                Ok(vec![
                    ("task_ms", task.p50),
                    ("step_us", task.p50 * 1000.0 / shape.steps as f64),
                    ("runs", shape.runs as f64),
                ])
            })
        })
        .collect()
}
