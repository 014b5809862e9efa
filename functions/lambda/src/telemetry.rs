//! Metrics and traces of a function. They leave at the end of a visit, because Lambda freezes the process after it.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tasker_telemetry::{MetricsSettings, Temporality, flush, start};

/// How long a push may take. A collector beside the function, such as a layer, takes a few milliseconds.
const LONGEST_PUSH: Duration = Duration::from_millis(200);
/// How long nothing is pushed after a push that took longer. What is counted meanwhile goes with the next one.
const PAUSE: Duration = Duration::from_secs(30);
/// The share of the traces that begin here. `OTEL_TRACES_SAMPLER_ARG` overrides it.
const TRACES_SAMPLE_RATIO: f64 = 0.01;

/// Where the metrics and traces of a function go.
#[derive(Debug)]
pub struct Telemetry {
    /// None: nowhere.
    pushed: Option<Mutex<Pushed>>,
}

#[derive(Debug, Default)]
struct Pushed {
    /// Until when the collector is left alone.
    paused_until: Option<Instant>,
}

impl Telemetry {
    /// Measures and traces from now on, if `OTEL_EXPORTER_OTLP_ENDPOINT` or a variable like it names a collector. `service` is the name of
    /// the service, unless `OTEL_SERVICE_NAME` says otherwise. Counters are pushed as what was added since the push before: instances of a
    /// function are many, and end unseen. If the variables are not valid, the function works without, and the log says why.
    pub fn start(service: &'static str) -> Self {
        let settings = MetricsSettings {
            service,
            version: env!("CARGO_PKG_VERSION"),
            text: false,
            otlp_endpoint: String::new(),
            temporality: Temporality::Delta,
            traces_sample_ratio: TRACES_SAMPLE_RATIO,
            step_labels: true,
        };
        let started = start(&settings).unwrap_or_else(|error| {
            tracing::error!("metrics and traces are not pushed: {error:#}");
            false
        });
        Self { pushed: started.then(Mutex::default) }
    }

    /// Works on an event, then pushes what was recorded: for 200 ms at most, and not at all for 30 seconds after a push that took
    /// longer.
    pub async fn visit<T>(&self, work: impl Future<Output = T>) -> T {
        let done = work.await;
        if let Some(pushed) = &self.pushed {
            push(pushed).await;
        }
        done
    }
}

async fn push(pushed: &Mutex<Pushed>) {
    let now = Instant::now();
    let is_paused = |pushed: &Pushed| pushed.paused_until.is_some_and(|until| now < until);
    if is_paused(&pushed.lock().unwrap_or_else(PoisonError::into_inner)) {
        return;
    }
    let is_in_time = flush(LONGEST_PUSH).await;
    let paused_until = if is_in_time { None } else { Some(Instant::now() + PAUSE) };
    pushed.lock().unwrap_or_else(PoisonError::into_inner).paused_until = paused_until;
}
