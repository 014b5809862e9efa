//! Upgrades every release's database to this build, and checks that the previous release still works on it.
//!
//! `releases/<version>/dump.sql` is the database of that release, filled with work of every kind and including its
//! function set. `releases/<version>/scenario.sql` calls that set as the release's processes did.

mod migrations;
mod structure;

use std::{fs, path::Path};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tasker_orchestrator::{FUNCTION_SET, Newer, Slice, migrate};
use tasker_test_support::TestDatabase;
use tasker_upgrade_tests::{ENDS, Installation};

/// A recorded release.
struct Release {
    version: String,
    dump: String,
    scenario: String,
}

fn releases() -> Vec<Release> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("releases");
    let read =
        |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut releases: Vec<Release> = fs::read_dir(&folder)
        .expect("the recorded releases")
        .map(|entry| {
            let path = entry.expect("a release").path();
            let version = path.file_name().expect("a name").to_string_lossy().into_owned();
            Release {
                version,
                dump: read(&path.join("dump.sql")),
                scenario: read(&path.join("scenario.sql")),
            }
        })
        .collect();
    releases.sort_by(|left, right| left.version.cmp(&right.version));
    assert!(!releases.is_empty(), "no release is recorded");
    releases
}

impl Release {
    /// Restores its database.
    async fn restored(&self) -> TestDatabase {
        // Roles belong to the server. The first migrated database of the test's server creates them.
        TestDatabase::new().await;
        TestDatabase::restored(&self.dump).await
    }

    /// Returns its function set, the only one in its database.
    async fn function_set(&self, database: &TestDatabase) -> String {
        let sets: Vec<String> = sqlx::query_scalar("SELECT name FROM tasker.function_sets WHERE name <> $1")
            .bind(FUNCTION_SET)
            .fetch_all(&database.pool)
            .await
            .unwrap();
        // Until its functions change, this build has the same set as the newest release.
        assert!(sets.len() <= 1, "{}: {sets:?}", self.version);
        sets.into_iter().next().unwrap_or_else(|| FUNCTION_SET.to_owned())
    }

    /// Runs its scenario with its own functions.
    async fn run_scenario(&self, database: &TestDatabase) {
        let set = self.function_set(database).await;
        let scenario = self.scenario.replace("tasker_f.", &format!("{set}."));
        let options = database.pool.connect_options();
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        let done = sqlx::raw_sql(AssertSqlSafe(scenario)).execute(&mut connection).await;
        assert!(done.is_ok(), "the functions of {} fail: {done:?}", self.version);
    }
}

/// Returns the number of rows of each table, except the lists of migrations and function sets.
async fn counts(database: &TestDatabase) -> Vec<(String, i64)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
         WHERE schemaname IN ('tasker', 'tasker_lease', 'tasker_key_value', 'pgmq') AND tablename <> 'function_sets'
         ORDER BY 1",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let mut counts = Vec::new();
    for table in tables {
        let count = format!("SELECT count(*) FROM {table}");
        counts
            .push((table, sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&database.pool).await.unwrap()));
    }
    counts
}

#[tokio::test]
async fn an_upgraded_database_is_as_a_fresh_one() {
    let fresh = structure::of(&TestDatabase::new().await).await;
    assert!(fresh.len() > 200, "only {} lines of structure", fresh.len());
    for release in releases() {
        let database = release.restored().await;
        migrate(&database.pool, Newer::IsRefused)
            .await
            .unwrap_or_else(|error| panic!("from {}: {error}", release.version));
        // Queues of subscriptions are not part of the schema.
        let drop_others =
            "SELECT pgmq.drop_queue(queue_name) FROM pgmq.meta WHERE queue_name NOT LIKE 'tasker_%'";
        sqlx::query(drop_others).execute(&database.pool).await.unwrap();
        let upgraded = structure::of(&database).await;
        let differences = structure::differences(&fresh, &upgraded);
        assert!(differences.is_empty(), "from {}:\n{}", release.version, differences.join("\n"));
    }
}

