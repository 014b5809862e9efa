//! A pool that hands out the connection that was used last.
//!
//! A backend of PostgreSQL keeps its own plans and catalog, and the processor's caches keep what it touched last: a
//! statement on a backend that has just run it takes a fraction of the time. sqlx hands out the connection that has been
//! idle for longest, and tests every connection that returns, because its statement may have been dropped halfway. Here a
//! connection whose statement has finished is kept at hand, untested. All others return to sqlx.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{
    StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Connection, Either, Error, Execute, Executor, PgPool, PgTransaction, Postgres, SqlStr, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::sync::Notify;

use crate::{connect::TRUSTED_IDLE, login::Login};

/// How long a connection is kept at hand before it returns to sqlx, which replaces old connections.
const AT_HAND: Duration = Duration::from_secs(60);

/// The maximum number of connections for queries.
const FOR_QUERIES: u32 = 4;

/// A pool of connections. Cheap to clone. Statements take a reference, as with sqlx's own pool.
#[derive(Clone)]
pub struct Pool {
    connections: PgPool,
    login: Option<Arc<dyn Login>>,
    /// None for a pool that leaves its connections to sqlx.
    at_hand: Option<Arc<AtHand>>,
}

/// The connections between two statements, the one used last at the end.
#[derive(Debug, Default)]
struct AtHand {
    connections: Mutex<Vec<InUse>>,
    /// Notified when a connection is returned while a caller waits.
    returned: Notify,
}

#[derive(Debug)]
struct InUse {
    connection: PoolConnection<Postgres>,
    /// When it was taken from sqlx.
    acquired: Instant,
    used: Instant,
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("at_hand", &self.at_hand).finish_non_exhaustive()
    }
}

/// A pool whose connections others use too: it keeps none at hand.
impl From<PgPool> for Pool {
    fn from(pool: PgPool) -> Self {
        Self { connections: pool, login: None, at_hand: None }
    }
}

impl Pool {
    /// A pool of these connections, which nobody else may use. `login` returns the new password after a rotation.
    pub fn new(pool: PgPool, login: Option<Arc<dyn Login>>) -> Self {
        Self { connections: pool, login, at_hand: Some(Arc::default()) }
    }

    /// Returns a pool for queries beside this one, so that whoever reads much never keeps a connection from the events on
    /// tasks. A pool of one connection serves both.
    #[must_use]
    pub fn for_queries(&self) -> Self {
        if self.connections.options().get_max_connections() == 1 {
            return self.clone();
        }
        let options = self.connections.options().clone().min_connections(0).max_connections(FOR_QUERIES);
        let connections = options.connect_lazy_with(self.connect_options());
        Self { connections, login: self.login.clone(), at_hand: None }
    }

    /// Takes a connection for several statements. Boxed to keep the futures of callers small.
    pub fn acquire(&self) -> BoxFuture<'_, Result<PoolConnection<Postgres>, Error>> {
        Box::pin(async move { Ok(self.take().await?.connection) })
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin(&self) -> Result<PgTransaction<'static>, Error> {
        Transaction::begin(self.acquire().await?, None).await
    }

    /// Opens a connection of its own that listens for notifications.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn listener(&self) -> Result<PgListener, Error> {
        let one = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        PgListener::connect_with(&one.connect_lazy_with(self.connect_options())).await
    }

    /// Returns the options that connections are opened with.
    pub fn connect_options(&self) -> PgConnectOptions {
        (*self.connections.connect_options()).clone()
    }

    async fn take(&self) -> Result<InUse, Error> {
        let Some(at_hand) = &self.at_hand else { return self.take_from_pool().await };
        loop {
            let last = at_hand.lock().pop();
            if let Some(mut last) = last {
                if last.is_well(self.connections.options().get_acquire_timeout()).await {
                    return Ok(last);
                }
                // Dropped without sqlx, which would test it again and perhaps wait for a dead server.
                drop(last.connection.detach());
                continue;
            }
            tokio::select! {
                biased;
                () = at_hand.returned.notified() => {}
                taken = self.take_from_pool() => return taken,
            }
        }
    }

    async fn take_from_pool(&self) -> Result<InUse, Error> {
        let connection = match (self.connections.acquire().await, &self.login) {
            (Err(refused), Some(login)) if is_password_refused(&refused) => {
                tracing::info!("the database rejected the password; reading it again");
                self.connections.set_connect_options(login.renewed().await.map_err(Error::Configuration)?);
                self.connections.acquire().await?
            }
            (acquired, _) => acquired?,
        };
        let now = Instant::now();
        Ok(InUse { connection, acquired: now, used: now })
    }

    /// Call this when a statement has finished, but not if it failed or was dropped.
    fn put_back(&self, done: InUse) {
        let Some(at_hand) = &self.at_hand else { return };
        let mut connections = at_hand.lock();
        // The first is the one that was needed least.
        let is_idle = connections.first().is_some_and(|first| first.used.elapsed() >= AT_HAND);
        let idle = is_idle.then(|| connections.remove(0));
        let old = if done.acquired.elapsed() < AT_HAND {
            connections.push(InUse { used: Instant::now(), ..done });
            None
        } else {
            Some(done)
        };
        drop(connections);
        at_hand.returned.notify_one();
        drop((idle, old));
    }
}

/// PostgreSQL's `invalid_password`, and `invalid_authorization_specification` for a role that does not exist.
fn is_password_refused(error: &Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("28P01" | "28000"))
}

impl InUse {
    /// Returns whether the connection works. It may have died while the process was frozen.
    async fn is_well(&mut self, patience: Duration) -> bool {
        self.used.elapsed() < TRUSTED_IDLE
            || matches!(tokio::time::timeout(patience, self.connection.ping()).await, Ok(Ok(())))
    }
}

impl AtHand {
    fn lock(&self) -> MutexGuard<'_, Vec<InUse>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AtHand {
    fn drop(&mut self) {
        // Returning them to the pool would need a runtime, which may have ended.
        for last in self.lock().drain(..) {
            drop(last.connection.detach());
        }
    }
}

impl<'c> Executor<'c> for &Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.at_hand.is_none() {
            return self.connections.fetch_many(query);
        }
        let pool = self.clone();
        let answers = async move {
            let mut taken = pool.take().await?;
            let answers: Vec<_> = taken.connection.fetch_many(query).try_collect().await?;
            pool.put_back(taken);
            Ok::<_, Error>(stream::iter(answers.into_iter().map(Ok)))
        };
        stream::once(answers).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.at_hand.is_none() {
            return self.connections.fetch_optional(query);
        }
        let pool = self.clone();
        Box::pin(async move {
            let mut taken = pool.take().await?;
            let row = taken.connection.fetch_optional(query).await?;
            pool.put_back(taken);
            Ok(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        let pool = self.clone();
        Box::pin(async move { pool.acquire().await?.prepare_with(sql, parameters).await })
    }
}
