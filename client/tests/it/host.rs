//! The test as a host: ends the runs of steps.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use sqlx::Row;
use tasker_protocol::{
    Ending, Execution, Failure, FailureOrigin, LogLevel, LogLine, OrchestratorMessage, Payload, StepEvent,
    StepReport, Usage, VERSION, raw_json,
};
use uuid::Uuid;

use crate::server::Server;

fn at(seconds: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2030, 1, 1, 12, 0, 0).unwrap() + TimeDelta::seconds(seconds)
}

/// A result, as JSON text.
pub(crate) fn complete(result: &str) -> Ending {
    Ending::Complete(Payload::Inline(raw_json(result.to_owned()).unwrap()))
}

/// A failure of the handler that is not retried.
pub(crate) fn failed() -> Ending {
    Ending::Failed(Failure {
        error_type: "Broken".to_owned(),
        message: "the test wants it so".to_owned(),
        retryable: false,
        retry_after_ms: None,
        details: None,
        origin: FailureOrigin::Handler,
    })
}

impl Server {
    /// Ends the current run of a step, in which the handler logged a line.
    pub(crate) async fn end(&self, task: Uuid, step: &str, ending: Ending) {
        let line = LogLine {
            at: at(1),
            level: LogLevel::Info,
            target: "test".to_owned(),
            message: format!("{step} at work"),
        };
        let event = StepEvent::Finished(Box::new(Execution {
            started_at: at(0),
            finished_at: at(1),
            ending,
            usage: Usage { wall_us: 9, cpu_us: 5, peak_memory_bytes: 7, ..Usage::default() },
            logs: vec![line],
        }));
        let row = sqlx::query(
            "SELECT s.step_index, s.execution, s.template_step, t.release_id FROM tasker.steps s
             JOIN tasker.tasks t USING (task_id)
             JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = s.template_step
             WHERE s.task_id = $1 AND d.name = $2",
        )
        .bind(task)
        .bind(step)
        .fetch_one(&self.database.pool)
        .await
        .unwrap();
        let number = |column: &str| row.get::<i32, _>(column).unsigned_abs();
        let report = StepReport {
            version: VERSION,
            task_id: task,
            step_index: number("step_index"),
            execution: number("execution"),
            release_id: row.get("release_id"),
            template_step: number("template_step"),
            host: "the-host".to_owned(),
            continues: false,
            after: None,
            event,
        };
        self.orchestrator.engine.apply(vec![OrchestratorMessage::Report(report)]).await.unwrap();
    }
}
