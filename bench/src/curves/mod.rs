//! Scale-up curves: one quantity grows, and everything else stays as it is.

mod concurrency;
mod curve;
mod history;
mod machines;
mod namespaces;
mod page;
mod payload;
mod plot;
mod results;
mod size;
mod table;

use std::{path::Path, time::Instant};

use anyhow::{Result, bail};
use curve::{Bench, Curve};
use results::Results;

pub(crate) use history::insert as insert_past;

use crate::report;

const CURVES: [Curve; 7] = [
    concurrency::CURVE,
    payload::CURVE,
    size::WIDTH,
    size::LENGTH,
    history::CURVE,
    namespaces::CURVE,
    machines::CURVE,
];

/// Measures the curves with these names, or all, prints them, and writes them to a file.
pub(crate) fn run(program: &Path, project: &Path, file: &Path, names: &[String]) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| CURVES.iter().all(|curve| curve.name != **name)) {
        let known: Vec<&str> = CURVES.iter().map(|curve| curve.name).collect();
        bail!("there is no curve `{unknown}`; the curves are {}", known.join(", "));
    }
    let bench = Bench { program: program.to_owned(), project: project.to_owned() };
    let mut results = Results::new(&bench)?;
    println!(
        "{}\nfdatasync {:.2} ms, Tasker {}, PostgreSQL {}\n",
        results.machine, results.fdatasync_ms, results.tasker, results.postgresql
    );
    for curve in &CURVES {
        if names.is_empty() || names.iter().any(|name| name == curve.name) {
            let started = Instant::now();
            let points = (curve.measure)(&bench)?;
            println!("{}", table::plain(curve, &points));
            eprintln!("{} took {:.0} s", curve.name, started.elapsed().as_secs_f64());
            results.curves.insert(curve.name.to_owned(), points);
            // What is measured stays, should a later curve fail.
            report::save(file, &results)?;
        }
    }
    println!("as JSON: {}", file.display());
    Ok(())
}

/// Renders a file of results as a Markdown page.
pub(crate) fn write_page(file: &Path, page: &Path) -> Result<()> {
    page::write(&CURVES, &Results::read(file)?, page)?;
    println!("written: {}", page.display());
    Ok(())
}
