//! The kinds of instruments, and what the table says of each instrument.

/// What an instrument measures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A number of events. Its exported name ends in `_total`.
    Counter,
    /// A sum of what is no whole number. Its exported name ends in `_total`.
    Sum,
    /// A number that this process last saw.
    Gauge,
    /// A number that goes up and down.
    Level,
    /// A number that is read from elsewhere, and not exported when it is old.
    Observed,
    /// A distribution, over these limits of its buckets.
    Histogram(&'static [f64]),
}

impl Kind {
    /// Its name in documentation: `counter`, `gauge` or `histogram`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter | Self::Sum => "counter",
            Self::Gauge | Self::Level | Self::Observed => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// A row of the table of instruments.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// The name, without the `_total` of counters.
    pub name: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The unit, by UCUM: `s` or `By`. Empty for numbers: collectors would append `_ratio` to the name of a gauge with `1`.
    pub unit: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it counts, in a sentence.
    pub description: &'static str,
}

impl Described {
    /// The name under which Prometheus knows it.
    pub fn exported(&self) -> String {
        match self.kind {
            Kind::Counter | Kind::Sum => format!("{}_total", self.name),
            _ => self.name.to_owned(),
        }
    }
}

/// Fast calls, in seconds.
pub(crate) const FAST: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Runs of steps, and what waits for them, in seconds.
pub(crate) const RUNS: &[f64] =
    &[0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0];
/// What may take days, in seconds.
pub(crate) const LONG: &[f64] =
    &[0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0, 604_800.0];
/// Sizes of batches.
pub(crate) const BATCHES: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];
/// Sizes of memories, in bytes: powers of four, from 64 KiB to 1 GiB.
pub(crate) const SIZES: &[f64] = &[
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
    268_435_456.0,
    1_073_741_824.0,
];
