//! What to do about what was found: rules, each with the numbers that it follows from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tasker_protocol::Limits;
use utoipa::ToSchema;

use super::{
    resources::ResourceUtilization,
    tables::{StepStatistics, TaskStatistics},
    totals::{StepTotals, TemplateVersion, ratio},
};

/// How urgent a recommendation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something could be better.
    Info,
    /// Something is wrong.
    Warning,
    /// Something does not work.
    Critical,
}

/// What to do, about what, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recommendation {
    /// The rule.
    pub code: String,
    /// How urgent it is.
    pub severity: Severity,
    /// A step, `namespace/name.step`, a template, `namespace/name`, or a part of the system.
    pub subject: String,
    /// The numbers that it follows from.
    pub evidence: BTreeMap<String, f64>,
    /// What was found, and what to do.
    pub text: String,
    /// Where the API shows more.
    pub href: String,
}

impl Recommendation {
    /// What orders those of equal severity: the part of the tasks' time that the subject takes.
    pub(super) fn weight(&self) -> f64 {
        self.evidence.get("share_of_task_time").copied().unwrap_or(0.0)
    }
}

/// What is known of a step.
pub(super) struct OfStep<'a> {
    pub(super) row: &'a StepStatistics,
    pub(super) totals: &'a StepTotals,
    pub(super) limits: Option<&'a Limits>,
    pub(super) before: Option<&'a StepTotals>,
}

/// What is known of the system.
pub(super) struct OfSystem<'a> {
    pub(super) resources: &'a ResourceUtilization,
    pub(super) tasks: &'a [TaskStatistics],
}

fn evidence<const N: usize>(numbers: [(&str, f64); N]) -> BTreeMap<String, f64> {
    numbers.into_iter().map(|(name, number)| (name.to_owned(), number)).collect()
}

/// A time for people.
fn time(seconds: f64) -> String {
    match seconds {
        ..0.001 => format!("{:.0} µs", seconds * 1e6),
        ..1.0 => format!("{:.0} ms", seconds * 1e3),
        ..120.0 => format!("{seconds:.1} s"),
        _ => format!("{:.0} min", seconds / 60.0),
    }
}

fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

