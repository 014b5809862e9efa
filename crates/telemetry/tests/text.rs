//! The metrics of a process as text, from the start of their export.

use std::sync::Arc;

use tasker_telemetry::{Label, MetricsSettings, Temporality, metrics, start, text};

fn settings() -> MetricsSettings {
    MetricsSettings {
        service: "tasker-test",
        version: "1.2.3",
        text: true,
        otlp_endpoint: String::new(),
        temporality: Temporality::Cumulative,
        traces_sample_ratio: 0.0,
        step_labels: false,
    }
}

#[test]
fn what_is_recorded_is_in_the_text_and_nothing_before() {
    assert!(metrics().is_none() && text().is_none(), "nothing is recorded before the start");
    let nowhere = MetricsSettings { text: false, ..settings() };
    assert!(!start(&nowhere).unwrap() && metrics().is_none(), "without a place to go, nothing is recorded");
    let wrong = MetricsSettings { otlp_endpoint: "collector:4318".to_owned(), ..settings() };
    assert!(start(&wrong).unwrap_err().to_string().contains("`telemetry.otlp_endpoint` is `collector:4318`"));
    assert!(start(&settings()).unwrap());

    let recorded = metrics().unwrap();
    let label = |text: &str| Label::from(Arc::<str>::from(text));
    for step in ["one", "two"] {
        recorded.step_retries.add(1, [label("shop"), label("order"), label(step)]);
    }
    recorded.task_duration.record(0.3, ["shop".into(), "order".into(), "complete".into()]);
    recorded.tasks_open.replace([(["pending".into()], 7.0), (["blocked_by_failures".into()], 1.0)]);
    let first = text().unwrap();
    for line in [
        "# TYPE tasker_step_retries_total counter",
        // The label `step` is off, so both are one series.
        "tasker_step_retries_total{namespace=\"shop\",template=\"order\"} 2",
        "tasker_task_duration_seconds_bucket{namespace=\"shop\",state=\"complete\",template=\"order\",le=\"1\"} 1",
        "tasker_tasks_open{state=\"pending\"} 7",
        "tasker_build_info{version=\"1.2.3\"} 1",
    ] {
        assert!(first.contains(line), "{line} is not in\n{first}");
    }
    recorded.tasks_open.replace([(["pending".into()], 0.0)]);
    let second = text().unwrap();
    assert!(second.contains("tasker_tasks_open{state=\"pending\"} 0"), "{second}");
    assert!(!second.contains("blocked_by_failures"), "what was not read again is gone\n{second}");

    // More series than one instrument may have share one.
    for number in 0..3000 {
        recorded.tasks_blocked.add(1, [label("shop"), label(&format!("template_{number}"))]);
    }
    let third = text().unwrap();
    let series = third.lines().filter(|line| line.starts_with("tasker_tasks_blocked_total{")).count();
    assert!(series <= 2001, "{series}");
    assert!(third.contains("tasker_tasks_blocked_total{otel_metric_overflow=\"true\"}"), "{third}");
}
