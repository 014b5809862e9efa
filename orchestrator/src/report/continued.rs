//! Reports of steps that a host went on with, without a message from the orchestrator. They count after the report of the step
//! before, which may be in the same batch or arrive later.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{apply::Applied, ended::Ended};
use crate::{
    database::{columns::arrays, set::sql},
    effect::Effects,
    engine::Engine,
    error::Error,
};

/// How long to wait for the report of the step before, which another loop may be applying.
const EARLY_WAITS: [Duration; 3] =
    [Duration::from_millis(1), Duration::from_millis(3), Duration::from_millis(8)];

/// How a report stands that did not count.
enum Standing {
    /// The report of the step before is still to come.
    Early,
    /// It has come in the meantime.
    Due,
    /// Another end of the step before counted.
    Refused,
}

/// Returns in which round each report is to be applied: a step after the step before it, if the batch reports both.
fn rounds(ended: &[Ended]) -> Vec<usize> {
    let mut rounds = vec![0; ended.len()];
    let key = |one: &Ended, step: u32| (one.task_id, step, one.execution);
    let by_step: HashMap<(Uuid, u32, u32), usize> =
        ended.iter().enumerate().map(|(position, one)| (key(one, one.step_index), position)).collect();
    let before = |position: usize| {
        let one = &ended[position];
        by_step.get(&key(one, one.after?.step_index)).copied().filter(|&before| before != position)
    };
    for (position, round) in rounds.iter_mut().enumerate() {
        let mut step = position;
        // A report that lies may close a circle.
        while let Some(earlier) = before(step).filter(|_| *round < ended.len()) {
            step = earlier;
            *round += 1;
        }
    }
    rounds
}

impl Engine {
    /// Ends attempts, those that a host went on with after the attempts before. Returns the positions of those to end again
    /// later.
    pub(super) async fn end_in_order(&self, ended: Vec<Ended>) -> Result<(Applied, Vec<usize>), Error> {
        if ended.iter().all(|one| one.after.is_none()) {
            return Ok((self.end_attempts(&ended).await?.0, Vec::new()));
        }
        let rounds = rounds(&ended);
        let mut ended: Vec<(usize, Ended)> = ended.into_iter().enumerate().collect();
        let (mut applied, mut early) = (Applied::default(), Vec::new());
        for round in 0..=rounds.iter().copied().max().unwrap_or(0) {
            let of_round = ended.extract_if(.., |(position, _)| rounds[*position] == round);
            let (positions, ends): (Vec<usize>, Vec<Ended>) = of_round.unzip();
            let (result, counted) = self.end_attempts(&ends).await?;
            applied.ended += result.ended;
            applied.stale += result.stale;
            let counted: HashSet<(Uuid, u32, u32)> = counted.into_iter().collect();
            let is_early = |one: &Ended| one.after.is_some() && !counted.contains(&key(one));
            early.extend(positions.into_iter().zip(ends).filter(|(_, one)| is_early(one)));
        }
        let mut waits = EARLY_WAITS.into_iter();
        while !early.is_empty() {
            let (mut due, mut waiting, mut refused) = (Vec::new(), Vec::new(), Vec::new());
            for (position, standing) in self.standing(early.iter().map(|(_, one)| one)).await? {
                let one = early[position].clone();
                match standing {
                    Standing::Early => waiting.push(one),
                    Standing::Due => due.push(one.1),
                    Standing::Refused => refused.push(one.1),
                }
            }
            let (result, _) = self.end_attempts(&due).await?;
            applied.ended += result.ended;
            applied.stale -= result.ended;
            self.run_refused(&refused).await?;
            early = waiting;
            let Some(wait) = waits.next().filter(|_| !early.is_empty()) else { break };
            tokio::time::sleep(wait).await;
        }
        applied.early = early.len();
        applied.stale -= early.len();
        Ok((applied, early.into_iter().map(|(position, _)| position).collect()))
    }

    /// Returns how those of these reports stand that are not over, by their position. None of them counted.
    async fn standing(
        &self,
        reports: impl Iterator<Item = &Ended> + Clone,
    ) -> Result<Vec<(usize, Standing)>, Error> {
        let (after, ends): (Vec<Option<i32>>, Vec<Option<DateTime<Utc>>>) = reports
            .clone()
            .map(|one| one.after.map(|after| (after.step_index.cast_signed(), after.finished_at)).unzip())
            .unzip();
        let actors: Vec<String> = reports.clone().map(|one| one.actor.clone()).collect();
        let (tasks, steps, executions) = arrays(reports.map(key));
        let rows: Vec<(i64, String)> =
            sqlx::query_as(sql!("SELECT * FROM tasker_f.standing($1, $2, $3, $4, $5, $6)"))
                .bind(tasks)
                .bind(steps)
                .bind(executions)
                .bind(actors)
                .bind(after)
                .bind(ends)
                .fetch_all(&self.pool)
                .await?;
        let standing = |(ordinal, name): (i64, String)| {
            let standing = match name.as_str() {
                "early" => Standing::Early,
                "due" => Standing::Due,
                "refused" => Standing::Refused,
                other => return Err(Error::Damaged(format!("the unknown standing `{other}` of a report"))),
            };
            Ok(((ordinal - 1).max(0) as usize, standing))
        };
        rows.into_iter().map(standing).collect()
    }

    /// Runs steps again that a host ran on a result that does not count.
    async fn run_refused(&self, refused: &[Ended]) -> Result<(), Error> {
        if refused.is_empty() {
            return Ok(());
        }
        let (tasks, steps, executions) = arrays(refused.iter().map(key));
        let rows = sqlx::query(sql!("SELECT * FROM tasker_f.run_again($1, $2, $3, $4, $5)"))
            .bind(tasks)
            .bind(steps)
            .bind(executions)
            .bind("report_refused")
            .bind("a host ran the step on a result that does not count; the attempt runs again")
            .fetch_all(&self.pool)
            .await?;
        self.follow(Effects::read(&rows)?).await;
        Ok(())
    }
}

fn key(one: &Ended) -> (Uuid, u32, u32) {
    (one.task_id, one.step_index, one.execution)
}
