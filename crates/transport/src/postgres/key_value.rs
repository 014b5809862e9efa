//! Buckets in PostgreSQL: one table with a row per key.

use std::collections::HashMap;

use async_trait::async_trait;
use tasker_pool::Pool;
use uuid::Uuid;

use crate::key_value::{
    BUCKET_BYTES, Entry, KEYS_PER_PAGE, KeyPage, KeyValueError, KeyValueStore, LONGEST_NUMBER,
    MAX_ANSWER_BYTES,
};

/// SQLSTATE of a numeric overflow.
const OUT_OF_RANGE: &str = "22003";

/// Buckets in PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresKeyValues {
    pool: Pool,
    quota: u64,
}

impl PostgresKeyValues {
    /// Buckets in a database that Tasker's migrations have prepared.
    pub fn new(pool: impl Into<Pool>) -> Self {
        Self { pool: pool.into(), quota: BUCKET_BYTES }
    }

    /// Limits each bucket to this number of bytes. Writers at the same moment may exceed it by what they write.
    #[must_use]
    pub fn with_quota(self, quota: u64) -> Self {
        Self { quota, ..self }
    }

    /// Returns the quota as PostgreSQL's type.
    fn quota(&self) -> i64 {
        self.quota.try_into().unwrap_or(i64::MAX)
    }

    fn full(&self) -> KeyValueError {
        KeyValueError::BucketFull { quota: self.quota }
    }
}

fn unavailable(error: sqlx::Error) -> KeyValueError {
    KeyValueError::Unavailable(Box::new(error))
}

#[async_trait]
impl KeyValueStore for PostgresKeyValues {
    async fn get(&self, bucket: &str, keys: &[String]) -> Result<HashMap<String, Entry>, KeyValueError> {
        let rows: Vec<(String, Option<Vec<u8>>, Uuid)> = sqlx::query_as(
            // `octet_length` does not read the values themselves.
            "SELECT key, CASE WHEN sum(octet_length(value)) OVER () <= $3 THEN value END, version
             FROM tasker_key_value.entries WHERE bucket = $1 AND key = ANY ($2)",
        )
        .bind(bucket)
        .bind(keys)
        .bind(MAX_ANSWER_BYTES as i64)
        .fetch_all(&self.pool)
        .await
        .map_err(unavailable)?;
        let entry = |(key, value, version): (String, Option<Vec<u8>>, Uuid)| {
            Ok((key, Entry { value: value.ok_or(KeyValueError::TooMuch)?, version }))
        };
        rows.into_iter().map(entry).collect()
    }

