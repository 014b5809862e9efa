//! What circuit breakers measure. A process of its own, because a process has one set of metrics.

use std::time::Duration;

use tasker_telemetry::{MetricsSettings, Temporality, start, text};
use tasker_transport::{Breaker, BreakerSettings, Clock};

#[test]
fn a_breaker_counts_how_often_it_opens_and_what_it_refuses_but_names_no_host() {
    let settings = MetricsSettings {
        service: "test",
        version: "",
        text: true,
        otlp_endpoint: String::new(),
        temporality: Temporality::Cumulative,
        traces_sample_ratio: 0.0,
        step_labels: true,
    };
    assert!(start(&settings).unwrap());
    let settings = BreakerSettings {
        failures: 2,
        first_pause: Duration::from_secs(600),
        longest_pause: Duration::from_secs(600),
    };
    for name in ["database", "webhook example.com"] {
        let breaker = Breaker::new(name, settings, Clock::default());
        for _ in 0..settings.failures {
            breaker.admit().unwrap().failed();
        }
        for _ in 0..3 {
            assert!(breaker.admit().is_err());
        }
        // Asking is no call.
        assert!(breaker.check().is_err());
    }
    let text = text().unwrap();
    for line in [
        "tasker_breaker_opened_total{service=\"database\"} 1",
        "tasker_breaker_opened_total{service=\"webhook\"} 1",
        "tasker_breaker_refused_total{service=\"database\"} 3",
        "tasker_breaker_refused_total{service=\"webhook\"} 3",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("example.com"), "{text}");
}
