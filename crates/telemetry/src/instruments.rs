//! The table of instruments: everything that Tasker measures, with its name, unit, labels and meaning.

use opentelemetry::metrics::Meter;

use crate::{
    instrument::{Counter, Gauge, Histogram, Level, Made as _, Observed, Sum},
    kinds::{BATCHES, Described, FAST, Kind, LONG, RUNS, SIZES},
    label::Names,
    process,
};

/// Counts the labels of a row.
const fn count(labels: &[&str]) -> usize {
    labels.len()
}

macro_rules! instruments {
    ($($field:ident: $kind:ident $(($buckets:ident))? $name:literal $unit:literal [$($label:literal),*] $description:literal)*) => {
        /// The instruments.
        #[derive(Debug)]
        pub struct Metrics {
            $(#[doc = $description] pub $field: $kind<{ count(&[$($label),*]) }>,)*
        }

        impl Metrics {
            /// Makes them. Without `has_steps`, none has the label `step`.
            pub(crate) fn new(meter: &Meter, has_steps: bool) -> Self {
                let mut rows = OWN.iter();
                Self {
                    $($field: {
                        let row = rows.next().expect("the table and the instruments come from one list");
                        $kind::made(meter, row, Names::new([$($label),*], has_steps))
                    },)*
                }
            }
        }

        /// The rows of the instruments that are recorded into.
        const OWN: &[Described] = &[$(Described {
            name: $name,
            kind: Kind::$kind $(($buckets))?,
            unit: $unit,
            labels: &[$($label),*],
            description: $description,
        },)*];
    };
}

/// All rows.
pub fn table() -> impl Iterator<Item = &'static Described> {
    OWN.iter().chain(process::ROWS)
}

