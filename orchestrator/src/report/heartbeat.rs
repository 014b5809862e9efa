//! Applies heartbeats of executions.

use chrono::{DateTime, Utc};
use tasker_protocol::{Heartbeat, StepEvent, StepReport};
use uuid::Uuid;

use crate::{
    database::{
        refusal::Halves,
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
    after_step: Option<i32>,
    after_end: Option<DateTime<Utc>>,
}

composite!(ReportedHeartbeat, "tasker_f.heartbeat", { task_id, step_index, execution, started_at, lease_ms, actor, progress, after_step, after_end });

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
            after_step: report.after.map(|after| after.step_index.cast_signed()),
            after_end: report.after.map(|after| after.finished_at),
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
        let mut halves = Halves::of(beats.len());
        while let Some(range) = halves.next() {
            let stored = self.store_heartbeats(&beats[range.clone()]).await;
            match halves.stored(&range, stored)? {
                Some(Ok(over)) => self.dispatcher.revoke(&over).await,
                Some(Err(error)) => {
                    let report = beats[range.start].0;
                    tracing::warn!(%error, task_id = %report.task_id, step_index = report.step_index,
                        "a heartbeat with invalid times was dropped");
                }
                None => {}
            }
        }
        self.dispatcher.sent.remove(beats.iter().map(|(report, _)| (report.task_id, report.step_index)));
        Ok(())
    }

    /// Returns the executions among them that have ended.
    async fn store_heartbeats(
        &self,
        beats: &[(&StepReport, &Heartbeat)],
    ) -> Result<Vec<(Uuid, u32, u32)>, Error> {
        let heartbeats: Vec<ReportedHeartbeat> =
            beats.iter().map(|(report, beat)| ReportedHeartbeat::new(report, beat)).collect();
        let over: Vec<(Uuid, i32, i32)> = sqlx::query_as(sql!("SELECT * FROM tasker_f.apply_heartbeats($1)"))
            .bind(heartbeats)
            .fetch_all(&self.pool)
            .await?;
        Ok(over
            .into_iter()
            .map(|(task, step, execution)| (task, step.unsigned_abs(), execution.unsigned_abs()))
            .collect())
    }
}
