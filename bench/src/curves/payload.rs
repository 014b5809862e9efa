//! Latency and data rate against the size of a task's input.

use std::{fmt::Write, time::Duration};

use anyhow::{Context, Result};

use super::curve::{Bench, Column, Curve, Point, warm_up};
use crate::{
    latency,
    shapes::published,
    throughput::{Load, TEMPLATE, run},
};

/// The sizes in bytes, how often each is measured alone, and how many tasks its data rate takes.
const POINTS: [(&str, usize, usize, usize); 5] = [
    ("1 KB", 1000, 200, 10_000),
    ("10 KB", 10_000, 200, 8000),
    ("100 KB", 100_000, 100, 2000),
    ("1 MB", 1_000_000, 30, 500),
    ("5 MB", 5_000_000, 20, 100),
];

pub(crate) const CURVE: Curve = Curve {
    name: "payload",
    title: "Payload",
    text: "`linear_4` with inputs of this size, which each of the four handlers receives and parses. Inputs over 64 KiB are \
           stored as blobs, here in a folder, and messages carry references to them. MB/s counts the input once per step, \
           while tasks are created as fast as they are accepted.",
    axis: "input",
    logarithmic: true,
    columns: &[
        Column { figure: "p50_ms", title: "p50, ms", digits: 1, plotted: true, compared: false },
        Column { figure: "p99_ms", title: "p99, ms", digits: 1, plotted: false, compared: false },
        Column { figure: "mb_per_second", title: "MB/s", digits: 1, plotted: true, compared: false },
    ],
    measure,
};

fn measure(bench: &Bench) -> Result<Vec<Point>> {
    let server = bench.start(&[])?;
    run(&server, &warm_up())?;
    let shape = published().into_iter().find(|shape| shape.name == TEMPLATE).context("no such shape")?;
    POINTS
        .iter()
        .map(|&(label, bytes, runs, tasks)| {
            let text = padding(bytes);
            let input = |n: usize| input(n, bytes, &text);
            let mut shape = shape.clone();
            shape.runs = runs;
            Point::measure(label, bytes, || {
                let latency = latency::measure_with(&server, &shape, &input)?;
                let load = Load { tasks, at_most: Duration::from_secs(20), input: &input, ..Load::default() };
                let throughput = run(&server, &load)?;
                let rate = throughput.steps_per_second * bytes as f64 / 1e6;
                Ok(vec![
                    ("p50_ms", latency.database.p50),
                    ("p99_ms", latency.database.p99),
                    ("mb_per_second", rate),
                    ("steps_per_second", throughput.steps_per_second),
                    ("tasks", throughput.tasks as f64),
                ])
            })
        })
        .collect()
}

/// An input of exactly this size.
fn input(n: usize, bytes: usize, padding: &str) -> String {
    let head = format!(r#"{{"n":{n},"padding":""#);
    let length = bytes - head.len() - 2;
    format!(r#"{head}{}"}}"#, &padding[..length])
}

/// Text that does not compress: PostgreSQL would store repetitions as a few bytes.
fn padding(bytes: usize) -> String {
    let mut state = 1_u64;
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        // A step of xorshift64.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let _ = write!(text, "{state:016x}");
    }
    text
}