instruments! {
    // Tasks.
    tasks_created: Counter "tasker_tasks_created" "" ["namespace", "template", "origin"]
        "Tasks that were created, by a `request` or by an `event`."
    tasks_duplicate: Counter "tasker_tasks_duplicate" "" ["namespace", "template"]
        "Requests that found the task that an equal request had created."
    tasks_rejected: Counter "tasker_tasks_rejected" "" ["reason"]
        "Requests that created no task."
    tasks_ended: Counter "tasker_tasks_ended" "" ["namespace", "template", "state"]
        "Tasks that ended, by their last state."
    task_duration: Histogram(LONG) "tasker_task_duration_seconds" "s" ["namespace", "template", "state"]
        "The time from the creation of a task to its end."
    tasks_blocked: Counter "tasker_tasks_blocked" "" ["namespace", "template"]
        "Tasks that were blocked by a failed step, and wait for an operator."
    task_create_duration: Histogram(FAST) "tasker_task_create_duration_seconds" "s" []
        "The time of a transaction that creates tasks, with its preparation."
    task_create_batch_size: Histogram(BATCHES) "tasker_task_create_batch_size" "" []
        "The requests that one such transaction serves."
    operator_actions: Counter "tasker_operator_actions" "" ["target", "action"]
        "Actions of operators on a `task` or a `step`, each of a bulk operation's too."

    // Steps.
    step_attempts: Counter "tasker_step_attempts" "" ["namespace", "template", "step", "outcome"]
        "Executions of steps that ended: `success`, `checkpoint`, `retryable`, `permanent`, `timeout`, `limit` or `lost`."
    step_failures: Counter "tasker_step_failures" "" ["namespace", "template", "step", "error_type"]
        "Executions that failed, by the type of the error. From the 51st type of a step on, `other`."
    step_retries: Counter "tasker_step_retries" "" ["namespace", "template", "step"]
        "Retries that were scheduled."
    step_retry_delay: Histogram(LONG) "tasker_step_retry_delay_seconds" "s" ["namespace", "template"]
        "How long retries wait."
    step_run_duration: Histogram(RUNS) "tasker_step_run_duration_seconds" "s" ["namespace", "template", "step"]
        "The time from the start of a sandbox to its end."
    step_queue_wait: Histogram(RUNS) "tasker_step_queue_wait_seconds" "s" ["namespace", "template"]
        "The time from sending a step to the start of its execution on a host."
    step_cpu: Sum "tasker_step_cpu_seconds" "s" ["namespace", "template", "step"]
        "Processor time of handlers."
    step_peak_memory: Histogram(SIZES) "tasker_step_peak_memory_bytes" "By" ["namespace", "template"]
        "The most memory that an execution held."
    step_dropped_log_bytes: Counter "tasker_step_dropped_log_bytes" "By" ["namespace"]
        "Bytes of log lines above the limit of an execution."
    decisions: Counter "tasker_decisions" "" ["namespace", "template", "step", "branches"]
        "Decisions, by the number of steps that they chose: `0`, `1`, `2` or `many`."
    batch_workers: Histogram(BATCHES) "tasker_batch_workers" "" ["namespace", "template"]
        "The workers that batches were cut into."

    // The orchestrator.
    reports: Counter "tasker_reports" "" ["result"]
        "Reports of hosts: `applied`, `stale`, `early` (to be applied again) or `unreadable`."
    report_batch_size: Histogram(BATCHES) "tasker_report_batch_size" "" []
        "The reports that one call applies."
    report_apply_duration: Histogram(FAST) "tasker_report_apply_duration_seconds" "s" []
        "The time to apply a batch of reports, and to send what follows."
    report_lag: Histogram(FAST) "tasker_report_lag_seconds" "s" []
        "The time from the end of an execution to the end of the transaction that stores it."
    steps_dispatched: Counter "tasker_steps_dispatched" "" ["outcome"]
        "Messages of steps to hosts: `sent`, or `failed` and left for the sweep."
    dispatch_duration: Histogram(FAST) "tasker_dispatch_duration_seconds" "s" []
        "The time to send a batch of steps to the queue."
    sweep_found: Counter "tasker_sweep_found" "" ["kind"]
        "What the sweep found: `unsent` steps, steps of a `silent_host`, a `due_retry`, or a task past a `lifecycle` limit."
    sweep_duration: Histogram(FAST) "tasker_sweep_duration_seconds" "s" []
        "The time of a sweep."
    breaker_opened: Counter "tasker_breaker_opened" "" ["service"]
        "How often a circuit breaker opened: before `database`, `queue`, `blob_store` or a `webhook`."
    breaker_refused: Counter "tasker_breaker_refused" "" ["service"]
        "Calls that an open breaker refused."
    breaker_state: Observed "tasker_breaker_state" "" ["service"]
        "What the breaker does: 0 closed, 1 half-open, 2 open. Of webhooks, the worst."
    overloaded: Counter "tasker_overloaded" "" ["room"]
        "Requests that were refused for want of room, for `creations` or for `bodies`."
    creations_waiting: Observed "tasker_creations_waiting" "" []
        "Tasks that wait to be created in this process."

    // What the database holds, from one process at a time.
    tasks_open: Observed "tasker_tasks_open" "" ["state"]
        "Tasks that have not ended. At most 100,000 of a state are counted."
    oldest_open_task: Observed "tasker_oldest_open_task_seconds" "s" ["state"]
        "The age of the oldest of them."
    steps_open: Observed "tasker_steps_open" "" ["state"]
        "Steps that are enqueued, in progress or waiting for a retry. At most 100,000 are counted."
    dlq_pending: Observed "tasker_dlq_pending" "" ["reason"]
        "Dead letters that nobody has resolved. At most 100,000 are counted."
    dlq_oldest: Observed "tasker_dlq_oldest_seconds" "s" []
        "The age of the oldest of them."
    deliveries_pending: Observed "tasker_deliveries_pending" "" ["kind"]
        "Events to deliver. At most 100,000 are counted."
    queue_depth: Observed "tasker_queue_depth" "" ["queue", "state"]
        "Messages of the queues `steps` and `reports`: `ready`, `delayed` or `in_flight`."
    queue_oldest: Observed "tasker_queue_oldest_seconds" "s" ["queue"]
        "The age of the oldest message that is ready. SQS does not tell."
    rollup_lag: Observed "tasker_rollup_lag_seconds" "s" []
        "How far the counting of analytics is behind: the age of the oldest record that is not counted."
    hosts: Observed "tasker_hosts" "" ["status"]
        "Processes that run steps: `present` or `silent`."

    // Events.
    events_received: Counter "tasker_events_received" "" ["outcome"]
        "Incoming events, by what became of them."
    domain_events: Counter "tasker_domain_events" "" ["outcome"]
        "Domain events of steps and tasks: `published` or `refused`."
    deliveries: Counter "tasker_deliveries" "" ["kind", "outcome"]
        "Deliveries of events to subscribers: `delivered`, `failed`, or `held` because the subscriber is away."

    // Hosts.
    host_executions: Level "tasker_host_executions" "" []
        "Executions that run on this host."
    host_capacity: Gauge "tasker_host_capacity" "" []
        "How many may run on it at once."
    host_executions_ended: Counter "tasker_host_executions_ended" "" ["outcome"]
        "Executions that ended on this host: `success` or `failure`."
    host_handed_back: Counter "tasker_host_handed_back" "" []
        "Steps that this host handed back to the queue, because another must run them."
    host_component_cache: Counter "tasker_host_component_cache" "" ["result"]
        "Components that an execution found loaded (`hit`), or that had to be loaded (`miss`)."
    host_component_load: Histogram(FAST) "tasker_host_component_load_seconds" "s" []
        "The time to load a component that was not loaded, with its compilation if it was not compiled."
    host_instantiate: Histogram(FAST) "tasker_host_instantiate_seconds" "s" []
        "The time from the arrival of a step at the engine to the start of its sandbox."
    host_http_requests: Counter "tasker_host_http_requests" "" ["outcome"]
        "Requests of handlers: `2xx` to `5xx`, `denied` or `error`."
    host_http_duration: Histogram(FAST) "tasker_host_http_duration_seconds" "s" []
        "The time from such a request to the head of its response."

    // The API.
    http_request_duration: Histogram(FAST) "http_server_request_duration_seconds" "s"
        ["http_request_method", "http_route", "http_response_status_code"]
        "The time from a request to the head of its response."
    http_active_requests: Level "http_server_active_requests" "" []
        "Requests that are being served."
    streams_open: Level "tasker_streams_open" "" []
        "Responses that go on until the client leaves."
    auth_attempts: Counter "tasker_auth_attempts" "" ["outcome"]
        "Requests to routes that authenticate: `accepted`, `refused` for their credentials, or `failed` because they cannot be checked."
    auth_denied: Counter "tasker_auth_denied" "" ["permission"]
        "Requests of callers who lack a permission."
    response_cache: Counter "tasker_response_cache" "" ["result"]
        "Requests for analytics: `kept` responses returned again, `new` ones, `old` ones while the database is away, and `refused`."

    // The process.
    db_connections_used: Observed "tasker_db_connections_used" "" []
        "Connections to the database that statements and transactions have."
    db_connections_max: Observed "tasker_db_connections_max" "" []
        "How many they may have."
    build_info: Gauge "tasker_build_info" "" ["version"]
        "1, with the version of Tasker."
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_state_their_units() {
        let names: Vec<String> = table().map(Described::exported).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        for row in table() {
            let suffix = match row.unit {
                "s" => Some("_seconds"),
                "By" => Some("_bytes"),
                _ => None,
            };
            assert!(suffix.is_none_or(|suffix| row.name.ends_with(suffix)), "{}: {}", row.name, row.unit);
            assert!(row.description.ends_with('.'), "{}: {}", row.name, row.description);
        }
    }
}
