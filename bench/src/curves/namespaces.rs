//! Throughput against the number of namespaces that share the system.

use anyhow::{Result, ensure};

use super::{
    curve::{Bench, CPU, Column, Curve, Point, STEPS_PER_SECOND, steady_load, throughput_figures, warm_up},
    table::grouped,
};
use crate::{
    server::Installation,
    shapes::NAMESPACE,
    throughput::{Load, TEMPLATE, run},
};

const POINTS: [usize; 4] = [1, 10, 100, 1000];

pub(crate) const CURVE: Curve = Curve {
    name: "namespaces",
    title: "Namespaces",
    text: "The same load, 1,000 tasks of `linear_4` at once, spread over so many namespaces in turn, each with a template of its \
           own. Every point starts with a new database.",
    axis: "namespaces",
    logarithmic: true,
    columns: &[Column { compared: true, ..STEPS_PER_SECOND }, CPU],
    measure,
};

fn measure(bench: &Bench) -> Result<Vec<Point>> {
    let template = bench.template(TEMPLATE)?;
    let place = format!("namespace_name: {NAMESPACE}\n");
    ensure!(template.contains(&place), "the template {TEMPLATE} does not say `{}`", place.trim());
    POINTS
        .iter()
        .map(|&count| {
            let copy = |n: usize| template.replace(&place, &format!("namespace_name: tenant{n}\n"));
            let templates: Vec<_> = (0..count).map(|n| (format!("tenant{n}"), copy(n))).collect();
            let server = bench.start_with(Installation::OneProcess, &templates)?;
            let namespace = |n: usize| format!("tenant{}", n % count);
            run(&server, &Load { namespace: &namespace, ..warm_up() })?;
            Point::measure(grouped(count as f64, 0), count, || {
                let load = Load { namespace: &namespace, ..steady_load() };
                Ok(throughput_figures(&run(&server, &load)?))
            })
        })
        .collect()
}
