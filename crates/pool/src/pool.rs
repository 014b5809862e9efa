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
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

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
#[derive(Debug)]
struct AtHand {
    connections: Mutex<Vec<Kept>>,
    /// One permit for each statement that may run at once. Fair: who returns a connection does not get it again before those
    /// who wait.
    turns: Arc<Semaphore>,
    /// Notified when a connection is returned, for callers that wait for sqlx because transactions have all others.
    returned: Notify,
}

/// A connection between two statements.
#[derive(Debug)]
struct Kept {
    connection: PoolConnection<Postgres>,
    /// When it was taken from sqlx.
    acquired: Instant,
    used: Instant,
}

/// A connection for one statement.
struct InUse {
    connection: PoolConnection<Postgres>,
    acquired: Instant,
    turn: Option<OwnedSemaphorePermit>,
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
        let turns = Arc::new(Semaphore::new(pool.options().get_max_connections().max(1) as usize));
        let at_hand = AtHand { connections: Mutex::default(), turns, returned: Notify::new() };
        Self { connections: pool, login, at_hand: Some(Arc::new(at_hand)) }
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

    /// How many connections statements and transactions have now, and how many they may have.
    pub fn usage(&self) -> (u32, u32) {
        let idle =
            self.connections.num_idle() + self.at_hand.as_ref().map_or(0, |at_hand| at_hand.lock().len());
        let used = self.connections.size().saturating_sub(u32::try_from(idle).unwrap_or(u32::MAX));
        (used, self.connections.options().get_max_connections())
    }

    async fn take(&self) -> Result<InUse, Error> {
        let Some(at_hand) = &self.at_hand else { return self.take_from_pool().await };
        let patience = self.connections.options().get_acquire_timeout();
        let turn = tokio::time::timeout(patience, Arc::clone(&at_hand.turns).acquire_owned());
        let turn = turn.await.map_err(|_| Error::PoolTimedOut)?.map_err(|_| Error::PoolClosed)?;
        if let Some(last) = at_hand.last_well(patience).await {
            return Ok(last.for_statement(turn));
        }
        // Usually there is room for another connection. If transactions have taken it, a statement that ends makes room here.
        let mut from_pool = std::pin::pin!(self.take_from_pool());
        loop {
            let returned = at_hand.returned.notified();
            tokio::pin!(returned);
            returned.as_mut().enable();
            if let Some(last) = at_hand.last_well(patience).await {
                return Ok(last.for_statement(turn));
            }
            tokio::select! {
                biased;
                taken = &mut from_pool => return Ok(InUse { turn: Some(turn), ..taken? }),
                () = returned => {}
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
        Ok(InUse { connection, acquired: Instant::now(), turn: None })
    }

    /// Call this when a statement has finished, but not if it failed or was dropped.
    fn put_back(&self, done: InUse) {
        let Some(at_hand) = &self.at_hand else { return };
        let InUse { connection, acquired, turn } = done;
        let now = Instant::now();
        let mut connections = at_hand.lock();
        // The first is the one that was needed least.
        let is_idle = connections.first().is_some_and(|first| now - first.used >= AT_HAND);
        let idle = is_idle.then(|| connections.remove(0));
        let old = if now - acquired < AT_HAND {
            connections.push(Kept { connection, acquired, used: now });
            None
        } else {
            Some(connection)
        };
        drop(connections);
        drop(turn);
        at_hand.returned.notify_waiters();
        drop((idle, old));
    }
}

/// PostgreSQL's `invalid_password`, and `invalid_authorization_specification` for a role that does not exist.
fn is_password_refused(error: &Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("28P01" | "28000"))
}

impl Kept {
    fn is_trusted(&self) -> bool {
        self.used.elapsed() < TRUSTED_IDLE
    }

    fn for_statement(self, turn: OwnedSemaphorePermit) -> InUse {
        InUse { connection: self.connection, acquired: self.acquired, turn: Some(turn) }
    }
}

impl AtHand {
    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the connection that was used last, if it works: it may have died while the process was frozen. If it does not,
    /// drops all that were not used since.
    async fn last_well(&self, patience: Duration) -> Option<Kept> {
        let mut last = self.lock().pop()?;
        if last.is_trusted()
            || matches!(tokio::time::timeout(patience, last.connection.ping()).await, Ok(Ok(())))
        {
            return Some(last);
        }
        let (trusted, dead): (Vec<Kept>, Vec<Kept>) = self.lock().drain(..).partition(Kept::is_trusted);
        self.lock().extend(trusted);
        // Dropped without sqlx, which would test them again and perhaps wait for a dead server.
        for dead in dead.into_iter().chain([last]) {
            drop(dead.connection.detach());
        }
        None
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
