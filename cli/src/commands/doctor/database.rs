//! The database: whether it can be used, and how it is set.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{ConnectOptions, Connection, PgConnection, Row, postgres::PgConnectOptions};
use tasker_local_postgres::LocalPostgres;
use tasker_orchestrator::newest_migration;

use super::finding::{Area, Finding};
use crate::config::ProjectConfig;

const PATIENCE: Duration = Duration::from_secs(5);
/// The oldest PostgreSQL that is supported.
const OLDEST: i32 = 150_000;
/// What a process needs beside its pool, at most: listeners and a login.
const BESIDE_THE_POOL: i32 = 5;
/// From this difference on, tokens and schedules are noticeably wrong.
const SKEW: TimeDelta = TimeDelta::seconds(2);
/// A transaction that is open for so long delays streams, metrics and analytics, and keeps dead rows.
const LONG_TRANSACTION: f64 = 60.0;
/// The age of transaction ids from which on vacuums must have got behind.
const OLD_IDS: i64 = 1_000_000_000;

pub(super) async fn look(project: &ProjectConfig) -> Vec<Finding> {
    let mut area = Area::new("database");
    let url = match project.config.database.url.as_str() {
        "" => LocalPostgres::url_of_running(&project.state_dir()),
        url => Some(url.to_owned()),
    };
    let Some(url) = url else {
        area.skipped(
            "none is configured, and no `tasker dev` runs in this project",
            "start `tasker dev`, or set DATABASE_URL",
        );
        return area.into_findings();
    };
    match connect(&url).await {
        Ok(mut connection) => {
            if let Err(error) = examine(&mut area, project, &mut connection).await {
                area.error(format!("it does not say how it is set: {error}"), "see its log");
            }
            let _ = connection.close().await;
        }
        Err(error) => area.error(
            format!("it cannot be used: {error}"),
            "check that PostgreSQL runs, and the host, the port, the user and the password of `database.url`",
        ),
    }
    area.into_findings()
}

async fn connect(url: &str) -> Result<PgConnection, String> {
    let options: PgConnectOptions =
        url.parse().map_err(|error| format!("`database.url` is not usable: {error}"))?;
    match tokio::time::timeout(PATIENCE, options.connect()).await {
        Ok(connected) => connected.map_err(|error| error.to_string()),
        Err(_) => Err(format!("it did not answer within {PATIENCE:?}")),
    }
}

