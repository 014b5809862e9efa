//! What health pages show: whether the database responds, and how many steps are open.

use std::collections::BTreeMap;

use super::reader::Reader;
use crate::error::Error;

impl Reader {
    /// Checks that the database responds.
    pub async fn check_database(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Returns the number of open steps by state, for health reports.
    pub async fn open_steps(&self) -> Result<BTreeMap<String, i64>, Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT state, count(*) FROM tasker.steps WHERE wake_at IS NOT NULL GROUP BY state ORDER BY state",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().collect())
    }
}
