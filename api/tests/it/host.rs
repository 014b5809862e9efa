//! The test as a host: ends the runs of steps.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use serde_json::Value;
use sqlx::Row;
use tasker_protocol::{
    Ending, Execution, Failure, FailureOrigin, Heartbeat, LogLevel, LogLine, OrchestratorMessage, Payload,
    StepEvent, StepReport, Usage, VERSION, raw_json,
};
use uuid::Uuid;

use crate::server::Server;

/// A time after the beginning of all tests' runs.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2030, 1, 1, 12, 0, 0).unwrap() + TimeDelta::seconds(seconds)
}

/// A result.
pub(crate) fn complete(result: &Value) -> Ending {
    Ending::Complete(Payload::Inline(raw_json(result.to_string()).unwrap()))
}

/// A failure of the handler.
pub(crate) fn failed(error_type: &str, retryable: bool) -> Ending {
    Ending::Failed(Failure {
        error_type: error_type.to_owned(),
        message: "the test wants it so".to_owned(),
        retryable,
        retry_after_ms: None,
        details: None,
        origin: FailureOrigin::Handler,
    })
}

impl Server {
    /// Creates a task of a template that was published. Returns its id.
    pub(crate) async fn task_of(&self, name: &str, input: &Value) -> Uuid {
        let body = serde_json::json!({ "name": name, "context": input });
        let created = self.post("/v1/tasks", &[], &body.to_string()).await;
        created.body["task_id"].as_str().unwrap_or_else(|| panic!("{created:?}")).parse().unwrap()
    }

    /// Ends the current run of a step, which took from one second to another, with these log lines.
    pub(crate) async fn end(
        &self,
        task: Uuid,
        step: &str,
        (from, to): (i64, i64),
        ending: Ending,
        logs: &[(LogLevel, &str)],
    ) {
        let line = |(level, message): &(LogLevel, &str)| LogLine {
            at: at(to),
            level: *level,
            target: "test".to_owned(),
            message: (*message).to_owned(),
        };
        let finished = StepEvent::Finished(Box::new(Execution {
            started_at: at(from),
            finished_at: at(to),
            ending,
            usage: Usage { wall_us: 9, cpu_us: 5, peak_memory_bytes: 7, ..Usage::default() },
            logs: logs.iter().map(line).collect(),
        }));
        self.report(task, step, finished).await;
    }

    /// Reports that a step has been running since this second.
    pub(crate) async fn begin(&self, task: Uuid, step: &str, from: i64) {
        let heartbeat = Heartbeat { started_at: at(from), lease_ms: 60_000, progress: None };
        self.report(task, step, StepEvent::Heartbeat(heartbeat)).await;
    }

    async fn report(&self, task: Uuid, step: &str, event: StepEvent) {
        let row = sqlx::query(
            "SELECT s.step_index, s.execution, s.template_step, t.release_id FROM tasker.steps s
             JOIN tasker.tasks t USING (task_id)
             JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = s.template_step
             WHERE s.task_id = $1 AND (d.name = $2 OR s.step_index::text = $2)",
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

    /// Publishes a template.
    pub(crate) async fn publish_template(&self, text: &str) {
        let template = tasker_templates::template::parse(text).unwrap().template;
        self.orchestrator.catalog.publish_template(&template).await.unwrap();
    }
}
