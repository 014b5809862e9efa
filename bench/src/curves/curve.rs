//! A curve: what it measures, how its figures are shown, and its points.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::{
    processes::{self, Memory},
    server::{Installation, Server},
    shapes::Shape,
    throughput::{Load, Throughput},
};

/// A measurement of one quantity against another.
pub(crate) struct Curve {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What is measured and how, in Markdown.
    pub(crate) text: &'static str,
    /// What its points differ in.
    pub(crate) axis: &'static str,
    /// Whether a plot spreads the points by the logarithm of their value; else evenly.
    pub(crate) logarithmic: bool,
    pub(crate) columns: &'static [Column],
    pub(crate) measure: fn(&Bench) -> Result<Vec<Point>>,
}

/// A figure of every point.
pub(crate) struct Column {
    /// Its name in [`Point::figures`].
    pub(crate) figure: &'static str,
    pub(crate) title: &'static str,
    /// The digits after the decimal point.
    pub(crate) digits: usize,
    /// Whether the page has a plot of it.
    pub(crate) plotted: bool,
    /// Whether a further column compares it with the first point's.
    pub(crate) compared: bool,
}

/// A measured point.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) label: String,
    pub(crate) value: f64,
    pub(crate) figures: BTreeMap<String, f64>,
    /// The peak of each process that ran at the end of the point.
    pub(crate) memory: Vec<Memory>,
}

impl Point {
    /// Measures a point: its figures, and the memory that the system took meanwhile.
    pub(crate) fn measure(
        label: impl Into<String>,
        value: usize,
        figures: impl FnOnce() -> Result<Vec<(&'static str, f64)>>,
    ) -> Result<Self> {
        let label = label.into();
        processes::reset_peaks();
        let figures = figures()?.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect();
        eprintln!("measured {label}");
        Ok(Self { label, value: value as f64, figures, memory: processes::peaks() })
    }
}

/// What every curve needs.
pub(crate) struct Bench {
    pub(crate) program: PathBuf,
    pub(crate) project: PathBuf,
}

impl Bench {
    /// Starts `tasker dev` on an empty database, with these shapes.
    pub(crate) fn start(&self, shapes: &[Shape]) -> Result<Server> {
        let templates: Vec<_> =
            shapes.iter().map(|shape| (shape.name.to_owned(), shape.template())).collect();
        self.start_with(Installation::OneProcess, &templates)
    }

    /// Starts the system on an empty database, with these templates (file name, text).
    pub(crate) fn start_with(
        &self,
        installation: Installation,
        templates: &[(String, String)],
    ) -> Result<Server> {
        Server::start_with(&self.program, &self.project, installation, templates)
    }

    /// The text of a template of the project.
    pub(crate) fn template(&self, name: &str) -> Result<String> {
        let path = self.project.join("templates").join(format!("{name}.yaml"));
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    }
}

/// The load of curves that vary something other than the load.
pub(crate) fn steady_load() -> Load<'static> {
    Load { tasks: 15_000, in_flight: Some(1000), at_most: Duration::from_secs(30), ..Load::default() }
}

/// A load that fills caches before a measurement.
pub(crate) fn warm_up() -> Load<'static> {
    Load { tasks: 2000, ..steady_load() }
}

/// The figures of a throughput that columns show.
pub(crate) fn throughput_figures(throughput: &Throughput) -> Vec<(&'static str, f64)> {
    vec![
        ("steps_per_second", throughput.steps_per_second),
        ("cpu_seconds_per_1000_steps", throughput.cpu_seconds_per_1000_steps),
        ("in_flight", throughput.in_flight),
        ("tasks", throughput.tasks as f64),
    ]
}

/// The column of the steps per second.
pub(crate) const STEPS_PER_SECOND: Column =
    Column { figure: "steps_per_second", title: "steps/s", digits: 0, plotted: true, compared: false };

/// The column of the processor time.
pub(crate) const CPU: Column = Column {
    figure: "cpu_seconds_per_1000_steps",
    title: "CPU-seconds per 1,000 steps",
    digits: 3,
    plotted: false,
    compared: false,
};