/// The rules about one step.
pub(super) fn of_step(step: &OfStep<'_>) -> Vec<Recommendation> {
    let OfStep { row, totals, limits, before } = step;
    let subject = format!("{}/{}.{}", row.namespace, row.name, row.step);
    let mut found = Vec::new();
    let mut add = |code: &str, severity, mut numbers: BTreeMap<String, f64>, text: String| {
        numbers.insert("share_of_task_time".to_owned(), row.share_of_task_time);
        found.push(Recommendation {
            code: code.to_owned(),
            severity,
            subject: subject.clone(),
            evidence: numbers,
            text: format!("`{subject}` {text}"),
            href: format!("/v1/analytics/steps?namespace={}&name={}", row.namespace, row.name),
        });
    };
    let attempts = totals.attempts();

    if let (Some(run), Some(wait)) = (row.duration, row.wait)
        && wait.p50 > 4.0 * run.p50
        && wait.p50 > 0.5
    {
        let numbers = evidence([("wait_p50_seconds", wait.p50), ("run_p50_seconds", run.p50)]);
        let text = format!(
            "waits {} for a host and runs {} (medians): add workers, or raise `worker.max_concurrent`.",
            time(wait.p50),
            time(run.p50)
        );
        add("too_few_workers", Severity::Warning, numbers, text);
    }
    if let Some(run) = row.duration
        && row.share_of_task_time > 0.5
        && run.p95 > 0.1
    {
        let numbers = evidence([("run_p95_seconds", run.p95), ("executions", attempts as f64)]);
        let share = row.share_of_task_time;
        let text = if share > 1.0 {
            // Its executions run in parallel.
            let times = format!("{share:.1} times as long as its tasks (p95 {})", time(run.p95));
            format!(
                "takes, all executions together, {times}: make it faster, or cut its work into fewer and larger parts."
            )
        } else {
            let (share, time) = (percent(share), time(run.p95));
            format!(
                "takes {share} of the time of its tasks (p95 {time}): make it faster, split it into steps that run in parallel, or \
                 cut it into a batch."
            )
        };
        add("dominates_task_time", Severity::Warning, numbers, text);
    }
    if let Some(average) = row.average_duration_seconds
        && row.share_of_task_time > 0.3
        && average > 0.1
        && totals.cpu_seconds < 0.1 * totals.run_seconds
    {
        let numbers = evidence([("run_seconds", totals.run_seconds), ("cpu_seconds", totals.cpu_seconds)]);
        let text = format!(
            "computes for {} of its time and else waits for what it calls: send its requests in parallel, or ask for more in each.",
            percent(totals.cpu_seconds / totals.run_seconds)
        );
        add("waits_for_others", Severity::Info, numbers, text);
    }
    if let (Some(run), Some(before)) = (row.duration, before.and_then(|before| before.run.quantiles()))
        && totals.runs >= 20
        && run.p95 > 1.5 * before.p95
        && run.p95 > 0.05
    {
        let numbers = evidence([("run_p95_seconds", run.p95), ("previous_p95_seconds", before.p95)]);
        let text = format!(
            "has become slower: p95 {} instead of {} in the period before. Compare its versions and what it calls.",
            time(run.p95),
            time(before.p95)
        );
        add("slower_than_before", Severity::Warning, numbers, text);
    }
    if attempts >= 10 && totals.error_rate() > 0.1 {
        let rate = totals.error_rate();
        let severity = if rate > 0.5 { Severity::Critical } else { Severity::Warning };
        let numbers = evidence([("failures", totals.failures() as f64), ("attempts", attempts as f64)]);
        let text = format!(
            "fails in {} of {attempts} attempts: see the types in /v1/analytics/errors and fix the most frequent one.",
            percent(rate)
        );
        add("fails_often", severity, numbers, text);
    }
    let helped = totals.succeeded_second + totals.succeeded_later;
    if totals.retries >= 20 {
        let success = ratio(helped, totals.retries);
        let numbers =
            evidence([("retries", totals.retries as f64), ("succeeded_after_retry", helped as f64)]);
        if totals.succeeded_later > helped / 3 && success > 0.3 {
            let text = format!(
                "succeeds after {} of {} retries, often only at the third attempt or later: raise `retry.backoff_base_ms`, so that \
                 fewer retries come too early.",
                percent(success),
                totals.retries
            );
            add("retries_too_early", Severity::Info, numbers, text);
        } else if success < 0.05 {
            let text = format!(
                "succeeds after only {} of {} retries: let the handler report these failures as permanent, or lower \
                 `retry.max_attempts`.",
                percent(success),
                totals.retries
            );
            add("retries_in_vain", Severity::Warning, numbers, text);
        }
    }
    if let (Some(limits), Some(run)) = (limits, row.duration) {
        let limit = limits.wall_ms as f64 / 1e3;
        if totals.timeout > 0 || run.p99 > 0.8 * limit {
            let numbers = evidence([
                ("timeouts", totals.timeout as f64),
                ("run_p99_seconds", run.p99),
                ("timeout_seconds", limit),
            ]);
            let text = format!(
                "exceeded its time {} times; its p99 is {} of {}: raise `timeout_seconds`, make it faster, or let it save checkpoints.",
                totals.timeout,
                time(run.p99),
                time(limit)
            );
            add("time_limit_near", Severity::Warning, numbers, text);
        }
    }
    if let Some(limits) = limits {
        let part = totals.peak_memory as f64 / limits.memory_bytes.max(1) as f64;
        if part > 0.8 {
            let numbers = evidence([
                ("peak_memory_bytes", totals.peak_memory as f64),
                ("memory_limit_bytes", limits.memory_bytes as f64),
            ]);
            let text = format!(
                "used {} of its memory at its peak: raise `limits.memory_bytes`, or let it hold less at once.",
                percent(part)
            );
            add("memory_limit_near", Severity::Warning, numbers, text);
        }
    }
    if totals.over_limit > 0 {
        let numbers = evidence([("over_limit", totals.over_limit as f64), ("attempts", attempts as f64)]);
        let text = format!(
            "exceeded a limit other than its time in {} of {attempts} attempts: see the types in /v1/analytics/errors.",
            totals.over_limit
        );
        add("exceeds_limits", Severity::Warning, numbers, text);
    }
    if totals.lost > 0 {
        let numbers = evidence([("lost", totals.lost as f64), ("attempts", attempts as f64)]);
        let text = format!(
            "lost its host in {} of {attempts} attempts: see why workers end, and give them time to drain (`worker.drain_seconds`).",
            totals.lost
        );
        add("loses_hosts", Severity::Warning, numbers, text);
    }
    found
}

