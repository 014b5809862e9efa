//! Rights on the database: the owner migrates it, and a separate login is enough for everything else. (The other
//! tests use such a login.)

use sqlx::{PgPool, postgres::PgConnectOptions};
use tasker_orchestrator::{Error, LoginError, Newer, make_login, migrate};
use tasker_pool::connect;
use tasker_test_support::TestDatabase;

use crate::fixture::Fixture;

async fn administer(database: &TestDatabase, statement: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&database.pool).await.unwrap();
}

fn as_role(database: &TestDatabase, role: &str, password: &str) -> PgPool {
    let options: PgConnectOptions = database.url().parse().unwrap();
    connect(options.username(role).password(password), 1)
}

async fn refused(pool: &PgPool, statement: &'static str) -> String {
    sqlx::raw_sql(statement).execute(pool).await.expect_err(statement).to_string()
}

#[tokio::test]
async fn a_login_changes_tasks_and_no_table() {
    let database = TestDatabase::new().await;
    let mut role = String::new();
    for password in ["first", "it's $another$"] {
        role = make_login(&database.pool, password).await.unwrap();
        let error = as_role(&database, &role, "third").acquire().await.unwrap_err().to_string();
        assert!(error.contains("password authentication failed"), "{error}");
        let pool = as_role(&database, &role, password);
        sqlx::query("SELECT FROM tasker.tasks").execute(&pool).await.unwrap();
        for statement in [
            "CREATE TABLE tasker.mine ()",
            "CREATE TABLE public.mine ()",
            "ALTER TABLE tasker.tasks ADD COLUMN mine int",
            "CREATE FUNCTION tasker.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "TRUNCATE tasker.tasks CASCADE",
            "CREATE ROLE mine",
            "SELECT * FROM tasker_key_value.entries",
            "SELECT * FROM pgmq.q_tasker_steps",
        ] {
            let error = refused(&pool, statement).await;
            assert!(error.contains("permission denied") || error.contains("must be owner"), "{error}");
        }
    }
    // Neither the server's log nor its catalog contains the password.
    let kept: String = sqlx::query_scalar("SELECT rolpassword FROM pg_authid WHERE rolname = $1")
        .bind(&role)
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert!(kept.starts_with("SCRAM-SHA-256$4096:"), "{kept}");
}

#[tokio::test]
async fn a_login_is_for_one_database() {
    let (ours, theirs) = (TestDatabase::new().await, TestDatabase::new().await);
    let role = make_login(&ours.pool, "secret").await.unwrap();
    make_login(&theirs.pool, "secret").await.unwrap();
    let error = refused(&as_role(&theirs, &role, "secret"), "SELECT FROM tasker.tasks").await;
    assert!(error.contains("permission denied"), "{error}");
}

/// As on RDS, where no role is a superuser.
#[tokio::test]
async fn an_owner_that_may_make_roles_can_do_all_of_it() {
    let database = TestDatabase::empty().await;
    let owner = format!("owner_{}", uuid::Uuid::new_v4().simple());
    administer(&database, format!("CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD 'secret'")).await;
    administer(
        &database,
        format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO {owner}', current_database()); END $$"
        ),
    )
    .await;
    let pool = as_role(&database, &owner, "secret");
    migrate(&pool, Newer::IsRefused).await.unwrap();
    for _ in 0..2 {
        let role = make_login(&pool, "secret").await.unwrap();
        sqlx::query("SELECT FROM tasker.tasks").execute(&as_role(&database, &role, "secret")).await.unwrap();
    }
    // A role without the right to create roles gets an error.
    administer(&database, format!("ALTER ROLE {owner} NOCREATEROLE")).await;
    let error = make_login(&pool, "secret").await.unwrap_err();
    assert!(matches!(&error, LoginError::NotMade(_)), "{error}");
}

#[tokio::test]
async fn a_login_that_nobody_lets_in_is_told_of() {
    let database = TestDatabase::new().await;
    let role = make_login(&database.pool, "secret").await.unwrap();
    administer(&database, format!("ALTER ROLE {role} CONNECTION LIMIT 0")).await;
    let error = make_login(&database.pool, "secret").await.unwrap_err().to_string();
    assert!(error.contains(&role) && error.contains("use that role for all processes"), "{error}");
}

#[tokio::test]
async fn a_release_that_is_taken_back_leaves_the_schema_of_the_next() {
    let fixture = Fixture::with_pool_of_owner().await;
    administer(
        &fixture.database,
        "INSERT INTO public._sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'of the next release', true, '', 0)"
            .to_owned(),
    )
    .await;
    fixture.orchestrator.migrate().await.unwrap();
    // Outside deployments with rollbacks, a newer schema belongs to another build.
    assert!(matches!(migrate(&fixture.database.pool, Newer::IsRefused).await, Err(Error::ForeignSchema(_))));
}
