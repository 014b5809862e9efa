//! Prints what recording costs: `cargo run --release -p tasker-telemetry --example cost`.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use tasker_telemetry::{Label, Metrics, MetricsSettings, Temporality, metrics, start};

const TIMES: u32 = 2_000_000;

fn main() {
    let step: Arc<str> = "validate_order".into();
    let record = |metrics: &Metrics| {
        let labels = [Label::from("shop"), "order".into(), (&step).into(), "success".into()];
        metrics.step_attempts.add(1, labels);
    };
    let distribute = |metrics: &Metrics| {
        let labels = [Label::from("shop"), "order".into(), (&step).into()];
        metrics.step_run_duration.took(Duration::from_millis(3), labels);
    };
    measure("off", record);
    let settings = MetricsSettings {
        service: "cost",
        version: "",
        text: true,
        otlp_endpoint: String::new(),
        temporality: Temporality::Cumulative,
        traces_sample_ratio: 0.0,
        step_labels: true,
    };
    if let Err(error) = start(&settings) {
        return eprintln!("{error}");
    }
    measure("a counter with four labels", record);
    measure("a histogram with three labels", distribute);
}

fn measure(what: &str, record: impl Fn(&Metrics)) {
    let began = Instant::now();
    for _ in 0..TIMES {
        if let Some(metrics) = black_box(metrics()) {
            record(metrics);
        }
    }
    println!("{what}: {:.1} ns", began.elapsed().as_secs_f64() * 1e9 / f64::from(TIMES));
}
