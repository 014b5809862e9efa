//! The way to the database: a pool that keeps its connection at hand where it has only one, as in a function.
//!
//! sqlx asks every connection that comes back to its pool whether it is well, because its statement may have been dropped
//! in the middle. That is a round trip for each statement, and with one connection the next statement waits for it. A
//! connection whose statement has come to its end needs no such question: it stays at hand. Any other goes back to sqlx.

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
    Connection, Describe, Either, Error, Execute, Executor, PgPool, PgTransaction, Postgres, SqlStr,
    Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::sync::Notify;

use super::{connect::TRUSTED_IDLE, login::Login};

/// How long a connection stays at hand before sqlx sees it again, which replaces it when it has grown old.
const AT_HAND: Duration = Duration::from_secs(60);

/// A pool of connections. Cheap to clone; statements are given to a reference, as with sqlx's own.
#[derive(Clone)]
pub(crate) struct Pool {
    connections: PgPool,
    login: Option<Arc<dyn Login>>,
    /// None where there are several: others take from the pool too, and must not find it short of one.
    place: Option<Arc<Place>>,
}

/// Where the connection lies between two statements.
#[derive(Debug, Default)]
struct Place {
    connection: Mutex<Option<InUse>>,
    /// It lies there again, after somebody had found it gone.
    returned: Notify,
}

#[derive(Debug)]
struct InUse {
    connection: PoolConnection<Postgres>,
    /// When sqlx has last seen it.
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

    /// A connection for more than one statement. Boxed, because the futures of those who ask are deep enough.
    pub(crate) fn acquire(&self) -> BoxFuture<'_, Result<PoolConnection<Postgres>, Error>> {
        Box::pin(async move { Ok(self.take().await?.connection) })
    }

    pub(crate) async fn begin(&self) -> Result<PgTransaction<'static>, Error> {
        Transaction::begin(self.acquire().await?, None).await
    }

    /// What it connects with.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        (*self.connections.connect_options()).clone()
    }

    /// For what needs sqlx's pool itself, and is never asked for in a function.
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
                // Not to sqlx, which would ask it once more, and perhaps wait for a server that is gone.
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
                tracing::info!("the database refuses the password; it is read anew");
                self.connections.set_connect_options(login.renewed().await.map_err(Error::Configuration)?);
                self.connections.acquire().await?
            }
            (acquired, _) => acquired?,
        };
        let now = Instant::now();
        Ok(InUse { connection, acquired: now, used: now })
    }

    /// To be called when a statement has come to its end, and not when it has failed or was dropped.
    fn put_back(&self, done: InUse) {
        let Some(place) = self.place.as_ref().filter(|_| done.acquired.elapsed() < AT_HAND) else { return };
        *place.lock() = Some(InUse { used: Instant::now(), ..done });
        place.returned.notify_one();
    }
}

/// PostgreSQL's `invalid_password`, and `invalid_authorization_specification` for an account that has no such role now.
fn is_password_refused(error: &Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("28P01" | "28000"))
}

impl InUse {
    /// Whether it is well, as far as is known: it may have died while the process stood still.
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
        // Giving it back is work for a runtime, which may have ended before.
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

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        let pool = self.clone();
        Box::pin(async move { pool.acquire().await?.describe(sql).await })
    }
}
