//! Creates tasks from requests, a batch per transaction, with their first steps enqueued.

use std::{sync::Arc, time::Instant};

use futures_util::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::Serialize;
use tasker_protocol::Payload;
use tasker_transport::INLINE_PAYLOAD;
use uuid::Uuid;

use super::{identity::identity, request::TaskRequest};
use crate::{
    catalog::Release,
    database::{
        columns::columns,
        refusal::{Halves, is_database_away},
        set::{composite, sql},
    },
    effect::Effects,
    engine::Engine,
    error::Error,
    intake::Place,
    labels, measure,
};

/// How often a creation is retried because the catalog has changed in the meantime.
const MAX_CATALOG_CHANGES: usize = 20;

/// How many requests of a batch are prepared at once. Each may write its input to the blob store, and while that is slow the whole
/// batch waits.
const PREPARED_AT_ONCE: usize = 16;

/// The result of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Creation {
    /// A task was created.
    Created(Uuid),
    /// An equal request had already created this task.
    Duplicate(Uuid),
}

/// A validated request.
struct Prepared {
    task_id: Uuid,
    release: Arc<Release>,
    catalog_version: i64,
    input: Payload,
    identity: Option<Vec<u8>>,
    /// The identity passed with the request.
    given: Option<Vec<u8>>,
    request: TaskRequest,
}

/// A request, and its identity if the caller computes it.
pub(crate) type Identified = (TaskRequest, Option<Vec<u8>>);

impl Engine {
    /// Creates tasks, all in one transaction. Returns the results in the order of the requests. If there is no room for all of
    /// them among the creations that wait, creates none.
    pub async fn create_tasks(&self, requests: Vec<TaskRequest>) -> Vec<Result<Creation, Error>> {
        self.create_identified(requests.into_iter().map(|request| (request, None)).collect()).await
    }

    /// Takes a place among the creations that wait, for requests of this size together, in bytes.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if there is no room.
    pub fn take_place(&self, tasks: usize, bytes: usize) -> Result<Place, Error> {
        self.intake.take(tasks, bytes).inspect_err(|error| measure::refused_at_once(tasks, error))
    }

    /// As [`Engine::create_tasks`], for a part of the requests that have this place.
    pub async fn create_in(
        &self,
        _place: &Place,
        requests: Vec<TaskRequest>,
    ) -> Vec<Result<Creation, Error>> {
        self.create_admitted(requests.into_iter().map(|request| (request, None)).collect()).await
    }

    /// As [`Engine::create_tasks`], for requests whose identity the caller computes instead of the template.
    pub(crate) async fn create_identified(&self, requests: Vec<Identified>) -> Vec<Result<Creation, Error>> {
        let bytes = requests.iter().map(|(request, _)| request.size()).sum();
        match self.take_place(requests.len(), bytes) {
            Ok(_place) => self.create_admitted(requests).await,
            Err(_) => requests.iter().map(|_| Err(Error::Overloaded)).collect(),
        }
    }

    /// Creates tasks that have a place among the creations that wait, unless the database is away.
    pub(crate) async fn create_admitted(&self, requests: Vec<Identified>) -> Vec<Result<Creation, Error>> {
        let began = Instant::now();
        let pass = match self.breakers.database.admit() {
            Ok(pass) => pass,
            Err(paused) => {
                measure::refused_at_once(requests.len(), &Error::Paused { service: "database", paused });
                let away = |_| Err(Error::Paused { service: "database", paused });
                return requests.iter().map(away).collect();
            }
        };
        let count = requests.len();
        let answers = self.create(requests).await;
        pass.ended(answers.iter().any(|answer| answer.as_ref().is_err_and(is_database_away)));
        measure::creations(count, answers.iter().filter_map(|answer| answer.as_ref().err()), began.elapsed());
        answers
    }

