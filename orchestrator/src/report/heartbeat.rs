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
        let mut halves = Halves::of(beats.len());
        while let Some(range) = halves.next() {
            let stored = self.store_heartbeats(&beats[range.clone()]).await;
            if let Some(Err(error)) = halves.stored(&range, stored)? {
                let report = beats[range.start].0;
                tracing::warn!(%error, task = %report.task_id, step = report.step_index,
                    "a heartbeat with invalid times was dropped");
            }
        }
        self.dispatcher.sent.remove(beats.iter().map(|(report, _)| (report.task_id, report.step_index)));
        Ok(())
    }

    async fn store_heartbeats(&self, beats: &[(&StepReport, &Heartbeat)]) -> Result<(), Error> {
        let heartbeats: Vec<ReportedHeartbeat> =
            beats.iter().map(|(report, beat)| ReportedHeartbeat::new(report, beat)).collect();
        let apply = sqlx::query(sql!("SELECT tasker_f.apply_heartbeats($1)")).bind(heartbeats);
        apply.execute(&self.pool).await?;
        Ok(())
    }
}
