//! Applies hosts' reports: one call to the database per batch, then the actions that follow.

use std::time::Instant;

use tasker_protocol::{
    Ending, Execution, Failure, OrchestratorMessage, Payload, Predecessor, StepEvent, StepReport,
};
use tasker_telemetry::metrics;
use tasker_transport::BlobError;
use uuid::Uuid;

use super::{
    ended::{Ended, Report},
    judge::{AcceptedEnding, is_by_reference, judge},
};
use crate::{
    database::{refusal::Halves, set::sql},
    effect::{Effects, Verdict},
    engine::Engine,
    error::Error,
    measure::Ends,
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
    /// Reports of steps that a host went on with, before the report of the step before. They must be applied again later.
    pub early: usize,
}

/// The positions of the messages that must be applied again.
#[derive(Debug, Default)]
pub(crate) struct Again {
    /// The blob store is away.
    pub(crate) later: Vec<usize>,
    /// The report of the step before is still to come.
    pub(crate) soon: Vec<usize>,
}

/// The result of a batch, and the positions of the messages that must be applied again.
struct Batch {
    applied: Applied,
    early: Vec<usize>,
    postponed: Option<Postponed>,
}

/// The positions of the messages that must be applied later, and why.
struct Postponed {
    positions: Vec<usize>,
    error: BlobError,
}

/// The execution that a report is about.
struct ReportHead {
    task_id: Uuid,
    step_index: u32,
    execution: u32,
    release_id: Uuid,
    template_step: u32,
    host: String,
    continues: bool,
    after: Option<Predecessor>,
}

impl Engine {
    /// Applies messages of the orchestrator's queue. On success, all of them are done.
    ///
    /// # Errors
    /// The database could not be reached. Some may have been applied; all may be passed again.
    pub async fn apply(&self, messages: Vec<OrchestratorMessage>) -> Result<Applied, Error> {
        let messages = messages.into_iter().map(|message| (message, u32::MAX)).collect();
        let batch = self.apply_batch(messages).await?;
        match batch.postponed {
            Some(Postponed { error, .. }) => Err(error.into()),
            None => Ok(batch.applied),
        }
    }

    /// As [`Engine::apply`], with the number of receives of each message. Returns those that must be applied again.
    pub(crate) async fn apply_received(
        &self,
        messages: Vec<(OrchestratorMessage, u32)>,
    ) -> Result<Again, Error> {
        let Batch { early: soon, postponed, .. } = self.apply_batch(messages).await?;
        let Some(Postponed { positions: later, error }) = postponed else {
            return Ok(Again { later: Vec::new(), soon });
        };
        tracing::warn!(%error, reports = later.len(), "results cannot be checked; trying again later");
        Ok(Again { later, soon })
    }

    async fn apply_batch(&self, messages: Vec<(OrchestratorMessage, u32)>) -> Result<Batch, Error> {
        let (mut finished, mut heartbeats) = (Vec::new(), Vec::new());
        let (mut due, mut delivered, mut hosts) = (Vec::new(), Vec::new(), Vec::new());
        for (position, (message, receive_count)) in messages.into_iter().enumerate() {
            match message {
                OrchestratorMessage::Due(step) => due.push(step),
                OrchestratorMessage::Delivered(delivery) => delivered.push(delivery),
                OrchestratorMessage::Host(host) => hosts.push(host),
                OrchestratorMessage::Report(StepReport {
                    event: StepEvent::Finished(run),
                    release_id,
                    template_step,
                    task_id,
                    step_index,
                    execution,
                    host,
                    continues,
                    after,
                    version: _,
                }) => {
                    let head = ReportHead {
                        task_id,
                        step_index,
                        execution,
                        release_id,
                        template_step,
                        host,
                        continues,
                        after,
                    };
                    finished.push((position, head, *run, receive_count));
                }
                OrchestratorMessage::Report(report) => heartbeats.push(report),
            }
        }
        // Heartbeats first, because a report of an end in the same batch is later, and because a blob store that is away must
        // not make hosts seem silent.
        self.apply_heartbeats(&heartbeats).await?;
        let (mut ended, mut postponed) = (Vec::with_capacity(finished.len()), None::<Postponed>);
        let mut positions = Vec::with_capacity(finished.len());
        for (position, head, run, receive_count) in finished {
            // Asking a silent store again for each result would take minutes.
            if let Some(Postponed { positions, error: BlobError::Unavailable { .. } }) = &mut postponed
                && is_by_reference(&run.ending)
            {
                positions.push(position);
                continue;
            }
            match self.ended(head, run, receive_count).await {
                Ok(end) => {
                    ended.push(end);
                    positions.push(position);
                }
                Err(Error::Blob(error)) => {
                    let none = || Postponed { positions: Vec::new(), error };
                    postponed.get_or_insert_with(none).positions.push(position);
                }
                Err(error) => return Err(error),
            }
        }
        let (applied, early) = self.end_in_order(ended).await?;
        if let Some(metrics) = metrics() {
            metrics.reports.add(applied.stale as u64, ["stale".into()]);
        }
        self.start_due_retries(due.iter().map(|step| (step.task_id, step.step_index, step.execution)))
            .await?;
        self.settle_reported_deliveries(delivered).await?;
        // The reports are applied, and must not be again because of it.
        if let Err(error) = self.note_hosts(&hosts).await {
            tracing::warn!(%error, "what hosts say of themselves could not be stored");
        }
        let early = early.into_iter().map(|early| positions[early]).collect();
        Ok(Batch { applied, early, postponed })
    }