#[tokio::test]
async fn an_upgrade_loses_no_row_and_the_work_goes_on() {
    for release in releases() {
        let database = release.restored().await;
        let before = counts(&database).await;
        assert!(before.iter().filter(|(_, count)| *count > 0).count() > 15, "{before:?}");
        migrate(&database.pool, Newer::IsRefused).await.unwrap();
        let mut after = counts(&database).await;
        // A release may add tables.
        after.retain(|(table, _)| before.iter().any(|(known, _)| known == table));
        assert_eq!(after, before, "from {}", release.version);

        let installation = Installation::open(database);
        let paused: Vec<uuid::Uuid> =
            sqlx::query_scalar("SELECT task_id FROM tasker.tasks WHERE paused_at IS NOT NULL")
                .fetch_all(&installation.database.pool)
                .await
                .unwrap();
        assert_eq!(paused.len(), 1);
        let resume = tasker_orchestrator::TaskAction::Resume;
        installation.orchestrator.engine.operate_on_task(paused[0], &resume, "test", None).await.unwrap();
        // The hosts of the previous release have died: their messages become visible again, or the sweep sends the
        // steps again.
        expire_messages(&installation.database).await;
        installation.run_to_the_end().await;
        let ends: Vec<(String, String)> =
            ENDS.iter().map(|(name, state)| ((*name).to_owned(), (*state).to_owned())).collect();
        for (name, state) in installation.states().await.into_keys() {
            let ended = state == "cancelled" || ends.contains(&(name.clone(), state.clone()));
            assert!(ended, "from {}: a task of `{name}` stays {state}", release.version);
        }
        assert_eq!(installation.orchestrator.events.subscriptions(Slice::all()).await.unwrap().len(), 2);
    }
}

/// Expires the visibility of every message in flight and the lease of every running step.
async fn expire_messages(database: &TestDatabase) {
    for statement in [
        "UPDATE pgmq.q_tasker_steps SET vt = clock_timestamp()",
        "UPDATE tasker.steps SET wake_at = clock_timestamp() WHERE wake_at IS NOT NULL",
        "UPDATE tasker.steps SET next_retry_at = clock_timestamp() WHERE next_retry_at IS NOT NULL",
    ] {
        sqlx::query(statement).execute(&database.pool).await.unwrap();
    }
}

/// Expand, then contract: processes of the previous release run until the last of them is replaced.
#[tokio::test]
async fn the_release_before_works_beside_this_one() {
    for release in releases() {
        let database = release.restored().await;
        // First on the recorded database, to check the scenario itself.
        release.run_scenario(&database).await;
        // The migration waits for the events of its processes, and they for it.
        let (migrated, ()) =
            tokio::join!(migrate(&database.pool, Newer::IsRefused), release.run_scenario(&database));
        migrated.unwrap();
        let installation = Installation::open(database);
        installation.publish().await;
        for _ in 0..2 {
            release.run_scenario(&installation.database).await;
            installation.run_one_of_each().await;
        }
        // Each release can finish the work of the other.
        let handed_over = release.begin(&installation.database).await;
        expire_messages(&installation.database).await;
        installation.run_to_the_end().await;
        let state: String = sqlx::query_scalar("SELECT state FROM tasker.tasks WHERE task_id = $1")
            .bind(handed_over)
            .fetch_one(&installation.database.pool)
            .await
            .unwrap();
        assert_eq!(state, "complete", "{}", release.version);
        let ours = installation.create("linear").await;
        release.finish(&installation, ours).await;
    }
}

impl Release {
    /// Creates a task and completes its first step, with the functions of this release.
    async fn begin(&self, database: &TestDatabase) -> uuid::Uuid {
        sqlx::query_scalar("SELECT scenario.begin()").fetch_one(&database.pool).await.unwrap()
    }

    /// Completes the steps of a task of this build, with the functions of this release.
    async fn finish(&self, installation: &Installation, task: uuid::Uuid) {
        let state: String = sqlx::query_scalar("SELECT scenario.finish($1)")
            .bind(task)
            .fetch_one(&installation.database.pool)
            .await
            .unwrap();
        assert_eq!(state, "complete", "{}", self.version);
        let seen = installation.orchestrator.reader.task(task).await.unwrap();
        assert_eq!(seen.summary.status.as_str(), "complete");
    }
}
