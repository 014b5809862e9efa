//! Shared by the test suites: separate databases, an AWS emulator and an OpenID provider, which live as long as the test
//! process, and a counter of executions.
#![forbid(unsafe_code)]

mod counter;
mod emulator;
mod openid;
mod promtool;

pub use counter::Counter;
pub use emulator::{aws_tools, emulator, kill_function, strict_emulator};
pub use openid::{CLIENT_ID, CLIENT_SECRET, OpenIdProvider};
pub use promtool::promtool;
pub use tasker_orchestrator::FUNCTION_SET;

use std::{
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
};

use sqlx::{Connection, PgConnection, PgPool, postgres::PgConnectOptions};
use tasker_local_postgres::{Durability, LocalPostgres};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The template of all test databases.
const MIGRATED: &str = "migrated";

struct Server {
    postgres: LocalPostgres,
    _folder: TempDir,
    _cleaner: std::process::Child,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("tasker-test-").tempdir().expect("a temporary folder");
        let server = LocalPostgres::start(folder.path(), Durability::None).expect("PostgreSQL starts");
        Server { postgres: server, _cleaner: clean_up_after_us(folder.path()), _folder: folder }
    })
}

/// Statics are never dropped, so a shell waits for the end of a pipe that only this process holds, then for
/// the server's end, and removes the folder.
fn clean_up_after_us(folder: &Path) -> std::process::Child {
    const WHEN_WE_ARE_GONE: &str = r#"cat >/dev/null; tries=300
        while [ -e "$0/postgres/data/postmaster.pid" ] && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
        rm -rf "$0""#;
    Command::new("/bin/sh")
        .args(["-c", WHEN_WE_ARE_GONE])
        .arg(folder)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell starts")
}

/// The options to connect to a database of the server.
fn options(database: &str) -> PgConnectOptions {
    server().postgres.url().parse::<PgConnectOptions>().expect("the server's URL is one").database(database)
}

/// A new database with Tasker's schema.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    name: String,
    /// Connections as the database's owner.
    pub pool: PgPool,
}

impl TestDatabase {
    /// Creates a database. The first call starts the server.
    pub async fn new() -> Self {
        static TEMPLATE: OnceCell<()> = OnceCell::const_new();
        TEMPLATE.get_or_init(make_template).await;
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        administer(&format!("CREATE DATABASE {name} TEMPLATE {MIGRATED}")).await;
        let pool = tasker_pool::connect(options(&name), 10);
        Self { name, pool }
    }

    /// Creates an empty database.
    pub async fn empty() -> Self {
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        administer(&format!("CREATE DATABASE {name}")).await;
        let pool = tasker_pool::connect(options(&name), 10);
        Self { name, pool }
    }

    /// Makes one from the statements of a dump.
    pub async fn restored(dump: &str) -> Self {
        let database = Self::empty().await;
        // A connection of its own: a dump changes settings of its session.
        let mut connection =
            PgConnection::connect_with(&options(&database.name)).await.expect("a connection");
        sqlx::raw_sql(sqlx::AssertSqlSafe(dump.to_owned()))
            .execute(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("the dump cannot be restored: {error}"));
        connection.close().await.expect("it closes");
        database
    }

    /// The URL of the database: `postgres://...`.
    pub fn url(&self) -> String {
        let url = server().postgres.url();
        let (server, _) = url.rsplit_once('/').expect("the URL names a database");
        format!("{server}/{}", self.name)
    }

    /// Connections as another role, a member of `member_of`. Creates the role if it is missing.
    pub async fn pool_as(&self, role: &str, member_of: &str) -> PgPool {
        administer(&format!(
            "DO $$ BEGIN CREATE ROLE {role} LOGIN PASSWORD 'secret' IN ROLE {member_of};
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        ))
        .await;
        tasker_pool::connect(options(&self.name).username(role).password("secret"), 5)
    }
}

async fn make_template() {
    administer(&format!("CREATE DATABASE {MIGRATED}")).await;
    let pool = tasker_pool::connect(options(MIGRATED), 1);
    tasker_orchestrator::migrate(&pool, tasker_orchestrator::Newer::IsRefused)
        .await
        .expect("the migrations run");
    // A database with open connections cannot be copied.
    pool.close().await;
}

async fn administer(statement: &str) {
    // Copying a database requires that nobody uses it, so a concurrent copy can be in the way.
    for _ in 0..200 {
        let mut connection =
            PgConnection::connect_with(&options("postgres")).await.expect("the server takes connections");
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await;
        match done {
            Ok(_) => return,
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "55006") => {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            Err(error) => panic!("{statement}: {error}"),
        }
    }
    panic!("{statement}: the database to copy stayed in use");
}
