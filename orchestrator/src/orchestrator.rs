//! The orchestrator: connects its parts to each other and to external services.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use tasker_pool::Pool;
use tasker_transport::{BlobStore, Clock, LeaseStore, Queue};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use crate::{
    access::{Keys, Repeatable, Sessions, Trail, server_secret},
    analytics::{Analytics, AnalyticsSettings},
    breakers::Breakers,
    bulk::Bulk,
    catalog::Catalog,
    create::{Creation, TaskRequest},
    database::{
        LoginError,
        functions::FunctionSetUse,
        login,
        migrate::{Newer, run_migrations},
    },
    dispatch::{Dispatcher, Sent},
    engine::{Dice, Engine},
    error::Error,
    events::{Events, Outlets},
    intake::{Intake, IntakeLimits},
    measure::Observer,
    queues::Queues,
    read::{Feed, Reader, Watched},
    run::{Creations, Hearing, Loops, PendingCreations, Reports},
    sweep::Swept,
    triggers::{TriggerCache, Triggers},
};

/// How many announcements a slow listener may lag behind before it misses some.
const MAX_PENDING_ANNOUNCEMENTS: usize = 4096;

/// How many events a slow listener may lag behind before it misses some. An event may have 256 KiB.
const MAX_PENDING_EVENTS: usize = 256;

/// The orchestrator and its parts. Cheap to clone.
#[derive(Clone)]
pub struct Orchestrator {
    /// Templates and handlers.
    pub catalog: Arc<Catalog>,
    /// Events on tasks: creation, reports, operators' actions, the sweep.
    pub engine: Arc<Engine>,
    /// Domain events and their subscribers.
    pub events: Arc<Events>,
    /// Incoming events, and the triggers that start tasks from them.
    pub triggers: Arc<Triggers>,
    /// Queries of stored data.
    pub reader: Arc<Reader>,
    /// Lists of tasks that are followed.
    pub feed: Arc<Feed>,
    /// The queues between orchestrators and hosts.
    pub queues: Arc<Queues>,
    /// API keys.
    pub keys: Arc<Keys>,
    /// Who has logged in.
    pub sessions: Arc<Sessions>,
    /// Who did what through the API.
    pub trail: Arc<Trail>,
    /// Requests with an idempotency key.
    pub repeatable: Arc<Repeatable>,
    /// Actions on many tasks.
    pub bulk: Arc<Bulk>,
    /// What happened, counted.
    pub analytics: Arc<Analytics>,
    pool: Pool,
    blobs: BlobStore,
    creations: Creations,
    loops: Arc<Loops>,
}

/// The external services of an orchestrator.
pub struct Connections {
    /// A migrated PostgreSQL. A pool of one connection must not be shared, because this orchestrator keeps the
    /// connection.
    pub pool: Pool,
    /// The queue of steps, which hosts receive.
    pub steps: Arc<dyn Queue>,
    /// The queue of reports from hosts, which also carries retry timers.
    pub reports: Arc<dyn Queue>,
    /// The leases of executions, for revoking them.
    pub leases: Arc<dyn LeaseStore>,
    /// The outlets for domain events, by kind of subscription.
    pub outlets: Outlets,
    /// The store of large payloads.
    pub blobs: BlobStore,
}

/// The settings of an orchestrator.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The environment whose overrides in templates apply to new tasks.
    pub environment: String,
    /// How many batches of reports are applied at once.
    pub report_loops: usize,
    /// The interval of the sweep.
    pub sweep_interval: Duration,
    /// Whether a host may go on with the next step of a chain when it has reported the one before. For queues that keep
    /// reports when a process ends: with others, a step could run on a result that is lost.
    pub continuation: bool,
    /// How many tasks of bulk operations this process works on in a second; 0: as many as it can.
    pub bulk_per_second: u32,
    /// Whether this process counts what happens, and what executions cost.
    pub analytics: AnalyticsSettings,
    /// How many creations may wait.
    pub intake: IntakeLimits,
    /// What tells circuit breakers the time.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            environment: "development".to_owned(),
            report_loops: 2,
            sweep_interval: Duration::from_secs(5),
            continuation: false,
            bulk_per_second: 50,
            analytics: AnalyticsSettings::default(),
            intake: IntakeLimits::default(),
            clock: Clock::default(),
        }
    }
}

