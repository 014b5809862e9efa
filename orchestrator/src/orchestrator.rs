//! The orchestrator as a whole: its parts, put together from what is outside the process.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use sqlx::PgPool;
use tasker_transport::{BlobStore, LeaseStore, Queue};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use crate::{
    catalog::{Bundle, Catalog},
    create::{Creation, TaskRequest},
    database::{
        Login, LoginError,
        functions::FunctionSetUse,
        login,
        migrate::{Newer, run_migrations},
        pool::Pool,
    },
    dispatch::{Dispatcher, Sent},
    engine::{Dice, Engine},
    error::Error,
    events::{Events, Outlets},
    read::Reader,
    run::{Creations, Hearing, Loops, PendingCreations, Reports},
    sweep::Swept,
    triggers::{TriggerCache, Triggers},
};

/// How many announcements a slow listener may be behind before it misses some.
const MAX_PENDING_ANNOUNCEMENTS: usize = 4096;

/// The orchestrator: its parts, each of which does what it is named for. Cheap to clone.
#[derive(Clone)]
pub struct Orchestrator {
    /// Templates and handlers.
    pub catalog: Arc<Catalog>,
    /// Events on tasks: creation, reports, operators' actions, the sweep.
    pub engine: Arc<Engine>,
    /// Domain events and their subscribers.
    pub events: Arc<Events>,
    /// Events from outside, and the triggers that turn them into tasks.
    pub triggers: Arc<Triggers>,
    /// What is stored.
    pub reader: Arc<Reader>,
    pool: Pool,
    blobs: BlobStore,
    creations: Creations,
    loops: Arc<Loops>,
}

/// The parts outside the process that an orchestrator works with.
pub struct Connections {
    /// PostgreSQL, migrated. A pool of one connection is this orchestrator's alone, which keeps it at hand.
    pub pool: PgPool,
    /// How a pool of one connection gets another password, where passwords are rotated.
    pub login: Option<Arc<dyn Login>>,
    /// The queue of steps for hosts to run.
    pub steps: Arc<dyn Queue>,
    /// The queue of reports from hosts, and of the orchestrator's own timers.
    pub reports: Arc<dyn Queue>,
    /// Who runs what, to tell hosts that something is not wanted any more.
    pub leases: Arc<dyn LeaseStore>,
    /// How domain events leave, by the kind of subscription.
    pub outlets: Outlets,
    /// Where large payloads lie.
    pub blobs: BlobStore,
}

/// How an orchestrator works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The environment whose overrides in templates apply to tasks created from now on.
    pub environment: String,
    /// How many batches of reports are worked on at once.
    pub report_loops: usize,
    /// How often the sweep looks for what was lost.
    pub sweep_interval: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            environment: "development".to_owned(),
            report_loops: 2,
            sweep_interval: Duration::from_secs(5),
        }
    }
}

impl Orchestrator {
    /// An orchestrator, and the requests that [`Orchestrator::run`] will take from it.
    pub fn new(connections: Connections, settings: Settings) -> (Self, PendingCreations) {
        Self::with_dice(connections, settings, Box::new(fastrand::f64))
    }

