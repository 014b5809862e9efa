//! Applies hosts' reports: one call to the database per batch, then the actions that follow.

use tasker_protocol::{Ending, Execution, Failure, OrchestratorMessage, Payload, StepEvent, StepReport};
use uuid::Uuid;

use super::{
    ended::{Ended, Report},
    judge::{AcceptedEnding, judge},
};
use crate::{
    database::{refusal::is_about_data, set::sql},
    effect::Effects,
    engine::Engine,
    error::Error,
    retry::due_message,
    text::printable,
};

/// The result of a batch of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Reports that ended an attempt.
    pub ended: usize,
    /// Late or repeated reports, which changed nothing.
    pub stale: usize,
}

/// The execution that a report is about.
struct ReportHead {
    task_id: Uuid,
    step_index: u32,
    execution: u32,
    release_id: Uuid,
    template_step: u32,
    host: String,
}

impl Engine {
    /// Applies messages of the orchestrator's queue. On success, all of them are done.
    ///
    /// # Errors
    /// The database could not be reached. Some may have been applied; all may be passed again.
    pub async fn apply(&self, messages: Vec<OrchestratorMessage>) -> Result<Applied, Error> {
        let (mut ended, mut heartbeats) = (Vec::new(), Vec::new());
        let (mut due, mut delivered) = (Vec::new(), Vec::new());
        for message in messages {
            match message {
                OrchestratorMessage::Due(step) => due.push(step),
                OrchestratorMessage::Delivered(delivery) => delivered.push(delivery),
                OrchestratorMessage::Report(StepReport {
                    event: StepEvent::Finished(run),
                    release_id,
                    template_step,
                    task_id,
                    step_index,
                    execution,
                    host,
                    ..
                }) => {
                    let head = ReportHead { task_id, step_index, execution, release_id, template_step, host };
                    ended.push(self.ended(head, *run).await?);
                }
                OrchestratorMessage::Report(report) => heartbeats.push(report),
            }
        }
        // Heartbeats first, because a report of an end in the same batch is later.
        self.apply_heartbeats(&heartbeats).await?;
        let applied = self.end_attempts(&ended).await?;
        self.start_due_retries(due.iter().map(|step| (step.task_id, step.step_index, step.execution)))
            .await?;
        self.settle_reported_deliveries(delivered).await?;
        Ok(applied)
    }

    /// Converts a report of an execution's end, after checking its outcome against the template.
    async fn ended(&self, report: ReportHead, mut run: Execution) -> Result<Ended, Error> {
        let ending = std::mem::replace(&mut run.ending, Ending::Complete(Payload::null()));
        let releases = self.catalog.releases([report.release_id].into_iter()).await;
        let outcome = match releases {
            Ok(releases) => {
                let release = &releases[&report.release_id];
                judge(release, report.template_step as usize, ending, &self.blobs).await?
            }
            Err(error @ Error::Database(_)) => return Err(error),
            // The release is not in this database, so no step matches the report and it will be stale.
            Err(error) => Err(Failure::of_host("UnknownRelease", error.to_string(), false)),
        };
        Ok(Ended {
            task_id: report.task_id,
            step_index: report.step_index,
            execution: report.execution,
            release_id: Some((report.release_id, report.template_step)),
            event: if matches!(outcome, Ok(AcceptedEnding::Checkpoint(_))) {
                "checkpointed"
            } else {
                "reported"
            },
            actor: printable(&report.host),
            reason: None,
            run: Some(run),
            outcome,
        })
    }

    /// Ends attempts. If the database rejects the batch, applies its reports one by one, so that one bad report does
    /// not fail the others.
    pub(crate) async fn end_attempts(&self, ended: &[Ended]) -> Result<Applied, Error> {
        match self.end_batch(ended).await {
            Err(Error::Database(sqlx::Error::Database(error))) if is_about_data(&*error) => {
                tracing::warn!(%error, reports = ended.len(), "the database rejected a batch; applying its reports one by one");
            }
            other => return other,
        }
        let mut applied = Applied::default();
        for one in ended {
            let result = match self.end_batch(std::slice::from_ref(one)).await {
                Err(Error::Database(sqlx::Error::Database(error))) if is_about_data(&*error) => {
                    let message = format!("the database cannot store the result: {error}");
                    let unstorable = Ended {
                        outcome: Err(Failure::of_host("ResultNotStorable", message, false)),
                        run: None,
                        ..one.clone()
                    };
                    self.end_batch(&[unstorable]).await
                }
                other => other,
            }?;
            applied.ended += result.ended;
            applied.stale += result.stale;
        }
        Ok(applied)
    }

    async fn end_batch(&self, ended: &[Ended]) -> Result<Applied, Error> {
        if ended.is_empty() {
            return Ok(Applied::default());
        }
        let effects = self.store_endings(ended).await?;
        self.dispatcher.sent.remove(ended.iter().map(|one| (one.task_id, one.step_index)));
        let applied = Applied { ended: effects.verdicts.len(), stale: ended.len() - effects.verdicts.len() };
        if applied.stale > 0 {
            tracing::debug!(stale = applied.stale, "stale reports were dropped");
        }
        let mut due = Vec::new();
        for verdict in &effects.verdicts {
            if let Some(wait) = verdict.retry_in {
                due.push(due_message(verdict.task_id, verdict.step_index, verdict.execution, wait));
            }
        }
        self.follow(effects).await;
        self.set_timers(due).await;
        Ok(applied)
    }

    async fn store_endings(&self, ended: &[Ended]) -> Result<Effects, Error> {
        let reports: Vec<Report> = ended.iter().map(|one| one.report((self.dice)())).collect();
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.apply_reports($1)"))
            .bind(reports)
            .fetch_all(&self.pool)
            .await?;
        Effects::read(&rows)
    }
}
