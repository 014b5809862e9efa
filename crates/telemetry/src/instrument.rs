//! Instruments: each takes exactly the labels that its row of the table names.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use opentelemetry::metrics::{self, Meter};

use crate::{
    kinds::{Described, Kind},
    label::{Labels, Names},
};

/// How long a number that was read from elsewhere is exported. It is read every 15 seconds, by one process at a time; the
/// process before must not go on to export what it once read.
const OBSERVED_FOR: Duration = Duration::from_secs(60);

/// Makes an instrument from its row of the table.
pub(crate) trait Made<const N: usize> {
    fn made(meter: &Meter, row: &Described, names: Names<N>) -> Self;
}

/// A number of events.
#[derive(Debug)]
pub struct Counter<const N: usize>(metrics::Counter<u64>, Names<N>);

impl<const N: usize> Counter<N> {
    /// Adds to it.
    pub fn add(&self, count: u64, labels: Labels<N>) {
        self.1.with(labels, |labels| self.0.add(count, labels));
    }
}

impl<const N: usize> Made<N> for Counter<N> {
    fn made(meter: &Meter, row: &Described, names: Names<N>) -> Self {
        let builder = meter.u64_counter(row.name).with_description(row.description);
        Self(builder.with_unit(row.unit).build(), names)
    }
}

/// A sum of what is no whole number.
#[derive(Debug)]
pub struct Sum<const N: usize>(metrics::Counter<f64>, Names<N>);

impl<const N: usize> Sum<N> {
    /// Adds to it.
    pub fn add(&self, value: f64, labels: Labels<N>) {
        self.1.with(labels, |labels| self.0.add(value, labels));
    }
}

impl<const N: usize> Made<N> for Sum<N> {
    fn made(meter: &Meter, row: &Described, names: Names<N>) -> Self {
        let builder = meter.f64_counter(row.name).with_description(row.description);
        Self(builder.with_unit(row.unit).build(), names)
    }
}

/// A number that this process last saw.
#[derive(Debug)]
pub struct Gauge<const N: usize>(metrics::Gauge<f64>, Names<N>);

impl<const N: usize> Gauge<N> {
    /// Sets it.
    pub fn set(&self, value: f64, labels: Labels<N>) {
        self.1.with(labels, |labels| self.0.record(value, labels));
    }
}

impl<const N: usize> Made<N> for Gauge<N> {
    fn made(meter: &Meter, row: &Described, names: Names<N>) -> Self {
        let builder = meter.f64_gauge(row.name).with_description(row.description);
        Self(builder.with_unit(row.unit).build(), names)
    }
}

/// A number that goes up and down.
#[derive(Debug)]
pub struct Level<const N: usize>(metrics::UpDownCounter<i64>, Names<N>);

impl<const N: usize> Level<N> {
    /// Adds to it, or takes from it.
    pub fn add(&self, count: i64, labels: Labels<N>) {
        self.1.with(labels, |labels| self.0.add(count, labels));
    }
}

impl<const N: usize> Made<N> for Level<N> {
    fn made(meter: &Meter, row: &Described, names: Names<N>) -> Self {
        let builder = meter.i64_up_down_counter(row.name).with_description(row.description);
        Self(builder.with_unit(row.unit).build(), names)
    }
}

/// A distribution.
#[derive(Debug)]
pub struct Histogram<const N: usize>(metrics::Histogram<f64>, Names<N>);

impl<const N: usize> Histogram<N> {
    /// Adds a value.
    pub fn record(&self, value: f64, labels: Labels<N>) {
        self.1.with(labels, |labels| self.0.record(value, labels));
    }

    /// Adds a time.
    pub fn took(&self, time: Duration, labels: Labels<N>) {
        self.record(time.as_secs_f64(), labels);
    }
}

impl<const N: usize> Made<N> for Histogram<N> {
    fn made(meter: &Meter, row: &Described, names: Names<N>) -> Self {
        let mut builder = meter.f64_histogram(row.name).with_description(row.description).with_unit(row.unit);
        if let Kind::Histogram(boundaries) = row.kind {
            builder = builder.with_boundaries(boundaries.to_vec());
        }
        Self(builder.build(), names)
    }
}

/// Numbers that are read from elsewhere, all at once. They are exported for a minute, unless they are read again.
#[derive(Debug)]
pub struct Observed<const N: usize> {
    last: Arc<Mutex<Option<Last<N>>>>,
    _gauge: metrics::ObservableGauge<f64>,
}

#[derive(Debug)]
struct Last<const N: usize> {
    at: Instant,
    values: Vec<(Labels<N>, f64)>,
}

impl<const N: usize> Observed<N> {
    /// Replaces all of them. What is not among these is no longer exported.
    pub fn replace(&self, values: impl IntoIterator<Item = (Labels<N>, f64)>) {
        let values = values.into_iter().collect();
        *lock(&self.last) = Some(Last { at: Instant::now(), values });
    }
}

impl<const N: usize> Made<N> for Observed<N> {
    fn made(meter: &Meter, row: &Described, names: Names<N>) -> Self {
        let last = Arc::<Mutex<Option<Last<N>>>>::default();
        let read = Arc::clone(&last);
        let builder = meter.f64_observable_gauge(row.name).with_description(row.description);
        let gauge = builder
            .with_unit(row.unit)
            .with_callback(move |observer| {
                if let Some(last) = lock(&read).as_ref().filter(|last| last.at.elapsed() < OBSERVED_FOR) {
                    for (labels, value) in &last.values {
                        names.with(labels.clone(), |labels| observer.observe(*value, labels));
                    }
                }
            })
            .build();
        Self { last, _gauge: gauge }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
