//! The connection pool. A pool of one connection, as in a function, keeps it between statements.
//!
//! sqlx tests every connection that returns to its pool, because its statement may have been dropped halfway. With
//! one connection, the next statement waits for this round trip. A connection whose statement has finished needs no
//! test, so this pool keeps it; all others return to sqlx.

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
    postgres::{PgConnectOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::sync::Notify;

use super::{connect::TRUSTED_IDLE, login::Login};

/// How long a connection is kept before it returns to sqlx, which replaces old connections.
const AT_HAND: Duration = Duration::from_secs(60);

/// The maximum number of connections for queries.
const FOR_QUERIES: u32 = 4;

/// A pool of connections. Cheap to clone. Statements take a reference, as with sqlx's own pool.
#[derive(Clone)]
pub(crate) struct Pool {
    connections: PgPool,
    login: Option<Arc<dyn Login>>,
    /// None for a pool of several connections, which sqlx manages alone.
    place: Option<Arc<Place>>,
}

/// The connection between two statements.
#[derive(Debug, Default)]
struct Place {
    connection: Mutex<Option<InUse>>,
    /// Notified when the connection is returned while a caller waits.
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
        formatter.debug_struct("Pool").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Pool {
    pub(crate) fn new(pool: PgPool, login: Option<Arc<dyn Login>>) -> Self {
        let alone = pool.options().get_max_connections() == 1;
        Self { connections: pool, login, place: alone.then(Arc::default) }
    }

    /// Returns a pool for queries beside this one, so that whoever reads much never keeps a connection from the events on
    /// tasks. A pool of one connection serves both.
    pub(crate) fn for_queries(&self) -> Self {
        if self.place.is_some() {
            return self.clone();
        }
        let options = self.connections.options().clone().min_connections(0).max_connections(FOR_QUERIES);
        Self {
            connections: options.connect_lazy_with(self.connect_options()),
            login: self.login.clone(),
            place: None,
        }
    }

    /// Takes a connection for several statements. Boxed to keep the futures of callers small.
    pub(crate) fn acquire(&self) -> BoxFuture<'_, Result<PoolConnection<Postgres>, Error>> {
        Box::pin(async move { Ok(self.take().await?.connection) })
    }

    pub(crate) async fn begin(&self) -> Result<PgTransaction<'static>, Error> {
        Transaction::begin(self.acquire().await?, None).await
    }

    /// Returns the options that connections are opened with.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        (*self.connections.connect_options()).clone()
    }

    /// Returns sqlx's pool, for code that needs it. Never called in a function.
    pub(crate) fn shared(&self) -> &PgPool {
        &self.connections
    }

    async fn take(&self) -> Result<InUse, Error> {
        let Some(place) = &self.place else { return self.take_from_pool().await };
        loop {
            let at_hand = place.lock().take();
            if let Some(mut at_hand) = at_hand {
                if at_hand.is_well(self.connections.options().get_acquire_timeout()).await {
                    return Ok(at_hand);
                }
                // Dropped without sqlx, which would test it again and perhaps wait for a dead server.
                drop(at_hand.connection.detach());
            }
            tokio::select! {
                biased;
                () = place.returned.notified() => {}
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
        let Some(place) = self.place.as_ref().filter(|_| done.acquired.elapsed() < AT_HAND) else { return };
        *place.lock() = Some(InUse { used: Instant::now(), ..done });
        place.returned.notify_one();
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

impl Place {
    fn lock(&self) -> MutexGuard<'_, Option<InUse>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Returning it to the pool would need a runtime, which may have ended.
        if let Some(at_hand) = self.lock().take() {
            drop(at_hand.connection.detach());
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
        if self.place.is_none() {
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
        if self.place.is_none() {
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
