//! The set of SQL functions of a build: one schema per set, beside the sets of other releases.

use sqlx::AssertSqlSafe;
use tasker_orchestrator::{Error, FUNCTION_SET, Newer, make_login, migrate};
use tasker_pool::connect;
use tasker_test_support::TestDatabase;

use crate::fixture::Fixture;

/// Creates a set of another release that was last used `days` days ago.
async fn add_set(database: &TestDatabase, name: &str, days: i32) {
    let statements = format!(
        "CREATE SCHEMA {name};
         CREATE FUNCTION {name}.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT clock_timestamp()';
         INSERT INTO tasker.function_sets (name, installed_at, last_used_at)
         VALUES ('{name}', clock_timestamp(), clock_timestamp() - interval '{days} days')"
    );
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&database.pool).await.unwrap();
}

async fn sets(database: &TestDatabase) -> Vec<String> {
    let schemas = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'tasker_f_%' ORDER BY nspname";
    let listed = "SELECT name FROM tasker.function_sets ORDER BY name";
    let schemas: Vec<String> = sqlx::query_scalar(schemas).fetch_all(&database.pool).await.unwrap();
    let listed: Vec<String> = sqlx::query_scalar(listed).fetch_all(&database.pool).await.unwrap();
    assert_eq!(schemas, listed, "a schema for every set that is listed, and no other");
    schemas
}

/// The installation does not check function bodies, because functions call each other in any order.
#[tokio::test]
async fn every_function_has_a_body_that_its_language_accepts() {
    let database = TestDatabase::new().await;
    let functions: Vec<(String, String)> = sqlx::query_as(
        "SELECT p.oid::regprocedure::text, format('SELECT %s(%s)', l.lanvalidator::regproc, p.oid)
         FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = $1::regnamespace",
    )
    .bind(FUNCTION_SET)
    .fetch_all(&database.pool)
    .await
    .unwrap();
    assert!(functions.len() > 40, "only {} functions", functions.len());
    for (function, check) in functions {
        let checked = sqlx::raw_sql(AssertSqlSafe(check)).execute(&database.pool).await;
        assert!(checked.is_ok(), "{function}: {checked:?}");
    }
}

/// Each release replaces the functions, so tables must not depend on them.
#[tokio::test]
async fn no_table_needs_a_function() {
    let database = TestDatabase::new().await;
    let dropped = format!("DROP SCHEMA {FUNCTION_SET} CASCADE");
    sqlx::raw_sql(AssertSqlSafe(dropped)).execute(&database.pool).await.unwrap();
    let left: Vec<String> = sqlx::query_scalar(
        "SELECT oid::regprocedure::text FROM pg_proc
         WHERE pronamespace = 'tasker'::regnamespace AND prorettype <> 'trigger'::regtype",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    assert_eq!(
        left,
        Vec::<String>::new(),
        "functions belong to a set; only the triggers of a migration are in the schema of the tables"
    );
    // The next migration installs it again, as on a fresh database.
    migrate(&database.pool, Newer::IsRefused).await.unwrap();
    assert_eq!(sets(&database).await, [FUNCTION_SET]);
}

#[tokio::test]
async fn the_sweep_drops_sets_that_nobody_has_used_for_a_week() {
    let fixture = Fixture::new().await;
    let (old, recent) = ("tasker_f_00000000000000aa", "tasker_f_00000000000000bb");
    add_set(&fixture.database, old, 8).await;
    add_set(&fixture.database, recent, 6).await;
    let used = "UPDATE tasker.function_sets SET last_used_at = clock_timestamp() - interval '30 days' WHERE name = $1";
    sqlx::query(used).bind(FUNCTION_SET).execute(&fixture.database.pool).await.unwrap();
    fixture.orchestrator.visit_all().await.unwrap();
    let mut expected = [FUNCTION_SET, recent];
    expected.sort_unstable();
    // The own set is in use, however long ago this was recorded.
    assert_eq!(sets(&fixture.database).await, expected);
}

#[tokio::test]
async fn the_login_of_the_functions_cannot_make_a_set_look_unused() {
    let database = TestDatabase::new().await;
    let role = make_login(&database.pool, "secret").await.unwrap();
    let options = (*database.pool.connect_options()).clone().username(&role).password("secret");
    let pool = connect(options, 1);
    let recent = "tasker_f_00000000000000bb";
    add_set(&database, recent, 6).await;
    for statement in
        ["UPDATE tasker.function_sets SET last_used_at = '-infinity'", "DELETE FROM tasker.function_sets"]
    {
        let refused = sqlx::raw_sql(statement).execute(&pool).await.unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{refused}");
    }
    // Neither by freezing its session's time, nor by shadowing names in its search path.
    let tricked = format!(
        "SET tasker.now = '2100-01-01'; SET search_path = pg_temp, public; SELECT {FUNCTION_SET}.retire_function_sets()"
    );
    sqlx::raw_sql(AssertSqlSafe(tricked)).execute(&pool).await.unwrap();
    assert!(sets(&database).await.contains(&recent.to_owned()));
}

#[tokio::test]
async fn a_process_whose_functions_are_gone_says_what_to_do() {
    let fixture = Fixture::with_pool_of_owner().await;
    let dropped = format!("DROP SCHEMA {FUNCTION_SET} CASCADE");
    sqlx::raw_sql(AssertSqlSafe(dropped)).execute(&fixture.database.pool).await.unwrap();
    let error = fixture.orchestrator.engine.sweep().await.unwrap_err();
    assert!(matches!(error, Error::FunctionsMissing), "{error}");
    assert!(error.to_string().contains(FUNCTION_SET) && error.to_string().contains("migrate"), "{error}");
    fixture.orchestrator.migrate().await.unwrap();
    fixture.orchestrator.engine.sweep().await.unwrap();
}