    async fn create(&self, requests: Vec<Identified>) -> Vec<Result<Creation, Error>> {
        let mut answers: Vec<Option<Result<Creation, Error>>> = requests.iter().map(|_| None).collect();
        let mut open: Vec<(usize, Identified)> = requests.into_iter().enumerate().collect();
        for _ in 0..MAX_CATALOG_CHANGES {
            let mut prepared = Vec::with_capacity(open.len());
            let preparing = open.drain(..).map(|(index, (request, given))| async move {
                (index, self.prepare_current(request, given).await)
            });
            let mut preparing = stream::iter(preparing).buffered(PREPARED_AT_ONCE);
            while let Some((index, ready)) = preparing.next().await {
                match ready {
                    // The ids are in the order of the requests, in which they were not prepared.
                    Ok(ready) => prepared.push((index, Prepared { task_id: Uuid::now_v7(), ..ready })),
                    Err(error) => answers[index] = Some(Err(error)),
                }
            }
            drop(preparing);
            let Some(version) = prepared.iter().map(|(_, ready)| ready.catalog_version).max() else { break };
            if prepared.iter().all(|(_, ready)| ready.catalog_version == version) {
                let mut outdated = vec![false; prepared.len()];
                let mut halves = Halves::of(prepared.len());
                while let Some(range) = halves.next() {
                    let stored = self.insert(version, &prepared[range.clone()]).await;
                    match halves.stored(&range, stored) {
                        Ok(None) => {}
                        Ok(Some(Ok(effects))) if effects.verdicts.is_empty() => outdated[range].fill(true),
                        Ok(Some(Ok(effects))) => self.answer(effects, &prepared[range], &mut answers).await,
                        Ok(Some(Err(error))) => {
                            let message = format!("cannot be stored: {error}");
                            let refused = Error::InvalidRequest { field: "context", message };
                            answers[prepared[range.start].0] = Some(Err(refused));
                        }
                        Err(error) => {
                            answer_failed(error, &prepared, &mut answers);
                            break;
                        }
                    }
                }
                let mut outdated = outdated.into_iter();
                prepared.retain(|_| outdated.next() == Some(true));
                if prepared.is_empty() {
                    break;
                }
            }
            // The catalog has changed: everything derived from it is computed again.
            self.catalog.forget(version);
            open = prepared.into_iter().map(|(index, ready)| (index, (ready.request, ready.given))).collect();
        }
        let missing = || Err(Error::Damaged("the database returned no result for this request".to_owned()));
        answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
    }

    async fn answer(
        &self,
        effects: Effects,
        prepared: &[(usize, Prepared)],
        answers: &mut [Option<Result<Creation, Error>>],
    ) {
        for verdict in &effects.verdicts {
            if let Some((index, wanted)) = prepared.get(verdict.position) {
                let created = verdict.task_id == wanted.task_id;
                let creation = if created { Creation::Created } else { Creation::Duplicate };
                answers[*index] = Some(Ok(creation(verdict.task_id)));
                measure::creation(&wanted.release, created, wanted.given.is_some());
                if let Some(state) = verdict.task_state.filter(|state| created && state.is_at_rest()) {
                    self.measure_rest([(verdict.task_id, state, Some(Arc::clone(&wanted.release)))]).await;
                    self.announce(verdict.task_id, state);
                }
            }
        }
        self.dispatch(effects.ready).await;
    }

    /// Prepares a request. A rejection counts only if it is based on the current catalog.
    async fn prepare_current(&self, request: TaskRequest, given: Option<Vec<u8>>) -> Result<Prepared, Error> {
        match self.prepare(request.clone(), given.clone()).await {
            Err(Error::InvalidInput(_) | Error::InvalidRequest { .. }) if self.catalog.refresh().await? => {
                self.prepare(request, given).await
            }
            other => other,
        }
    }

    /// Checks a request without creating a task: its fields, its template, and its input. Returns the version of the template
    /// that the task would have.
    pub async fn check_request(&self, request: &TaskRequest) -> Result<String, Error> {
        request.check()?;
        self.catalog.refresh().await?;
        let (release, _) = self.catalog.resolve(&request.template_name()).await?;
        release.check_input(&request.context)?;
        identity(&release.template, request.idempotency_key.as_deref(), request.context.get())?;
        Ok(release.template.version.clone())
    }