    async fn exists(&self, bucket: &str, key: &str) -> Result<bool, KeyValueError> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM tasker_key_value.entries WHERE bucket = $1 AND key = $2)",
        )
        .bind(bucket)
        .bind(key)
        .fetch_one(&self.pool)
        .await
        .map_err(unavailable)
    }

    async fn set(&self, bucket: &str, entries: Vec<(String, Vec<u8>)>) -> Result<(), KeyValueError> {
        if entries.is_empty() {
            return Ok(());
        }
        let (keys, values): (Vec<String>, Vec<Vec<u8>>) = entries.into_iter().unzip();
        let written = sqlx::query(
            // Ordered by key, so that concurrent writers of many keys cannot deadlock.
            "INSERT INTO tasker_key_value.entries (bucket, key, value)
             SELECT $1, key, value FROM unnest($2::text[], $3::bytea[]) AS given (key, value)
             WHERE tasker_key_value.fits($1, $2, $3, $4) ORDER BY key COLLATE \"C\"
             ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value, version = excluded.version",
        )
        .bind(bucket)
        .bind(keys)
        .bind(values)
        .bind(self.quota())
        .execute(&self.pool)
        .await
        .map_err(unavailable)?;
        if written.rows_affected() == 0 { Err(self.full()) } else { Ok(()) }
    }

    async fn delete(&self, bucket: &str, keys: &[String]) -> Result<(), KeyValueError> {
        sqlx::query(
            "DELETE FROM tasker_key_value.entries WHERE (bucket, key) IN (
                SELECT bucket, key FROM tasker_key_value.entries
                WHERE bucket = $1 AND key = ANY ($2) ORDER BY key FOR UPDATE)",
        )
        .bind(bucket)
        .bind(keys)
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(unavailable)
    }

    async fn keys(&self, bucket: &str, after: Option<&str>) -> Result<KeyPage, KeyValueError> {
        let mut keys: Vec<String> = sqlx::query_scalar(
            "SELECT key FROM tasker_key_value.entries WHERE bucket = $1 AND key > $2 ORDER BY key LIMIT $3",
        )
        .bind(bucket)
        .bind(after.unwrap_or_default())
        .bind(KEYS_PER_PAGE as i64 + 1)
        .fetch_all(&self.pool)
        .await
        .map_err(unavailable)?;
        let has_more = keys.len() > KEYS_PER_PAGE;
        keys.truncate(KEYS_PER_PAGE);
        Ok(KeyPage { keys, has_more })
    }

    async fn increment(&self, bucket: &str, key: &str, delta: i64) -> Result<i64, KeyValueError> {
        let summed: Result<(bool, Option<i64>), sqlx::Error> = sqlx::query_as(
            // `escape` converts any bytes to text; decoding as UTF-8 could fail. A key that is there may be counted in a
            // full bucket too.
            "WITH fits AS MATERIALIZED (
                 SELECT EXISTS (SELECT 1 FROM tasker_key_value.entries WHERE bucket = $1 AND key = $2)
                        OR tasker_key_value.fits($1, ARRAY[$2], ARRAY[$4::bytea], $5) AS ok),
             summed AS (
                 INSERT INTO tasker_key_value.entries AS e (bucket, key, value)
                 SELECT $1, $2, convert_to($3::bigint::text, 'UTF8') FROM fits WHERE ok
                 ON CONFLICT (bucket, key) DO UPDATE
                     SET value = convert_to((encode(e.value, 'escape')::bigint + $3)::text, 'UTF8'),
                         version = excluded.version
                 WHERE encode(e.value, 'escape') ~ '^-?[0-9]+$'
                 RETURNING convert_from(value, 'UTF8')::bigint AS sum)
             SELECT ok, sum FROM fits LEFT JOIN summed ON true",
        )
        .bind(bucket)
        .bind(key)
        .bind(delta)
        .bind(LONGEST_NUMBER)
        .bind(self.quota())
        .fetch_one(&self.pool)
        .await;
        match summed {
            Ok((_, Some(sum))) => Ok(sum),
            Ok((false, None)) => Err(self.full()),
            Ok((true, None)) => Err(KeyValueError::NotANumber { key: key.to_owned() }),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(OUT_OF_RANGE) => {
                Err(KeyValueError::Overflow { key: key.to_owned() })
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    async fn swap(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<Uuid>,
        value: Vec<u8>,
    ) -> Result<bool, KeyValueError> {
        let write = match expected {
            Some(_) => {
                "UPDATE tasker_key_value.entries SET value = $3, version = gen_random_uuid()
                 FROM fits WHERE ok AND bucket = $1 AND key = $2 AND version = $4"
            }
            None => {
                "INSERT INTO tasker_key_value.entries (bucket, key, value)
                 SELECT $1, $2, $3 FROM fits WHERE ok AND $4::uuid IS NULL ON CONFLICT (bucket, key) DO NOTHING"
            }
        };
        let statement = format!(
            "WITH found AS (SELECT version FROM tasker_key_value.entries WHERE bucket = $1 AND key = $2),
             fits AS MATERIALIZED (
                 SELECT tasker_key_value.fits($1, ARRAY[$2], ARRAY[$3::bytea], $5) AS ok,
                        (SELECT version FROM found) IS NOT DISTINCT FROM $4 AS is_expected),
             written AS ({write} RETURNING 1)
             SELECT ok OR NOT is_expected, EXISTS (SELECT 1 FROM written) FROM fits"
        );
        let (fits, is_written): (bool, bool) = sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(bucket)
            .bind(key)
            .bind(value)
            .bind(expected)
            .bind(self.quota())
            .fetch_one(&self.pool)
            .await
            .map_err(unavailable)?;
        if fits { Ok(is_written) } else { Err(self.full()) }
    }
}
