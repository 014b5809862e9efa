//! Applying what hosts report: one call to the database for a whole batch, then the messages that follow from it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tasker_protocol::{
    Ending, Execution, Failure, Heartbeat, LogLine, OrchestratorMessage, Payload, StepDue, StepEvent,
    StepReport, Usage, VERSION, encode,
};
use tasker_transport::Message;
use uuid::Uuid;

use crate::database::functions::{composite, sql};
use crate::{
    Orchestrator,
    effect::{Effects, columns},
    error::Error,
    judge::{Outcome, judge},
};

/// The longest lease that is believed, in milliseconds: a day.
const MAX_LEASE_MS: u64 = 86_400_000;

/// What a batch of messages came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Reports that ended an attempt.
    pub ended: usize,
    /// Reports that were late or repeated, and changed nothing.
    pub stale: usize,
}

/// The end of an execution, as it will be stored.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) task_id: Uuid,
    pub(crate) step_index: u32,
    pub(crate) execution: u32,
    /// The release that the outcome was held against, and the step of it; none where there was nothing to hold.
    pub(crate) release_id: Option<(Uuid, u32)>,
    pub(crate) event: &'static str,
    pub(crate) actor: String,
    pub(crate) reason: Option<String>,
    pub(crate) run: Option<Execution>,
    pub(crate) outcome: Result<Outcome, Failure>,
}

/// Which execution a report is about.
struct ReportHead {
    task_id: Uuid,
    step_index: u32,
    execution: u32,
    release_id: Uuid,
    template_step: u32,
    host: String,
}

/// What the audit keeps of a run beside its states.
#[derive(Serialize)]
struct Detail<'a> {
    usage: &'a Usage,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    logs: &'a [LogLine],
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a Failure>,
}