async fn examine(
    area: &mut Area,
    project: &ProjectConfig,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let before = Utc::now();
    let row = sqlx::query(
        "SELECT current_setting('server_version_num')::int4 AS version, current_setting('server_version') AS named,
             current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
             current_setting('autovacuum') AS autovacuum, current_setting('track_counts') AS track_counts,
             current_setting('synchronous_commit') AS synchronous_commit,
             current_setting('max_connections')::int4 AS max_connections,
             (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int4 AS connections,
             pg_is_in_recovery() AS is_standby, clock_timestamp() AS now,
             (SELECT max(extract(epoch FROM now() - xact_start))::float8 FROM pg_stat_activity
                  WHERE state <> 'idle' AND pid <> pg_backend_pid()) AS longest,
             (SELECT age(datfrozenxid)::int8 FROM pg_database WHERE datname = current_database()) AS age,
             to_regclass('public._sqlx_migrations') IS NOT NULL AS is_prepared",
    )
    .fetch_one(&mut *connection)
    .await?;
    let took = Utc::now() - before;
    let text = |name: &str| row.try_get::<String, _>(name);
    let (version, named): (i32, String) = (row.try_get("version")?, text("named")?);
    if version < OLDEST {
        area.error(format!("PostgreSQL {named} is too old"), "use PostgreSQL 15 or later");
    } else {
        area.ok(format!("PostgreSQL {named} answers in {} ms", took.num_milliseconds()));
    }
    if row.try_get("is_standby")? {
        area.error("it is a standby, which takes no writes", "name the primary in `database.url`");
    }
    for (name, consequence) in [
        ("fsync", "a crash of the machine may destroy the database"),
        ("full_page_writes", "a crash of the machine may destroy the database"),
        ("autovacuum", "tables grow without end, and plans get worse"),
        ("track_counts", "autovacuum does not run"),
    ] {
        if text(name)? == "off" {
            area.error(
                format!("`{name}` is off: {consequence}"),
                format!("ALTER SYSTEM SET {name} = on, and reload"),
            );
        }
    }
    if text("synchronous_commit")? == "off" {
        area.warning(
            "`synchronous_commit` is off: a crash of the machine loses the last commits, and steps run again",
            "ALTER SYSTEM SET synchronous_commit = on, unless you want that",
        );
    }
    connections(area, project, row.try_get("max_connections")?, row.try_get("connections")?);
    let now: DateTime<Utc> = row.try_get("now")?;
    let skew = (now - (before + took / 2)).abs() - took / 2;
    if skew > SKEW {
        area.warning(
            format!(
                "its clock and this machine's differ by {:.1} s",
                skew.num_milliseconds() as f64 / 1000.0
            ),
            "let both keep time by NTP: leases, retries and tokens depend on it",
        );
    }
    let longest: Option<f64> = row.try_get("longest")?;
    if let Some(longest) = longest.filter(|longest| *longest > LONG_TRANSACTION) {
        area.warning(
            format!("a transaction has been open for {longest:.0} s"),
            "end it (see pg_stat_activity): until then streams and metrics lag, and dead rows stay",
        );
    }
    let age: i64 = row.try_get("age")?;
    if age > OLD_IDS {
        area.error(
            format!("its oldest transaction id is {age} transactions old; at 2,000,000,000 it stops accepting writes"),
            "run VACUUM (FREEZE), and see why autovacuum does not: an old replication slot or prepared transaction?",
        );
    }
    if !row.try_get("is_prepared")? {
        area.warning(
            "it has no tables of Tasker yet",
            "start `tasker serve` or `tasker publish`: they prepare it",
        );
        return Ok(());
    }
    migrations(area, connection).await
}

fn connections(area: &mut Area, project: &ProjectConfig, most: i32, open: i32) {
    let own = i32::try_from(project.config.database.max_connections).unwrap_or(i32::MAX);
    if own.saturating_add(BESIDE_THE_POOL) > most {
        area.error(
            format!("a server opens up to {own} connections, and PostgreSQL allows {most}"),
            "lower `database.max_connections`, or raise PostgreSQL's `max_connections`",
        );
    } else if open.saturating_mul(10) > most.saturating_mul(9) {
        area.warning(
            format!("{open} of its {most} connections are in use"),
            "raise PostgreSQL's `max_connections`, or lower `database.max_connections` of each process",
        );
    } else {
        area.ok(format!("{open} of its {most} connections are in use"));
    }
}

async fn migrations(area: &mut Area, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let failed: Option<i64> =
        sqlx::query_scalar("SELECT min(version) FROM public._sqlx_migrations WHERE NOT success")
            .fetch_one(&mut *connection)
            .await?;
    if let Some(version) = failed {
        area.error(
            format!("the migration {version} stopped in the middle"),
            format!("start `tasker serve` to run it again; if that fails, see its message, mend the cause, and DELETE FROM \
                 public._sqlx_migrations WHERE version = {version}"),
        );
    }
    let at: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM public._sqlx_migrations")
        .fetch_one(&mut *connection)
        .await?;
    let (at, own) = (at.unwrap_or(0), newest_migration());
    match at.cmp(&own) {
        std::cmp::Ordering::Less => area.warning(
            format!("its tables are those of an earlier release ({at} of {own} migrations)"),
            "start `tasker serve` of this release: it brings them up to date",
        ),
        std::cmp::Ordering::Equal => {
            area.ok(format!("its tables are those of this release ({at} migrations)"));
        }
        std::cmp::Ordering::Greater => area.warning(
            format!("its tables are those of a later release ({at} migrations, this program knows {own})"),
            "use the later release of this program",
        ),
    }
    Ok(())
}