impl Orchestrator {
    /// Returns an orchestrator, and the requests to create tasks, which [`Orchestrator::run`] takes.
    pub fn new(connections: Connections, settings: Settings) -> (Self, PendingCreations) {
        Self::with_dice(connections, settings, Box::new(fastrand::f64))
    }

    /// As [`Orchestrator::new`], with the caller's dice, for reproducible runs.
    pub fn with_dice(connections: Connections, settings: Settings, dice: Dice) -> (Self, PendingCreations) {
        let Connections { pool, steps, reports, leases, outlets, blobs } = connections;
        let (breakers, intake) =
            (Arc::new(Breakers::new(settings.clock)), Arc::new(Intake::new(settings.intake)));
        let blobs = blobs.guarded(Arc::clone(&breakers.blobs));
        let catalog = Arc::new(Catalog::new(pool.clone(), settings.environment, steps.longest_work()));
        let reader = Arc::new(Reader {
            pool: pool.for_queries(),
            catalog: Arc::clone(&catalog),
            blobs: blobs.clone(),
            watched: Watched::new(pool.for_queries()),
        });
        let hearing = Hearing::new(reports.visibility());
        let queues = Arc::new(Queues::new(Arc::clone(&steps), Arc::clone(&reports)));
        let engine = Arc::new(Engine {
            pool: pool.clone(),
            catalog: Arc::clone(&catalog),
            reader: Arc::clone(&reader),
            dispatcher: Dispatcher {
                pool: pool.clone(),
                catalog: Arc::clone(&catalog),
                steps,
                leases,
                blobs: blobs.clone(),
                sent: Sent::default(),
                breakers: Arc::clone(&breakers),
                continuation: settings.continuation,
            },
            reports,
            blobs: blobs.clone(),
            dice,
            intake: Arc::clone(&intake),
            breakers,
            at_rest: broadcast::channel(MAX_PENDING_ANNOUNCEMENTS).0,
            has_events: AtomicBool::new(false),
        });
        let events = Arc::new(Events {
            pool: pool.clone(),
            catalog: Arc::clone(&catalog),
            blobs: blobs.clone(),
            engine: Arc::clone(&engine),
            outlets,
            told: broadcast::channel(MAX_PENDING_EVENTS).0,
            deliverable: Notify::new(),
        });
        let triggers = Arc::new(Triggers {
            pool: pool.clone(),
            catalog: Arc::clone(&catalog),
            blobs: blobs.clone(),
            engine: Arc::clone(&engine),
            cache: TriggerCache::default(),
        });
        let trail = Arc::new(Trail::new(reader.pool.clone()));
        let repeatable = Arc::new(Repeatable::new(reader.pool.clone()));
        let bulk = Arc::new(Bulk::new(Arc::clone(&engine), settings.bulk_per_second));
        let analytics = Arc::new(Analytics {
            pool: pool.clone(),
            queries: reader.pool.clone(),
            catalog: Arc::clone(&catalog),
            queues: Arc::clone(&queues),
            settings: settings.analytics,
        });
        let keys = Arc::new(Keys::new(reader.pool.clone()));
        let sessions = Arc::new(Sessions::new(reader.pool.clone(), &keys));
        let loops = Arc::new(Loops {
            pool: pool.clone(),
            engine: Arc::clone(&engine),
            events: Arc::clone(&events),
            triggers: Arc::clone(&triggers),
            trail: Arc::clone(&trail),
            repeatable: Arc::clone(&repeatable),
            sessions: Arc::clone(&sessions),
            bulk: Arc::clone(&bulk),
            analytics: Arc::clone(&analytics),
            reports: Reports { hearing, were_put_off: AtomicBool::new(false) },
            concurrent_reports: settings.report_loops,
            sweep_interval: settings.sweep_interval,
            function_set: FunctionSetUse::default(),
            observer: Observer::new(
                pool.clone(),
                Arc::clone(&engine),
                Arc::clone(&queues),
                settings.analytics.enabled,
            ),
        });
        let (creations, pending) = Creations::new(intake);
        let feed = Arc::new(Feed::new(Arc::clone(&reader)));
        (
            Self {
                catalog,
                engine,
                events,
                triggers,
                reader,
                feed,
                queues,
                keys,
                sessions,
                trail,
                repeatable,
                bulk,
                analytics,
                pool,
                blobs,
                creations,
                loops,
            },
            pending,
        )
    }