impl Orchestrator {
    /// Applies messages of the orchestrator's queue. When it succeeds, all of them are done with.
    ///
    /// # Errors
    /// The database could not be reached; none or some were applied, and all may be given again.
    pub async fn apply(&self, messages: Vec<OrchestratorMessage>) -> Result<Applied, Error> {
        let (mut ended, mut heartbeats, mut due) = (Vec::new(), Vec::new(), Vec::new());
        for message in messages {
            match message {
                OrchestratorMessage::Due(step) => due.push(step),
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
        // Heartbeats first: an ending in the same batch is the later news.
        self.apply_heartbeats(&heartbeats).await?;
        let applied = self.end_attempts(&ended).await?;
        self.start_due_retries(due.iter().map(|step| (step.task_id, step.step_index, step.execution)))
            .await?;
        Ok(applied)
    }

    /// The end of an execution, as its host reports it and its template allows it.
    async fn ended(&self, report: ReportHead, mut run: Execution) -> Result<Ended, Error> {
        let ending = std::mem::replace(&mut run.ending, Ending::Complete(Payload::null()));
        let releases = self.catalog.releases([report.release_id].into_iter()).await;
        let outcome = match releases {
            Ok(releases) => {
                let release = &releases[&report.release_id];
                judge(release, report.template_step as usize, ending, &self.blobs).await?
            }
            Err(error @ Error::Database(_)) => return Err(error),
            // Not a release of this database, and so not a report of one of its steps: it will be stale.
            Err(error) => Err(Failure::of_host("UnknownRelease", error.to_string(), false)),
        };
        Ok(Ended {
            task_id: report.task_id,
            step_index: report.step_index,
            execution: report.execution,
            release_id: Some((report.release_id, report.template_step)),
            event: if matches!(outcome, Ok(Outcome::Checkpoint(_))) { "checkpointed" } else { "reported" },
            actor: printable(&report.host),
            reason: None,
            run: Some(run),
            outcome,
        })
    }

    /// Ends attempts. A batch that the database refuses is applied one by one, so that one bad report harms no other.
    pub(crate) async fn end_attempts(&self, ended: &[Ended]) -> Result<Applied, Error> {
        match self.end_batch(ended).await {
            Err(Error::Database(sqlx::Error::Database(error))) if is_about_data(&*error) => {
                tracing::warn!(%error, reports = ended.len(), "the database refused a batch; applying one by one");
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
        self.sent.remove(ended.iter().map(|one| (one.task_id, one.step_index)));
        let applied = Applied { ended: effects.verdicts.len(), stale: ended.len() - effects.verdicts.len() };
        if applied.stale > 0 {
            tracing::debug!(stale = applied.stale, "late or repeated reports were dropped");
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

    async fn apply_heartbeats(&self, reports: &[StepReport]) -> Result<(), Error> {
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
            // A sign of life that cannot be stored is none; the next one may be better.
            Err(sqlx::Error::Database(error)) if is_about_data(&*error) => {
                tracing::warn!(%error, "heartbeats with impossible times were dropped");
            }
            other => {
                other?;
            }
        }
        self.sent.remove(beats.iter().map(|(report, _)| (report.task_id, report.step_index)));
        Ok(())
    }

    /// Sends the messages that wake steps when their retry is due. A lost one is found by the sweep, and so is one that
    /// is due later than the queue can wait.
    pub(crate) async fn set_timers(&self, mut due: Vec<Message>) {
        let longest = self.reports.max_delay();
        due.retain(|message| message.delay <= longest);
        if due.is_empty() {
            return;
        }
        if let Err(error) = self.reports.send(due).await {
            tracing::warn!(%error, "timers of retries could not be set; the sweep will find the steps");
        }
    }
}

/// `tasker_f.report`: the end of an execution as the database takes it, field by field in that type's order.
#[derive(sqlx::Encode)]
struct Report {
    task_id: Uuid,
    step_index: i32,
    execution: i32,
    release_id: Option<Uuid>,
    template_step: Option<i32>,
    result: Option<String>,
    result_blob: Option<String>,
    is_checkpoint: bool,
    branch: Option<String>,
    cursors: Option<String>,
    failure: Option<String>,
    retryable: Option<bool>,
    retry_after_ms: Option<i64>,
    event: String,
    actor: String,
    reason: Option<String>,
    detail: Option<String>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    dice: f64,
}

/// `tasker_f.heartbeat`, likewise.
#[derive(sqlx::Encode)]
struct ReportedHeartbeat {
    task_id: Uuid,
    step_index: i32,
    execution: i32,
    started_at: DateTime<Utc>,
    lease_ms: i64,
    actor: String,
    progress: Option<String>,
}

composite!(Report, "tasker_f.report");
composite!(ReportedHeartbeat, "tasker_f.heartbeat");

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

impl Ended {
    fn report(&self, dice: f64) -> Report {
        let outcome = self.outcome.as_ref().ok();
        let failure = self.outcome.as_ref().err();
        let (result, result_blob) = outcome.map_or((None, None), |outcome| columns(outcome.payload()));
        Report {
            task_id: self.task_id,
            step_index: self.step_index as i32,
            execution: self.execution as i32,
            release_id: self.release_id.map(|(release, _)| release),
            template_step: self.release_id.map(|(_, step)| step as i32),
            result,
            result_blob,
            is_checkpoint: matches!(outcome, Some(Outcome::Checkpoint(_))),
            branch: outcome.and_then(Outcome::branch),
            cursors: outcome.and_then(Outcome::cursors),
            failure: failure.and_then(json),
            retryable: failure.map(|failure| failure.retryable),
            retry_after_ms: failure
                .and_then(|failure| failure.retry_after_ms)
                .map(|wait| i64::try_from(wait).unwrap_or(i64::MAX)),
            event: self.event.to_owned(),
            actor: self.actor.clone(),
            reason: self.reason.clone(),
            detail: self.detail(),
            started_at: self.run.as_ref().map(|run| run.started_at),
            finished_at: self.run.as_ref().map(|run| run.finished_at),
            dice,
        }
    }

    fn detail(&self) -> Option<String> {
        let run = self.run.as_ref();
        let failure = self.outcome.as_ref().err();
        if run.is_none() && failure.is_none() {
            return None;
        }
        let usage = run.map_or_else(Usage::default, |run| run.usage);
        json(&Detail { usage: &usage, logs: run.map_or(&[], |run| &run.logs), failure })
    }
}

/// The message that wakes a step when its retry is due.
pub(crate) fn due_message(task_id: Uuid, step_index: u32, execution: u32, wait: Duration) -> Message {
    let due = OrchestratorMessage::Due(StepDue { version: VERSION, task_id, step_index, execution });
    Message { body: encode(&due), delay: wait, group: None, work: None }
}

/// Whether the database refused what it was given, rather than failed.
pub(crate) fn is_about_data(error: &dyn sqlx::error::DatabaseError) -> bool {
    // Classes 22 (data exception), 23 (integrity constraint violation) and 54 (program limit exceeded) of SQLSTATE.
    error.code().is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class)))
}

fn json<T: Serialize>(value: &T) -> Option<String> {
    serde_json::to_string(value).ok()
}

/// A text from outside, fit for a text column and a terminal.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(500).collect()
}
