//! Applies heartbeats of executions.

use chrono::{DateTime, Utc};
use tasker_protocol::{Heartbeat, StepEvent, StepReport};
use uuid::Uuid;

use crate::{
    database::{
        refusal::is_about_data,
        set::{composite, sql},
    },
    engine::Engine,
    error::Error,
    text::printable,
};

/// The maximum lease that a heartbeat may report, in milliseconds: one day.
const MAX_LEASE_MS: u64 = 86_400_000;

/// `tasker_f.heartbeat`: a heartbeat for the database, with the fields in that type's order.
struct ReportedHeartbeat {
    task_id: Uuid,
    step_index: i32,
    execution: i32,
    started_at: DateTime<Utc>,
    lease_ms: i64,
    actor: String,
    progress: Option<String>,
}

composite!(ReportedHeartbeat, "tasker_f.heartbeat", { task_id, step_index, execution, started_at, lease_ms, actor, progress });

impl ReportedHeartbeat {
    fn new(report: &StepReport, beat: &Heartbeat) -> Self {
        Self {
            task_id: report.task_id,
            step_index: report.step_index as i32,
            execution: report.execution as i32,
            started_at: beat.started_at,
            lease_ms: beat.lease_ms.min(MAX_LEASE_MS).cast_signed(),
            actor: printable(&report.host),
            progress: beat.progress.as_deref().map(printable),
        }
    }
}

impl Engine {
    pub(super) async fn apply_heartbeats(&self, reports: &[StepReport]) -> Result<(), Error> {
        let beats: Vec<(&StepReport, &Heartbeat)> = reports
            .iter()
            .filter_map(|report| match &report.event {
                StepEvent::Heartbeat(heartbeat) => Some((report, heartbeat)),
                StepEvent::Finished(_) => None,
            })
            .collect();
        if beats.is_empty() {
            return Ok(());
        }
        let heartbeats: Vec<ReportedHeartbeat> =
            beats.iter().map(|(report, beat)| ReportedHeartbeat::new(report, beat)).collect();
        let done = sqlx::query(sql!("SELECT tasker_f.apply_heartbeats($1)"))
            .bind(heartbeats)
            .execute(&self.pool)
            .await;
        match done {
            // Drop heartbeats that cannot be stored; the next ones may be valid.
            Err(sqlx::Error::Database(error)) if is_about_data(&*error) => {
                tracing::warn!(%error, "heartbeats with invalid times were dropped");
            }
            other => {
                other?;
            }
        }
        self.dispatcher.sent.remove(beats.iter().map(|(report, _)| (report.task_id, report.step_index)));
        Ok(())
    }
}