    /// Converts a report of an execution's end, after checking its outcome against the template.
    async fn ended(
        &self,
        report: ReportHead,
        mut run: Execution,
        receive_count: u32,
    ) -> Result<Ended, Error> {
        let ending = std::mem::replace(&mut run.ending, Ending::Complete(Payload::null()));
        let releases = self.catalog.releases([report.release_id].into_iter()).await;
        let mut release = None;
        let outcome = match releases {
            Ok(mut releases) => {
                release = releases.remove(&report.release_id);
                let Some(release) = &release else {
                    return Err(Error::Damaged(format!("there is no release {}", report.release_id)));
                };
                match judge(release, report.template_step as usize, ending, &self.blobs).await {
                    Err(Error::Blob(error)) if !error.is_transient(receive_count) => {
                        Err(Failure::of_host("ResultUnavailable", error.to_string(), true))
                    }
                    judged => judged?,
                }
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
            continues: report.continues,
            after: report.after,
            outcome,
            release,
        })
    }

    /// Ends attempts. Fails those whose result the database cannot store. Returns the executions that it ended, too.
    pub(crate) async fn end_attempts(
        &self,
        ended: &[Ended],
    ) -> Result<(Applied, Vec<(Uuid, u32, u32)>), Error> {
        let mut applied = Applied::default();
        let mut counted = Vec::new();
        let mut halves = Halves::of(ended.len());
        while let Some(range) = halves.next() {
            let stored = self.end_batch(&ended[range.clone()]).await;
            let Some(stored) = halves.stored(&range, stored)? else { continue };
            let (result, keys) = match stored {
                Ok(result) => result,
                Err(error) => {
                    let message = format!("the database cannot store the result: {error}");
                    let unstorable = Ended {
                        outcome: Err(Failure::of_host("ResultNotStorable", message, false)),
                        run: None,
                        continues: false,
                        ..ended[range.start].clone()
                    };
                    self.end_batch(&[unstorable]).await?
                }
            };
            applied.ended += result.ended;
            applied.stale += result.stale;
            counted.extend(keys);
        }
        Ok((applied, counted))
    }

    async fn end_batch(&self, ended: &[Ended]) -> Result<(Applied, Vec<(Uuid, u32, u32)>), Error> {
        if ended.is_empty() {
            return Ok((Applied::default(), Vec::new()));
        }
        let began = Instant::now();
        let effects = self.store_endings(ended).await?;
        self.dispatcher.sent.remove(ended.iter().map(|one| (one.task_id, one.step_index)));
        let counted = effects.verdicts.len();
        let applied = Applied { ended: counted, stale: ended.len() - counted, early: 0 };
        if applied.stale > 0 {
            tracing::debug!(stale = applied.stale, "stale reports were dropped");
        }
        let key = |verdict: &Verdict| (verdict.task_id, verdict.step_index, verdict.execution);
        let counted = effects.verdicts.iter().map(key).collect();
        let mut due = Vec::new();
        for verdict in &effects.verdicts {
            if let Some(wait) = verdict.retry_in {
                due.push(due_message(verdict.task_id, verdict.step_index, verdict.execution, wait));
            }
        }
        self.measure(ended, &effects, began).await;
        self.follow(effects).await;
        self.set_timers(due).await;
        Ok((applied, counted))
    }

    /// Measures what a transaction stored.
    async fn measure(&self, ended: &[Ended], effects: &Effects, began: Instant) {
        let Some(metrics) = metrics() else { return };
        let (stored, took) = (effects.verdicts.len(), began.elapsed());
        metrics.report_batch_size.record(ended.len() as f64, []);
        metrics.report_apply_duration.took(took, []);
        metrics.reports.add(stored as u64, ["applied".into()]);
        let of_verdict = |verdict: &Verdict| {
            let end = ended.get(verdict.position)?;
            Some(Ends {
                key: (end.task_id, end.step_index, end.execution),
                place: end.release.clone().zip(end.release_id.map(|(_, step)| step)),
                way: end.way(),
                run: end.run.as_ref(),
                retry_in: verdict.retry_in,
            })
        };
        self.measure_ends(effects.verdicts.iter().filter_map(of_verdict).collect()).await;
        let moved = effects.tasks.iter().map(|&(task, state)| {
            let release = ended.iter().find(|end| end.task_id == task).and_then(|end| end.release.clone());
            (task, state, release)
        });
        self.measure_rest(moved.collect::<Vec<_>>()).await;
    }

    async fn store_endings(&self, ended: &[Ended]) -> Result<Effects, Error> {
        let query = if let [one] = ended {
            sqlx::query(sql!("SELECT * FROM tasker_f.apply_report($1)")).bind(one.report((self.dice)()))
        } else {
            let reports: Vec<Report> = ended.iter().map(|one| one.report((self.dice)())).collect();
            sqlx::query(sql!("SELECT * FROM tasker_f.apply_reports($1)")).bind(reports)
        };
        let rows = query.fetch_all(&self.pool).await?;
        Effects::read(&rows)
    }
}