    /// Creates one task. Concurrent requests share a transaction.
    ///
    /// # Errors
    /// [`Error::Overloaded`] and [`Error::Paused`] at once, if it would wait for too long; otherwise the error of the creation.
    pub async fn create_task(&self, request: TaskRequest) -> Result<Creation, Error> {
        self.engine.check_creation(0)?;
        self.creations.create(request).await
    }

    /// Runs until `stop` is cancelled, then finishes the current batches.
    ///
    /// `creations` is the receiver of the requests that [`Orchestrator::create_task`] sends, from
    /// [`Orchestrator::new`].
    pub async fn run(&self, creations: PendingCreations, stop: CancellationToken) {
        self.loops.run(creations, stop).await;
    }

    /// Only creates tasks, until `stop` is cancelled.
    pub async fn run_creations(&self, creations: PendingCreations, stop: CancellationToken) {
        creations.run(&self.engine, stop).await;
    }

    /// Prepares for a sweep after a restart of a process whose queue was in its memory. Call it once, before anything
    /// runs. Returns how many steps were in flight.
    pub async fn expect_nothing_in_flight(&self) -> Result<u64, Error> {
        let count = self.engine.expect_nothing_in_flight().await?;
        // Reports of these steps cannot arrive any more.
        self.loops.reports.hearing.starts_afresh();
        Ok(count)
    }

    /// Applies all waiting reports. For a process whose queue ends with it.
    pub async fn apply_waiting(&self) {
        self.loops.reports.apply_waiting(&self.engine).await;
    }

    /// Applies all waiting reports and publishes their events. For a process without loops.
    pub async fn visit_reports(&self) -> Result<(), Error> {
        self.loops.visit_reports().await
    }

    /// Runs the sweep once. For a process without loops.
    pub async fn visit_all(&self) -> Result<Swept, Error> {
        self.loops.visit_all().await
    }

    /// Marks old messages without a report as sent. Call it at the end of an invocation. If the process is not
    /// invoked again, the last messages stay unmarked; the sweep sends them again if their steps have not started by
    /// then.
    pub async fn leave(&self) -> Result<(), Error> {
        self.loops.leave().await
    }

    /// Migrates the schema. Several processes may call it at once. A schema of a later release is left unchanged,
    /// because that release has been rolled back.
    pub async fn migrate(&self) -> Result<(), Error> {
        run_migrations(self.pool.acquire().await?.detach(), Newer::IsLeftAlone).await
    }

    /// As [`crate::make_login`], on this orchestrator's database.
    ///
    /// # Errors
    /// If the database rejects the role or its login.
    pub async fn make_login(&self, password: &str) -> Result<String, LoginError> {
        let connection = self.pool.acquire().await?.detach();
        login::make(connection, self.pool.connect_options(), password).await
    }

    /// Returns a random secret of this name, which all servers of the database share.
    pub async fn server_secret(&self, name: &str) -> Result<[u8; 32], Error> {
        server_secret(&self.pool, name).await
    }

    /// Returns the store of payloads that are too large for a row or a message.
    pub fn blobs(&self) -> &BlobStore {
        &self.blobs
    }
}