    async fn prepare(&self, request: TaskRequest, given: Option<Vec<u8>>) -> Result<Prepared, Error> {
        request.check()?;
        let (release, catalog_version) = self.catalog.resolve(&request.template_name()).await?;
        release.check_input(&request.context)?;
        let identity = match &given {
            Some(identity) => Some(identity.clone()),
            None => identity(&release.template, request.idempotency_key.as_deref(), request.context.get())?,
        };
        let input = Payload::Inline(request.context.clone());
        let input = self.blobs.check_in(input, INLINE_PAYLOAD).await?;
        Ok(Prepared { task_id: Uuid::nil(), release, catalog_version, input, identity, given, request })
    }

    async fn insert(&self, version: i64, prepared: &[(usize, Prepared)]) -> Result<Effects, Error> {
        let requests: Vec<NewTask> = prepared.iter().map(|(_, ready)| NewTask::new(ready)).collect();
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.create_tasks($1, $2)"))
            .bind(version)
            .bind(requests)
            .fetch_all(&self.pool)
            .await?;
        Effects::read(&rows)
    }
}

/// Answers the requests without an answer, which could not be stored because the database failed. The first caller gets the
/// error itself, the others its message.
fn answer_failed(
    error: Error,
    prepared: &[(usize, Prepared)],
    answers: &mut [Option<Result<Creation, Error>>],
) {
    let message = error.to_string();
    let mut first = Some(error);
    for (index, _) in prepared.iter().filter(|(index, _)| answers[*index].is_none()).collect::<Vec<_>>() {
        answers[*index] = Some(Err(first.take().unwrap_or_else(|| Error::Damaged(message.clone()))));
    }
}

/// `tasker_f.new_task`: a validated request for the database, with the fields in that type's order.
struct NewTask {
    task_id: Uuid,
    release_id: Uuid,
    priority: i16,
    input: Option<String>,
    input_blob: Option<String>,
    identity: Option<Vec<u8>>,
    initiator: Option<String>,
    source_system: Option<String>,
    reason: Option<String>,
    tags: Vec<String>,
    correlation_id: String,
    parent_correlation_id: Option<String>,
    traceparent: Option<String>,
    labels: Vec<String>,
}

composite!(NewTask, "tasker_f.new_task", { task_id, release_id, priority, input, input_blob, identity, initiator, source_system, reason, tags, correlation_id, parent_correlation_id, traceparent, labels });

impl NewTask {
    fn new(prepared: &Prepared) -> Self {
        let request = &prepared.request;
        let (input, input_blob) = columns(&prepared.input);
        Self {
            task_id: prepared.task_id,
            release_id: prepared.release.id,
            priority: request.priority,
            input,
            input_blob,
            identity: prepared.identity.clone(),
            initiator: request.initiator.clone(),
            source_system: request.source_system.clone(),
            reason: request.reason.clone(),
            tags: request.tags.clone(),
            correlation_id: request.correlation_id.clone().unwrap_or_else(|| prepared.task_id.to_string()),
            parent_correlation_id: request.parent_correlation_id.clone(),
            traceparent: request.traceparent.clone(),
            labels: labels_of(prepared),
        }
    }
}

/// What a task is found by. A correlation id that nobody gave is the task's own id.
fn labels_of(Prepared { request, release, .. }: &Prepared) -> Vec<String> {
    let mut found: Vec<String> = request.tags.iter().map(|tag| labels::tag(tag)).collect();
    found.extend(request.correlation_id.as_deref().map(labels::correlation_id));
    found.extend(request.parent_correlation_id.as_deref().map(labels::parent_correlation_id));
    found.extend(request.initiator.as_deref().map(labels::initiator));
    found.extend(request.source_system.as_deref().map(labels::source_system));
    found.extend(labels::of_input(&release.template.search_attributes, &request.context));
    found
}
