//! The lifecycle limits of tasks, and the actions on tasks that exceed them.

use crate::{database::set::sql, effect::Effects, engine::Engine, error::Error};

/// How many tasks one call checks.
const BATCH: i32 = 1000;

impl Engine {
    /// Applies the lifecycle to tasks that have exceeded a limit. Returns how many tasks were ended.
    pub(crate) async fn enforce_lifecycle(&self) -> Result<usize, Error> {
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.enforce_lifecycle($1)"))
            .bind(BATCH)
            .fetch_all(&self.pool)
            .await?;
        let effects = Effects::read(&rows)?;
        let failed = effects.tasks.len();
        self.measure_rest(effects.tasks.iter().map(|&(task, state)| (task, state, None)).collect::<Vec<_>>())
            .await;
        self.follow(effects).await;
        Ok(failed)
    }
}
