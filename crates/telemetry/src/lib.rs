//! What Tasker measures, and how it leaves the process: as text for Prometheus, and by OTLP to a collector.
//!
//! The only crate that names OpenTelemetry. Others record into the instruments of [`metrics`], which is `None` until a process
//! calls [`start`]: then nothing is recorded, at the cost of one load.
#![forbid(unsafe_code)]

mod instrument;
mod instruments;
mod kinds;
mod label;
#[cfg(feature = "otlp")]
mod otlp;
mod process;
#[cfg(feature = "prometheus")]
mod prometheus;
mod settings;
#[cfg(any(feature = "otlp", feature = "prometheus"))]
mod start;

pub use instrument::{Counter, Gauge, Histogram, Level, Observed, Sum};
pub use instruments::{Metrics, table};
pub use kinds::{Described, Kind};
pub use label::{Label, Labels};
pub use settings::{MetricsSettings, StartError, Temporality};
#[cfg(any(feature = "otlp", feature = "prometheus"))]
pub use start::{flush, metrics, start, stop, text};

#[cfg(not(any(feature = "otlp", feature = "prometheus")))]
mod off {
    use crate::Metrics;

    /// The instruments. None: this build has no way to export them.
    #[inline]
    pub fn metrics() -> Option<&'static Metrics> {
        None
    }

    /// The metrics as text. None: this build cannot write it.
    pub fn text() -> Option<String> {
        None
    }
}
#[cfg(not(any(feature = "otlp", feature = "prometheus")))]
pub use off::{metrics, text};