/// The versions of a step, each with what it did.
type VersionsOfStep<'a> = Vec<(&'a TemplateVersion, &'a StepTotals)>;

/// The rule about versions: one that fails more than those before.
pub(super) fn of_versions(
    steps: &BTreeMap<(TemplateVersion, String), StepTotals>,
    least: i64,
) -> Vec<Recommendation> {
    let mut by_step: BTreeMap<(&str, &str, &str), VersionsOfStep<'_>> = BTreeMap::new();
    for ((version, step), totals) in steps {
        if totals.attempts() >= least.max(1) {
            by_step.entry((&version.namespace, &version.name, step)).or_default().push((version, totals));
        }
    }
    let mut found = Vec::new();
    for ((namespace, name, step), mut versions) in by_step {
        // By the latest release that ran it: its id contains its time.
        versions.sort_by_key(|(_, totals)| totals.place);
        let Some(((newest, totals), older)) = versions.split_last() else { continue };
        let mut before = StepTotals::default();
        for (_, totals) in older {
            before.add(totals);
        }
        let (rate, rate_before) = (totals.error_rate(), before.error_rate());
        if before.attempts() == 0 || rate < 0.05 || rate < 2.0 * rate_before {
            continue;
        }
        let subject = format!("{namespace}/{name}.{step}");
        found.push(Recommendation {
            code: "fails_since_version".to_owned(),
            severity: if rate > 0.5 { Severity::Critical } else { Severity::Warning },
            evidence: evidence([
                ("error_rate", rate),
                ("previous_error_rate", rate_before),
                ("attempts", totals.attempts() as f64),
            ]),
            text: format!(
                "`{subject}` fails in {} of attempts since version {}, and in {} of those before: compare the two, or roll back.",
                percent(rate),
                newest.version,
                percent(rate_before)
            ),
            href: format!("/v1/templates/{namespace}/{name}/{}", newest.version),
            subject,
        });
    }
    found
}

/// The rules about the system and about templates.
pub(super) fn of_system(system: &OfSystem<'_>) -> Vec<Recommendation> {
    let OfSystem { resources, tasks } = system;
    let mut found = Vec::new();
    let mut add = |code: &str, severity, subject: &str, evidence, text: String, href: String| {
        let (code, subject) = (code.to_owned(), subject.to_owned());
        found.push(Recommendation { code, severity, subject, evidence, text, href });
    };
    let ready: u64 =
        resources.queues.iter().filter(|queue| queue.name == "steps").map(|queue| queue.ready).sum();
    if let (Some(0), Some(silent)) = (resources.workers_present, resources.workers_silent)
        && silent > 0
        && ready > 0
    {
        let numbers = evidence([("ready_steps", ready as f64), ("silent_workers", silent as f64)]);
        let text =
            format!("{ready} steps wait and no worker is there: {silent} have fallen silent. Start one.");
        add("no_workers", Severity::Critical, "workers", numbers, text, "/v1/workers".to_owned());
    }
    if let (Some(used), Some(most)) =
        (resources.database_connections_used, resources.database_connections_max)
        && most > 1
        && f64::from(used) > 0.9 * f64::from(most)
    {
        let numbers = evidence([("used", used.into()), ("max", most.into())]);
        let text = format!(
            "{used} of {most} connections of this server to the database are in use: raise `database.max_connections`."
        );
        add(
            "connections_in_use",
            Severity::Warning,
            "database",
            numbers,
            text,
            "/health/detailed".to_owned(),
        );
    }
    // Some that were blocked have gone on since.
    let blocked_now = resources.open_tasks.get("blocked_by_failures").copied().unwrap_or(0);
    for row in *tasks {
        let unresolved = (row.blocked - row.resolved - row.failed).min(blocked_now);
        if row.blocked >= 5 && unresolved as f64 > 0.1 * row.created as f64 {
            let subject = format!("{}/{}", row.namespace, row.name);
            let numbers = evidence([("blocked", row.blocked as f64), ("created", row.created as f64)]);
            let text = format!(
                "`{subject}` was blocked by failures {} times, with {} tasks created: look at its dead letters, most urgent first \
                 (`tasker dlq queue`).",
                row.blocked, row.created
            );
            let href =
                format!("/v1/tasks?state=blocked_by_failures&namespace={}&name={}", row.namespace, row.name);
            add("tasks_are_blocked", Severity::Critical, &subject, numbers, text, href);
        }
    }
    found
}
