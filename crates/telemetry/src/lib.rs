//! What Tasker measures, and how it leaves the process: metrics as text for Prometheus, metrics and traces by OTLP to a collector.
//!
//! The only crate that names OpenTelemetry. Others record into the instruments of [`metrics`], which is `None` until a process
//! calls [`start`]: then nothing is recorded, at the cost of one load. [`tracer`] is `None` unless a collector is named.
#![forbid(unsafe_code)]

mod instrument;
mod instruments;
mod kinds;
mod label;
#[cfg(feature = "logs")]
mod logs;
#[cfg(feature = "otlp")]
mod otlp;
mod process;
#[cfg(feature = "prometheus")]
mod prometheus;
mod settings;
mod span;
#[cfg(any(feature = "otlp", feature = "prometheus"))]
mod start;
pub mod trace;
#[cfg(feature = "otlp")]
mod tracer;
mod work;

#[cfg(feature = "otlp")]
pub use self::{start::tracer, tracer::Tracer};
pub use instrument::{Counter, Gauge, Histogram, Level, Observed, Sum};
pub use instruments::{Metrics, table};
pub use kinds::{Described, Kind};
pub use label::{Label, Labels};
#[cfg(feature = "logs")]
pub use logs::JsonLines;
#[cfg(not(feature = "otlp"))]
pub use no_tracer::{Tracer, tracer};
pub use settings::{MetricsSettings, StartError, Temporality};
pub use span::{Attribute, Link, Span, SpanKind};
#[cfg(any(feature = "otlp", feature = "prometheus"))]
pub use start::{flush, metrics, start, stop, text};
pub use work::{ExecutionName, name_work, request};

#[cfg(not(feature = "otlp"))]
mod no_tracer {
    use crate::{
        span::Span,
        trace::{Trace, TraceId},
    };

    /// What exports spans. This build cannot: there is none.
    #[derive(Debug)]
    pub enum Tracer {}

    impl Tracer {
        /// The trace of a task.
        pub fn trace_of_task(&self, _: [u8; 16], _: Option<&str>) -> Trace {
            match *self {}
        }

        /// Whether a new trace with this random id is sampled.
        pub fn is_sampled(&self, _: TraceId) -> bool {
            match *self {}
        }

        /// Exports a span.
        pub fn record(&self, _: Span) {
            match *self {}
        }
    }

    /// What exports spans. None: this build cannot.
    #[inline]
    pub fn tracer() -> Option<&'static Tracer> {
        None
    }
}

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
