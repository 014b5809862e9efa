//! What each analysis shows.

use std::fmt::Write as _;

use tasker_orchestrator::analytics::{
    AnalyticsHealth, Bottlenecks, Costs, ErrorStatistics, ErrorTable, Performance, PerformanceFigures,
    Quantiles, RetryStatistics, RetryTable, Severity, StepStatistics, StepTable, TaskStatistics, TaskTable,
    Throughput,
};

use super::sheet::{Cell, Column, Sheet};

fn name(namespace: &str, name: &str) -> Cell {
    Cell::Text(format!("{namespace}/{name}"))
}

fn p50(quantiles: Option<Quantiles>) -> Cell {
    Cell::Time(quantiles.map(|quantiles| quantiles.p50))
}

fn p95(quantiles: Option<Quantiles>) -> Cell {
    Cell::Time(quantiles.map(|quantiles| quantiles.p95))
}

fn p99(quantiles: Option<Quantiles>) -> Cell {
    Cell::Time(quantiles.map(|quantiles| quantiles.p99))
}

pub(super) fn performance(found: &Performance) -> Sheet {
    type Figure = (&'static str, fn(&PerformanceFigures) -> Cell);
    let figures: [Figure; 19] = [
        ("total_tasks", |figures| Cell::Count(figures.total_tasks)),
        ("completed_tasks", |figures| Cell::Count(figures.completed_tasks)),
        ("failed_tasks", |figures| Cell::Count(figures.failed_tasks)),
        ("blocked_tasks", |figures| Cell::Count(figures.blocked_tasks)),
        ("cancelled_tasks", |figures| Cell::Count(figures.cancelled_tasks)),
        ("resolved_tasks", |figures| Cell::Count(figures.resolved_tasks)),
        ("completion_rate", |figures| Cell::Part(Some(figures.completion_rate))),
        ("error_rate", |figures| Cell::Part(Some(figures.error_rate))),
        ("tasks_per_hour", |figures| Cell::Number(Some(figures.tasks_per_hour))),
        ("steps_per_hour", |figures| Cell::Number(Some(figures.steps_per_hour))),
        ("step_attempts", |figures| Cell::Count(figures.step_attempts)),
        ("step_failures", |figures| Cell::Count(figures.step_failures)),
        ("average_task_duration_seconds", |figures| Cell::Time(figures.average_task_duration_seconds)),
        ("task_duration_p50_seconds", |figures| p50(figures.task_duration)),
        ("task_duration_p95_seconds", |figures| p95(figures.task_duration)),
        ("average_step_duration_seconds", |figures| Cell::Time(figures.average_step_duration_seconds)),
        ("step_duration_p50_seconds", |figures| p50(figures.step_duration)),
        ("step_duration_p95_seconds", |figures| p95(figures.step_duration)),
        ("step_wait_p95_seconds", |figures| p95(figures.step_wait)),
    ];
    let row = |(name, figure): &Figure| {
        vec![Cell::Text((*name).to_owned()), figure(&found.current), figure(&found.previous)]
    };
    Sheet {
        before: format!("health score {:.0}, {} open tasks", found.system_health_score, found.active_tasks),
        columns: vec![("figure", "FIGURE"), ("current", "NOW"), ("previous", "BEFORE")],
        rows: figures.iter().map(row).collect(),
        ..Sheet::default()
    }
}

const STEPS: &[Column] = &[
    ("template", "TEMPLATE"),
    ("step", "STEP"),
    ("executions", "RUNS"),
    ("failures", "FAILED"),
    ("error_rate", "RATE"),
    ("retries", "RETRIES"),
    ("p50_seconds", "P50"),
    ("p95_seconds", "P95"),
    ("p99_seconds", "P99"),
    ("wait_p95_seconds", "WAIT P95"),
    ("cpu_seconds", "CPU"),
    ("peak_memory_bytes", "MEMORY"),
    ("share_of_task_time", "OF TASK"),
    ("last_executed_at", "LAST (UTC)"),
];

fn step(row: &StepStatistics) -> Vec<Cell> {
    vec![
        name(&row.namespace, &row.name),
        Cell::Text(row.step.clone()),
        Cell::Count(row.execution_count),
        Cell::Count(row.error_count),
        Cell::Part(Some(row.error_rate)),
        Cell::Count(row.retry_count),
        p50(row.duration),
        p95(row.duration),
        p99(row.duration),
        p95(row.wait),
        Cell::Time(Some(row.cpu_seconds)),
        Cell::Bytes(row.peak_memory_bytes),
        Cell::Part(Some(row.share_of_task_time)),
        Cell::At(row.last_executed_at),
    ]
}

pub(super) fn steps(found: &StepTable) -> Sheet {
    Sheet { columns: STEPS.to_vec(), rows: found.items.iter().map(step).collect(), ..Sheet::default() }
}

pub(super) fn bottlenecks(found: &Bottlenecks) -> Sheet {
    let mut after = String::new();
    for row in &found.slow_tasks {
        let duration = row.duration.map_or_else(String::new, |times| {
            format!("p50 {}, p95 {}", super::sheet::time(times.p50), super::sheet::time(times.p95))
        });
        let _ =
            writeln!(after, "task {}/{}: {} completed, {duration}", row.namespace, row.name, row.completed);
    }
    for found in &found.recommendations {
        let mark = match found.severity {
            Severity::Critical => "!!",
            Severity::Warning => "!",
            Severity::Info => "·",
        };
        let _ = write!(after, "\n{mark} {} [{}]", found.text, found.code);
    }
    Sheet {
        columns: STEPS.to_vec(),
        rows: found.slow_steps.iter().map(step).collect(),
        after: after.trim().to_owned(),
        ..Sheet::default()
    }
}

pub(super) fn tasks(found: &TaskTable) -> Sheet {
    let row = |row: &TaskStatistics| {
        vec![
            name(&row.namespace, &row.name),
            Cell::Count(row.created),
            Cell::Count(row.completed),
            Cell::Count(row.failed),
            Cell::Count(row.cancelled),
            Cell::Count(row.resolved),
            Cell::Count(row.blocked),
            Cell::Part(Some(row.error_rate)),
            p50(row.duration),
            p95(row.duration),
            p99(row.duration),
            Cell::At(row.last_seen_at),
        ]
    };
    let columns = vec![
        ("template", "TEMPLATE"),
        ("created", "CREATED"),
        ("completed", "COMPLETED"),
        ("failed", "FAILED"),
        ("cancelled", "CANCELLED"),
        ("resolved", "RESOLVED"),
        ("blocked", "BLOCKED"),
        ("error_rate", "RATE"),
        ("p50_seconds", "P50"),
        ("p95_seconds", "P95"),
        ("p99_seconds", "P99"),
        ("last_seen_at", "LAST (UTC)"),
    ];
    Sheet { columns, rows: found.items.iter().map(row).collect(), ..Sheet::default() }
}

pub(super) fn throughput(found: &Throughput) -> Sheet {
    let mut sheet = Sheet {
        columns: vec![
            ("template", "TEMPLATE"),
            ("at", "FROM (UTC)"),
            ("created", "CREATED"),
            ("completed", "COMPLETED"),
            ("failed", "FAILED"),
            ("step_attempts", "ATTEMPTS"),
            ("step_failures", "FAILURES"),
        ],
        before: format!("every {} minutes", found.interval_minutes),
        ..Sheet::default()
    };
    for series in &found.series {
        let template = match (&series.namespace, &series.name) {
            (Some(namespace), Some(template)) => name(namespace, template),
            _ => Cell::Text("all".to_owned()),
        };
        sheet.rows.extend(series.points.iter().map(|point| {
            vec![
                template.clone(),
                Cell::At(Some(point.at)),
                Cell::Count(point.created),
                Cell::Count(point.completed),
                Cell::Count(point.failed),
                Cell::Count(point.step_attempts),
                Cell::Count(point.step_failures),
            ]
        }));
    }
    sheet
}

pub(super) fn errors(found: &ErrorTable) -> Sheet {
    let row = |row: &ErrorStatistics| {
        vec![
            name(&row.namespace, &row.name),
            Cell::Text(row.step.clone()),
            Cell::Text(row.error_type.clone()),
            Cell::Count(row.count),
            Cell::Count(row.previous_count),
            Cell::Text(row.since_version.clone()),
            Cell::At(Some(row.last_seen_at)),
            Cell::Text(row.sample_tasks.first().map(ToString::to_string).unwrap_or_default()),
        ]
    };
    let columns = vec![
        ("template", "TEMPLATE"),
        ("step", "STEP"),
        ("error_type", "TYPE"),
        ("count", "COUNT"),
        ("previous_count", "BEFORE"),
        ("since_version", "SINCE"),
        ("last_seen_at", "LAST (UTC)"),
        ("sample_task", "TASK"),
    ];
    Sheet { columns, rows: found.items.iter().map(row).collect(), ..Sheet::default() }
}

pub(super) fn retries(found: &RetryTable) -> Sheet {
    let row = |row: &RetryStatistics| {
        vec![
            name(&row.namespace, &row.name),
            Cell::Text(row.step.clone()),
            Cell::Count(row.attempts),
            Cell::Count(row.retries),
            Cell::Part(Some(row.retry_rate)),
            Cell::Number(row.attempts_per_success),
            Cell::Count(row.succeeded_first),
            Cell::Count(row.succeeded_second),
            Cell::Count(row.succeeded_later),
            Cell::Count(row.given_up),
            Cell::Time(Some(row.waited_seconds)),
        ]
    };
    let columns = vec![
        ("template", "TEMPLATE"),
        ("step", "STEP"),
        ("attempts", "ATTEMPTS"),
        ("retries", "RETRIES"),
        ("retry_rate", "RATE"),
        ("attempts_per_success", "PER SUCCESS"),
        ("succeeded_first", "1ST"),
        ("succeeded_second", "2ND"),
        ("succeeded_later", "LATER"),
        ("given_up", "GIVEN UP"),
        ("waited_seconds", "WAITED"),
    ];
    Sheet { columns, rows: found.items.iter().map(row).collect(), ..Sheet::default() }
}

pub(super) fn costs(found: &Costs) -> Sheet {
    let mut columns = vec![
        ("template", "TEMPLATE"),
        ("step", "STEP"),
        ("executions", "RUNS"),
        ("run_seconds", "TIME"),
        ("cpu_seconds", "CPU"),
        ("gib_seconds", "GIB × S"),
    ];
    if found.estimate.is_some() {
        columns.push(("estimate", "ESTIMATE"));
    }
    let rows = found.items.iter().map(|item| {
        let mut row = vec![
            name(&item.namespace, &item.name),
            Cell::Text(item.step.clone()),
            Cell::Count(item.executions),
            Cell::Time(Some(item.run_seconds)),
            Cell::Time(Some(item.cpu_seconds)),
            Cell::Number(Some(item.gib_seconds)),
        ];
        if found.estimate.is_some() {
            row.push(Cell::Number(item.estimate));
        }
        row
    });
    let estimate = found.estimate.map(|price| format!(", estimated at {price:.2}")).unwrap_or_default();
    Sheet {
        rows: rows.collect(),
        after: format!(
            "{} executions, {:.1} s of computing time, {:.2} GiB × s{estimate}",
            found.executions, found.cpu_seconds, found.gib_seconds
        ),
        columns,
        ..Sheet::default()
    }
}

pub(super) fn health(found: &AnalyticsHealth) -> Sheet {
    let row = |part: &tasker_orchestrator::analytics::HealthPart| {
        vec![
            Cell::Text(part.name.clone()),
            Cell::Number(Some(part.score)),
            Cell::Number(Some(part.weight)),
            Cell::Number(Some(part.value)),
            Cell::Number(Some(part.limit)),
            Cell::Text(part.reason.clone()),
        ]
    };
    Sheet {
        before: format!("health score {:.0}", found.score),
        columns: vec![
            ("part", "PART"),
            ("score", "SCORE"),
            ("weight", "WEIGHT"),
            ("value", "VALUE"),
            ("limit", "LIMIT"),
            ("reason", ""),
        ],
        rows: found.parts.iter().map(row).collect(),
        ..Sheet::default()
    }
}
