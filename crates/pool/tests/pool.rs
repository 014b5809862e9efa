//! The pool against a real server: it keeps to few backends, serves everyone, and survives the end of a connection.

use std::{collections::HashSet, time::Duration};

use futures_util::future::join_all;
use sqlx::{postgres::PgConnectOptions, query, query_scalar};
use tasker_pool::{Pool, connect};
use tasker_test_support::TestDatabase;

/// The number of connections.
const MOST: u32 = 4;

fn pool(database: &TestDatabase) -> Pool {
    let options: PgConnectOptions = database.url().parse().expect("the URL is valid");
    Pool::new(connect(options, MOST), None)
}

async fn backend(pool: &Pool) -> i32 {
    query_scalar("SELECT pg_backend_pid()").fetch_one(pool).await.expect("it responds")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_alone_keeps_to_one_backend() {
    let database = TestDatabase::new().await;
    let pool = pool(&database);
    let at_once = join_all((0..MOST).map(|_| query("SELECT pg_sleep(0.2)").execute(&pool))).await;
    assert!(at_once.iter().all(Result::is_ok), "{at_once:?}");
    let mut backends = HashSet::new();
    for _ in 0..50 {
        backends.insert(backend(&pool).await);
    }
    assert_eq!(backends.len(), 1, "of {MOST} connections, one is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_is_served_by_as_many_connections_as_allowed() {
    let database = TestDatabase::new().await;
    let pool = pool(&database);
    let backends = join_all((0..50).map(|_| async {
        query("SELECT pg_sleep(0.01)").execute(&pool).await.expect("it is served");
        backend(&pool).await
    }));
    let backends: HashSet<i32> = backends.await.into_iter().collect();
    assert!(backends.len() <= MOST as usize, "{backends:?}");
    // A transaction takes a connection as well, and gives it back.
    for _ in 0..10 {
        let mut transaction = pool.begin().await.expect("it begins");
        query("SELECT 1").execute(&mut *transaction).await.expect("it runs");
        transaction.commit().await.expect("it commits");
        backend(&pool).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_was_given_up_or_failed_spoils_no_other() {
    let database = TestDatabase::new().await;
    let pool = pool(&database);
    for _ in 0..2 * MOST {
        let endless = query("SELECT pg_sleep(0.1)").execute(&pool);
        assert!(tokio::time::timeout(Duration::from_millis(20), endless).await.is_err(), "it is given up");
        query("SELECT 1 / 0").execute(&pool).await.expect_err("it fails");
        assert_eq!(query_scalar::<_, i32>("SELECT 7").fetch_one(&pool).await.expect("it responds"), 7);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_ended_is_replaced() {
    let database = TestDatabase::new().await;
    let pool = pool(&database);
    let ended = backend(&pool).await;
    query("SELECT pg_terminate_backend($1)").bind(ended).execute(&database.pool).await.expect("it ends");
    // Longer than a connection is trusted.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_ne!(backend(&pool).await, ended);
}
