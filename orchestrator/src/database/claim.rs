//! Claims a database, for one process or for processes of one kind.

use std::time::Duration;

use sqlx::PgConnection;
use tasker_pool::Pool;

use crate::error::Error;

/// The key of the advisory lock on a database: the bytes of `tasker`.
const CLAIM: i64 = 0x7461_736b_6572;
/// How often a claim is tried before it fails. The server may notice the death of a previous process late.
const CLAIM_TRIES: u32 = 20;

/// Claims a database until the connection is closed. `alone` excludes all others: an orchestrator with queues in
/// memory takes over every step that is in flight. Otherwise other shared claims are possible.
pub async fn claim(pool: &Pool, alone: bool) -> Result<PgConnection, Error> {
    let lock = if alone { "pg_try_advisory_lock" } else { "pg_try_advisory_lock_shared" };
    for _ in 0..CLAIM_TRIES {
        let mut connection = pool.acquire().await?.detach();
        let claimed: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT {lock}($1)")))
            .bind(CLAIM)
            .fetch_one(&mut connection)
            .await?;
        if claimed {
            return Ok(connection);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(Error::DatabaseInUse)
}
