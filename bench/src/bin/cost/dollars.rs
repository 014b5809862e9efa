//! The cost of a million steps with Tasker, and with Step Functions and one function per step.

use crate::{
    prices::{MONTH, Prices},
    work::{Counted, HOST_GB, Handler, ORCHESTRATOR_GB, Waits, orchestrator_ms},
};

/// Steps per task.
const STEPS: f64 = 4.0;
/// Database processor time per ACU, in seconds per second: an ACU is 2 GB of memory with a quarter of a core.
const ACU_CORES: f64 = 0.25;
/// The processor utilization above which the database scales up.
const ACU_USE: f64 = 0.6;
/// The minimum capacity of the deployment.
const ACU_LEAST: f64 = 0.5;
/// Interface endpoints for SQS and Secrets Manager, each in two zones.
const ENDPOINTS: f64 = 4.0;
/// Requests per month of an idle event source mapping: five pollers with waits of 20 seconds.
const IDLE_POLLS: f64 = 5.0 * MONTH / 20.0;
/// Polled queues: steps, reports, events, deliveries.
const QUEUES: f64 = 4.0;
/// Alarms of the deployment. It also has a dashboard, a key that signs components, and the secrets of two logins.
const ALARMS: f64 = 29.0;
const SECRETS: f64 = 2.0;
/// Bytes that Lambda logs per invocation: its lines at the start, at the end and with the duration, each with 26 bytes beside.
const LOG_BYTES: f64 = 400.0;
/// How long logs are kept, in months.
const LOG_MONTHS: f64 = 1.0;
/// Which share of invocations starts a process, and how long that takes, in milliseconds. Lambda bills it as duration.
const STARTS: f64 = 0.001;
const START_MS: f64 = 45.0;

/// Dollars per million steps.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bill {
    /// `run-steps`: requests and duration.
    pub(crate) host: f64,
    /// `orchestrate` and the creation of tasks.
    pub(crate) orchestrator: f64,
    pub(crate) sqs: f64,
    pub(crate) dynamodb: f64,
    pub(crate) database: f64,
    /// What Lambda logs about invocations. What handlers log comes on top.
    pub(crate) logs: f64,
    /// The cost of an idle deployment: endpoints, polling, alarms, a dashboard, a key and secrets. The minimum of the database
    /// is in `database`.
    pub(crate) standing: f64,
    /// The capacity of the database, in ACUs.
    pub(crate) acus: f64,
}

impl Bill {
    pub(crate) fn total(self) -> f64 {
        self.host + self.orchestrator + self.sqs + self.dynamodb + self.database + self.logs + self.standing
    }
}

/// Messages per invocation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batches {
    pub(crate) host: f64,
    pub(crate) orchestrator: f64,
}

/// With Tasker, at this rate of steps per second for a month.
pub(crate) fn tasker(
    work: &Counted,
    waits: &Waits,
    prices: &Prices,
    handler: Handler,
    rate: f64,
    batches: Batches,
) -> Bill {
    const MILLION: f64 = 1e6;
    let function = |gigabytes: f64, milliseconds: f64| {
        let milliseconds = milliseconds.ceil() + STARTS * START_MS;
        prices.lambda_request + gigabytes * milliseconds / 1000.0 * prices.lambda_gb_second
    };
    let batch = batches.orchestrator;
    let steps_of_visit = batches.host * handler.chain(work, waits, batches.host);
    let invocations = 1.0 / steps_of_visit + 1.0 / batch + 1.0 / STEPS;
    let log = LOG_BYTES / 1e9 * (prices.log_gb + LOG_MONTHS * prices.log_gb_month);
    // Creating a task costs the API function as much as a batch of one costs `orchestrate`.
    let creating = (prices.api_request
        + function(ORCHESTRATOR_GB, orchestrator_ms(work, waits, 1.0))
        + prices.sqs_request)
        / STEPS;
    let database_ms = work.database_ms.per_step(batch);
    let orchestrating =
        function(ORCHESTRATOR_GB, orchestrator_ms(work, waits, batch) + work.database_ms.of_batch(batch))
            / batch;
    let steps_of_month = rate * MONTH;
    let acus = (rate * database_ms / 1000.0 / ACU_CORES / ACU_USE).max(ACU_LEAST);
    // Each commit writes its log at once; a full block is one I/O.
    let commits = work.commits.per_step(batch);
    let writes = commits.max(work.log_bytes.per_step(batch) / 4096.0);
    let database = (acus * prices.acu_hour * MONTH / 3600.0 / steps_of_month + writes * prices.aurora_io)
        .min(acus * prices.acu_hour_optimized * MONTH / 3600.0 / steps_of_month);
    let standing = ENDPOINTS * prices.endpoint_hour * MONTH / 3600.0
        + QUEUES * IDLE_POLLS * prices.sqs_request
        + ALARMS * prices.alarm_month
        + prices.dashboard_month
        + prices.key_month
        + SECRETS * prices.secret_month;
    Bill {
        host: MILLION * function(HOST_GB, handler.host_ms(work, waits, batches.host)) / steps_of_visit,
        orchestrator: MILLION * (creating + orchestrating),
        sqs: MILLION
            * ((work.host_sqs.per_step(batches.host) + work.orchestrator_sqs.per_step(batch))
                * prices.sqs_request
                + work.sqs_groups.per_step(batch) * prices.sqs_group),
        dynamodb: MILLION * work.writes.per_step(batches.host) * prices.dynamodb_write,
        database: MILLION * database,
        logs: MILLION * invocations * log,
        standing: MILLION * standing / steps_of_month,
        acus,
    }
}

/// One function per step with the same memory, for the duration of its handler.
fn functions(prices: &Prices, handler: Handler) -> f64 {
    let milliseconds = (handler.busy_ms + handler.waiting_ms + 1.0).ceil();
    prices.lambda_request + HOST_GB * milliseconds / 1000.0 * prices.lambda_gb_second
}

/// Step Functions Standard, per million steps: one transition per step, without those of start and end.
pub(crate) fn standard(prices: &Prices, handler: Handler) -> f64 {
    1e6 * (prices.standard_transition + functions(prices, handler))
}

/// Step Functions Express, per million steps: 64 MB, rounded up to 100 ms, with 25 ms between steps.
pub(crate) fn express(prices: &Prices, handler: Handler, rate: f64) -> f64 {
    const BETWEEN_MS: f64 = 25.0;
    let task_ms = STEPS * (handler.busy_ms + handler.waiting_ms + BETWEEN_MS);
    let gb_hours = 64.0 / 1024.0 * (task_ms / 100.0).ceil() / 10.0 / 3600.0;
    let of_month = gb_hours * rate / STEPS * MONTH;
    let tiers = [1000.0, 4000.0, f64::INFINITY];
    let mut left = of_month;
    let mut dollars = 0.0;
    for (size, price) in tiers.into_iter().zip(prices.express_gb_hour) {
        dollars += left.min(size) * price;
        left = (left - size).max(0.0);
    }
    1e6 * (prices.express_request / STEPS + dollars / (rate * MONTH) + functions(prices, handler))
}