    /// An orchestrator with dice of the caller's, for runs that can be repeated.
    pub fn with_dice(connections: Connections, settings: Settings, dice: Dice) -> (Self, PendingCreations) {
        let Connections { pool, login, steps, reports, leases, outlets, blobs } = connections;
        let pool = Pool::new(pool, login);
        let catalog = Arc::new(Catalog::new(pool.clone(), settings.environment));
        let reader =
            Arc::new(Reader { pool: pool.clone(), catalog: Arc::clone(&catalog), blobs: blobs.clone() });
        let hearing = Hearing::lost(reports.visibility());
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
            },
            reports,
            blobs: blobs.clone(),
            dice,
            at_rest: broadcast::channel(MAX_PENDING_ANNOUNCEMENTS).0,
            has_events: AtomicBool::new(false),
        });
        let events = Arc::new(Events {
            pool: pool.clone(),
            catalog: Arc::clone(&catalog),
            blobs: blobs.clone(),
            engine: Arc::clone(&engine),
            outlets,
            told: broadcast::channel(MAX_PENDING_ANNOUNCEMENTS).0,
            deliverable: Notify::new(),
        });
        let triggers = Arc::new(Triggers {
            pool: pool.clone(),
            catalog: Arc::clone(&catalog),
            blobs: blobs.clone(),
            engine: Arc::clone(&engine),
            cache: TriggerCache::default(),
        });
        let loops = Arc::new(Loops {
            pool: pool.clone(),
            engine: Arc::clone(&engine),
            events: Arc::clone(&events),
            triggers: Arc::clone(&triggers),
            reports: Reports { hearing },
            report_loops: settings.report_loops,
            sweep_interval: settings.sweep_interval,
            function_set: FunctionSetUse::default(),
        });
        let (creations, pending) = Creations::new();
        (Self { catalog, engine, events, triggers, reader, pool, blobs, creations, loops }, pending)
    }

    /// Creates one task. Requests made at the same time share a transaction.
    pub async fn create_task(&self, request: TaskRequest) -> Result<Creation, Error> {
        self.creations.create(request).await
    }

    /// Publishes a bundle. The same one again is no change.
    pub async fn publish_bundle(&self, bundle: &Bundle) -> Result<(), Error> {
        self.catalog.publish_components(&bundle.components, &bundle.aliases, bundle.promote).await?;
        for template in &bundle.templates {
            self.catalog.publish_template(template).await?;
        }
        for trigger in &bundle.triggers {
            self.triggers.publish_trigger(trigger).await?;
        }
        Ok(())
    }

    /// Runs until `stop` is cancelled, then finishes the batches at hand.
    ///
    /// `creations` is the other end of what [`Orchestrator::create_task`] sends to, from [`Orchestrator::new`].
    pub async fn run(&self, creations: PendingCreations, stop: CancellationToken) {
        self.loops.run(creations, stop).await;
    }

    /// Only takes requests to create tasks, until `stop` is cancelled.
    pub async fn run_creations(&self, creations: PendingCreations, stop: CancellationToken) {
        creations.run(&self.engine, stop).await;
    }

    /// To be called once, before anything runs, by a process whose queue lived in the memory of its predecessor. Returns
    /// how many steps were in flight.
    pub async fn expect_nothing_in_flight(&self) -> Result<u64, Error> {
        let count = self.engine.expect_nothing_in_flight().await?;
        // None of them can be reported any more.
        self.loops.reports.hearing.starts_afresh();
        Ok(count)
    }

    /// Applies the reports that wait until none is left: for a process that takes its queue with it when it ends.
    pub async fn apply_waiting(&self) {
        self.loops.reports.apply_waiting(&self.engine).await;
    }

    /// Applies the reports that wait, and publishes the events that they caused: for a process without loops.
    pub async fn visit_reports(&self) -> Result<(), Error> {
        self.loops.visit_reports().await
    }

    /// One look of the safety net: for a process without loops.
    pub async fn visit_all(&self) -> Result<Swept, Error> {
        self.loops.visit_all().await
    }

    /// To be called when there is nothing more to do for now: marks the messages that left long ago and were not heard of.
    /// The last ones of a process that is not visited again stay unmarked, as after a crash: if their steps have not begun
    /// by then, the sweep sends them once more.
    pub async fn leave(&self) -> Result<(), Error> {
        self.loops.leave().await
    }

    /// Brings the database's schema up to date. Safe to call from several processes at once. A schema that a later
    /// release has brought further is left alone: that release has been taken back.
    pub async fn migrate(&self) -> Result<(), Error> {
        run_migrations(self.pool.acquire().await?.detach(), Newer::IsLeftAlone).await
    }

    /// As [`crate::make_login`], on this orchestrator's database.
    ///
    /// # Errors
    /// If the database refuses the role, or its login.
    pub async fn make_login(&self, password: &str) -> Result<String, LoginError> {
        let connection = self.pool.acquire().await?.detach();
        login::make(connection, self.pool.connect_options(), password).await
    }

    /// Where payloads that are too large for a row or a message lie.
    pub fn blobs(&self) -> &BlobStore {
        &self.blobs
    }
}
