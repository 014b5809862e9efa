//! Throughput against the number of orchestrators and hosts over PGMQ.

use anyhow::Result;

use super::curve::{
    Bench, CPU, Column, Curve, Point, STEPS_PER_SECOND, steady_load, throughput_figures, warm_up,
};
use crate::{server::Installation, throughput::run};

const POINTS: [(usize, usize); 5] = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3)];

pub(crate) const CURVE: Curve = Curve {
    name: "machines",
    title: "Orchestrators × hosts",
    text: "1,000 tasks of `linear_4` at once, over so many processes of `tasker serve` and of `tasker worker` on one PostgreSQL \
           with PGMQ. All share the machine named above, so this shows what it costs that more processes use the same queues, \
           not what further machines add.",
    axis: "orchestrators × hosts",
    logarithmic: false,
    columns: &[Column { compared: true, ..STEPS_PER_SECOND }, CPU],
    measure,
};

fn measure(bench: &Bench) -> Result<Vec<Point>> {
    POINTS
        .iter()
        .map(|&(orchestrators, workers)| {
            let server = bench.start_with(Installation::Pgmq { orchestrators, workers }, &[])?;
            run(&server, &warm_up())?;
            Point::measure(format!("{orchestrators} × {workers}"), orchestrators * workers, || {
                Ok(throughput_figures(&run(&server, &steady_load())?))
            })
        })
        .collect()
}
