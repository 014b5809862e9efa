//! The work per step and per batch: counted by `make bench-aws`, except the times of AWS, which are
//! estimates.

/// A quantity per step and per batch: a batch of `n` steps has `step * n + batch`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) step: f64,
    pub(crate) batch: f64,
}

impl Part {
    /// From the averages per step in batches of 1 and of 10.
    const fn of(in_ones: f64, in_tens: f64) -> Self {
        let batch = (in_ones - in_tens) / 0.9;
        Self { step: in_ones - batch, batch }
    }

    /// Per step, in batches of this size.
    pub(crate) fn per_step(self, batch: f64) -> f64 {
        self.step + self.batch / batch
    }

    /// Of a whole batch.
    pub(crate) fn of_batch(self, steps: f64) -> f64 {
        self.step * steps + self.batch
    }
}

/// Counted quantities, for a workflow of four steps in a row with inputs and results of a few bytes.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    /// How many steps a host runs for one message, unless they take too long.
    pub(crate) chain: f64,
    /// Requests to SQS by `run-steps` and its event source mapping, and by `orchestrate` and its own.
    pub(crate) host_sqs: Part,
    pub(crate) orchestrator_sqs: Part,
    /// The SQS requests with a message group.
    pub(crate) sqs_groups: Part,
    /// Writes to DynamoDB.
    pub(crate) writes: Part,
    /// Report requests of `run-steps`; each is followed by settling the leases.
    pub(crate) reports: Part,
    /// Round trips to the database, by `orchestrate`.
    pub(crate) round_trips: Part,
    /// Transactions with writes, by `orchestrate`.
    pub(crate) commits: Part,
    /// Processor time, in milliseconds.
    pub(crate) host_ms: Part,
    pub(crate) orchestrator_ms: Part,
    pub(crate) database_ms: Part,
    /// The database's write-ahead log, in bytes.
    pub(crate) log_bytes: Part,
}

/// With a message for each step. Counted on the machine described in `docs/cost.md`.
pub(crate) const APART: Counted = Counted {
    chain: 1.0,
    host_sqs: Part::of(3.0, 0.333),
    orchestrator_sqs: Part::of(2.75, 0.275),
    sqs_groups: Part::of(1.0, 0.325),
    writes: Part::of(2.0, 2.0),
    reports: Part::of(1.0, 0.133),
    round_trips: Part::of(1.0, 0.102),
    commits: Part::of(1.0, 0.1),
    host_ms: Part::of(2.86, 0.90),
    orchestrator_ms: Part::of(1.39, 0.16),
    database_ms: Part::of(1.55, 0.64),
    log_bytes: Part::of(1850.0, 2019.0),
};

/// With continuation: a host runs all four steps. Counted as above.
pub(crate) const CONTINUED: Counted = Counted {
    chain: 4.0,
    host_sqs: Part::of(1.5, 0.248),
    orchestrator_sqs: Part::of(2.0, 0.211),
    sqs_groups: Part::of(0.25, 0.257),
    writes: Part::of(2.0, 2.01),
    reports: Part::of(1.0, 0.188),
    round_trips: Part::of(1.0, 0.115),
    commits: Part::of(1.0, 0.109),
    host_ms: Part::of(1.61, 0.84),
    orchestrator_ms: Part::of(0.70, 0.10),
    database_ms: Part::of(1.65, 0.54),
    log_bytes: Part::of(2259.0, 1819.0),
};

/// Latencies of AWS, in milliseconds: estimated medians within one region. Nothing here was measured.
#[derive(Debug, Clone)]
pub(crate) struct Waits {
    pub(crate) sqs: f64,
    pub(crate) dynamodb: f64,
    /// A round trip to the database without the work there.
    pub(crate) database: f64,
    /// The additional time of a commit.
    pub(crate) commit: f64,
}

pub(crate) const ESTIMATED: Waits = Waits { sqs: 8.0, dynamodb: 5.0, database: 1.0, commit: 4.0 };

/// The memory settings of the deployment, in GB, and the processor share that comes with them.
pub(crate) const HOST_GB: f64 = 1769.0 / 1024.0;
pub(crate) const ORCHESTRATOR_GB: f64 = 512.0 / 1024.0;
const ORCHESTRATOR_SHARE: f64 = 512.0 / 1769.0;

/// A host starts no further step of a chain later than this after the first: `worker/continuation.rs` of the host.
const LONGEST_VISIT_MS: f64 = 500.0;

/// The handler of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handler {
    /// Processor time, in milliseconds. The handlers of a batch share one processor.
    pub(crate) busy_ms: f64,
    /// Waiting time, in milliseconds. The handlers of a batch wait concurrently.
    pub(crate) waiting_ms: f64,
}

impl Handler {
    /// The duration of `run-steps` for a batch of messages: lease, and per step: run, report, settle or take the next lease.
    pub(crate) fn host_ms(self, work: &Counted, waits: &Waits, batch: f64) -> f64 {
        let chain = self.chain(work, waits, batch);
        let steps = batch * chain;
        work.host_ms.per_step(batch) * steps
            + waits.dynamodb
            + work.reports.per_step(batch) * steps * (waits.sqs + waits.dynamodb)
            + self.busy_ms * steps
            + self.waiting_ms * chain
    }

    /// How many steps a host runs for each message of a batch.
    pub(crate) fn chain(self, work: &Counted, waits: &Waits, batch: f64) -> f64 {
        let round = self.busy_ms * batch + self.waiting_ms + waits.sqs + waits.dynamodb;
        work.chain.min(1.0 + (LONGEST_VISIT_MS / round).floor())
    }
}

/// The duration of `orchestrate` for a batch, without the database's processing time.
pub(crate) fn orchestrator_ms(work: &Counted, waits: &Waits, batch: f64) -> f64 {
    work.orchestrator_ms.of_batch(batch) / ORCHESTRATOR_SHARE
        + waits.sqs
        + work.round_trips.of_batch(batch) * waits.database
        + work.commits.of_batch(batch) * waits.commit
}
