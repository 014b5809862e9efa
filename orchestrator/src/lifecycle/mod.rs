//! The limits on how long a task may take, and what happens when it exceeds one.

use crate::{database::set::sql, effect::Effects, engine::Engine, error::Error};

/// How many tasks one call checks.
const BATCH: i32 = 1000;

impl Engine {
    /// Applies the lifecycle of tasks that have exceeded a limit. Returns how many were ended.
    pub(crate) async fn enforce_lifecycle(&self) -> Result<usize, Error> {
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.enforce_lifecycle($1)"))
            .bind(BATCH)
            .fetch_all(&self.pool)
            .await?;
        let effects = Effects::read(&rows)?;
        let failed = effects.tasks.len();
        self.follow(effects).await;
        Ok(failed)
    }
}
