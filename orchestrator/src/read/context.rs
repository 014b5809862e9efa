//! The documents of a task: its input and the results of its steps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use sqlx::Row;
use tasker_protocol::{BlobReference, Payload};
use utoipa::ToSchema;
use uuid::Uuid;

use super::reader::{Reader, document};
use crate::{
    database::{
        columns::{optional_payload, payload, raw},
        set::sql,
    },
    error::Error,
};

/// The longest document that stands in the response itself, in bytes.
const LONGEST: u64 = 256 << 10;
/// The longest sum of those documents, in bytes. Further ones are omitted.
const LONGEST_SUM: u64 = 4 << 20;
/// The maximum number of results. A task may have a hundred thousand.
const MOST_RESULTS: i64 = 1000;

/// The input and the results of a task.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskContext {
    /// The task.
    pub task_id: Uuid,
    /// Its input.
    #[schema(value_type = Value)]
    pub input: Box<RawValue>,
    /// The result of each completed step, by its name. A long one is `{"$omitted": {"bytes", "href"}}`.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub results: BTreeMap<String, Box<RawValue>>,
    /// Whether there are more results than the first 1,000.
    pub is_truncated: bool,
}

/// In the place of a long document.
#[derive(Serialize)]
struct Omitted<'a> {
    #[serde(rename = "$omitted")]
    omitted: Place<'a>,
}

#[derive(Serialize)]
struct Place<'a> {
    bytes: u64,
    href: &'a str,
}

impl Reader {
    /// Returns the input and the results of a task. Long ones are omitted, with the path of the document alone.
    pub async fn context(&self, task: Uuid) -> Result<TaskContext, Error> {
        let mut left = LONGEST_SUM;
        // A long inline document stays in the database.
        let row = sqlx::query(
            "SELECT octet_length(input::text)::bigint AS bytes, input_blob::text AS blob,
                 CASE WHEN octet_length(input::text) <= $2 THEN input::text END AS inline
             FROM tasker.tasks WHERE task_id = $1",
        )
        .bind(task)
        .bind(LONGEST.cast_signed())
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Error::NoSuchTask(task))?;
        let input = self.fitting(&row, &format!("/v1/tasks/{task}/input"), &mut left).await?;
        let rows = sqlx::query(sql!(
            "SELECT tasker_f.step_name(d.name, s.worker_number) AS name, s.step_index,
                 octet_length(s.result::text)::bigint AS bytes, s.result_blob::text AS blob,
                 CASE WHEN octet_length(s.result::text) <= $2 THEN s.result::text END AS inline
             FROM tasker.steps s
             JOIN tasker.tasks t ON t.task_id = s.task_id
             JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = s.template_step
             WHERE s.task_id = $1 AND (s.result IS NOT NULL OR s.result_blob IS NOT NULL)
             ORDER BY s.step_index LIMIT $3"
        ))
        .bind(task)
        .bind(LONGEST.cast_signed())
        .bind(MOST_RESULTS + 1)
        .fetch_all(&self.pool)
        .await?;
        let most = usize::try_from(MOST_RESULTS).unwrap_or(usize::MAX);
        let is_truncated = rows.len() > most;
        let mut results = BTreeMap::new();
        for row in rows.iter().take(most) {
            let index: i32 = row.try_get("step_index")?;
            let href = format!("/v1/tasks/{task}/workflow_steps/{index}/result");
            results.insert(row.try_get("name")?, self.fitting(row, &href, &mut left).await?);
        }
        Ok(TaskContext { task_id: task, input, results, is_truncated })
    }

    /// Returns a document if it fits, and what stands in its place if not.
    async fn fitting(
        &self,
        row: &sqlx::postgres::PgRow,
        href: &str,
        left: &mut u64,
    ) -> Result<Box<RawValue>, Error> {
        let blob: Option<String> = row.try_get("blob")?;
        let reference: Option<BlobReference> = blob
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| Error::Damaged(format!("blob reference: {error}")))?;
        let inline_bytes: Option<i64> = row.try_get("bytes")?;
        let bytes = reference
            .as_ref()
            .map_or_else(|| inline_bytes.unwrap_or(0).unsigned_abs(), |reference| reference.size);
        if bytes > LONGEST.min(*left) {
            let omitted = Omitted { omitted: Place { bytes, href } };
            return to_raw_value(&omitted).map_err(|error| Error::Damaged(error.to_string()));
        }
        *left -= bytes;
        let inline: Option<String> = row.try_get("inline")?;
        match (reference, inline) {
            (Some(reference), _) => document(&self.blobs, Payload::Blob(reference)).await,
            (None, Some(text)) => raw(&text),
            (None, None) => Ok(RawValue::NULL.to_owned()),
        }
    }

    /// Returns the input of a task, whatever its length.
    pub async fn input(&self, task: Uuid) -> Result<Box<RawValue>, Error> {
        let row = sqlx::query(
            "SELECT input::text AS input, input_blob::text AS input_blob FROM tasker.tasks WHERE task_id = $1",
        )
        .bind(task)
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Error::NoSuchTask(task))?;
        document(&self.blobs, payload(row.try_get("input")?, row.try_get("input_blob")?)?).await
    }

    /// Returns the result of a step, given by name or number, whatever its length. None if it has none yet.
    pub async fn result(&self, task: Uuid, step: &str) -> Result<Option<Box<RawValue>>, Error> {
        let (index, _) = self.find_step(task, step).await?;
        let row = sqlx::query(
            "SELECT result::text AS result, result_blob::text AS result_blob FROM tasker.steps
             WHERE task_id = $1 AND step_index = $2",
        )
        .bind(task)
        .bind(index)
        .fetch_one(&self.pool)
        .await?;
        match optional_payload(row.try_get("result")?, row.try_get("result_blob")?)? {
            Some(payload) => document(&self.blobs, payload).await.map(Some),
            None => Ok(None),
        }
    }
}
