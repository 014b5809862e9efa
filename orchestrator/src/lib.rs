//! Templates, the DAG, the state machines, and the PostgreSQL functions that move them. No WASM, no HTTP, no AWS.
//!
//! PostgreSQL holds the truth, and its functions (`migrations/`) are where steps and tasks change: one transaction
//! for each batch of events. This crate checks what comes in, calls them, and sends the messages that follow.
#![forbid(unsafe_code)]

mod bundle;
mod catalog;
mod create;
mod database;
mod dispatch;
mod dlq;
mod effect;
mod error;
pub mod events;
mod handlers;
mod identity;
mod judge;
mod operate;
pub mod read;
mod release;
mod release_store;
mod report;
mod run;
pub mod state;
mod sweep;
pub mod trigger;
mod upgrade;
mod visit;

use std::{
    collections::BTreeMap,
    ops::Deref,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use database::pool::Pool;
use sqlx::PgPool;
use tasker_templates::template::Template;
use tasker_transport::{BlobStore, LeaseStore, Outlet, Queue};
use tokio::sync::{Notify, broadcast, mpsc};
use uuid::Uuid;

pub use bundle::Bundle;
use catalog::Catalog;
pub use catalog::Publication;
pub use create::{Creation, TaskRequest};
pub use database::{
    claim, connect,
    functions::FUNCTION_SET,
    login::{Login, LoginError, make_login},
    migrate,
};
pub use dlq::Resolution;
pub use error::Error;
pub use handlers::{ComponentPublication, HandlerVersion, PublishedHandler};
pub use operate::{Cancellation, Completion, StepAction, TaskAction};
pub use release::step_name;
pub use report::Applied;
pub use run::PendingCreations;
use state::TaskState;
pub use sweep::Swept;

/// How many creations may wait for the next transaction before callers wait too.
const MAX_PENDING_CREATIONS: usize = 10_000;
/// How many announcements a slow listener may be behind before it misses some.
const MAX_PENDING_ANNOUNCEMENTS: usize = 4096;

/// The orchestrator: everything that is done to tasks goes through it. Cheap to clone.
#[derive(Clone)]
pub struct Orchestrator(Arc<Inner>);

/// What an orchestrator works with. Only for the modules of this crate, each of which adds one thing that it does.
pub struct Inner {
    pool: Pool,
    catalog: Catalog,
    steps: Arc<dyn Queue>,
    reports: Arc<dyn Queue>,
    blobs: BlobStore,
    settings: Settings,
    dice: Dice,
    sent: dispatch::Sent,
    leases: Arc<dyn LeaseStore>,
    outlets: Outlets,
    hearing: run::Hearing,
    creations: mpsc::Sender<run::PendingCreation>,
    at_rest: broadcast::Sender<(Uuid, TaskState)>,
    told: broadcast::Sender<Arc<str>>,
    deliverable: Notify,
    /// Events were written since they were last published, by a process that is not listening for them.
    has_events: AtomicBool,
    trigger_cache: trigger::TriggerCache,
    function_set: database::functions::FunctionSetUse,
}

/// Numbers in [0, 1) that spread the waits between attempts.
pub type Dice = Box<dyn Fn() -> f64 + Send + Sync>;

/// How domain events leave, by the kind of subscription: `webhook`, `queue`.
pub type Outlets = BTreeMap<&'static str, Arc<dyn Outlet>>;

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

impl Deref for Orchestrator {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Orchestrator {
    /// An orchestrator, and the requests that [`Orchestrator::run`] will take from it.
    pub fn new(connections: Connections, settings: Settings) -> (Self, PendingCreations) {
        Self::with_dice(connections, settings, Box::new(fastrand::f64))
    }

    /// An orchestrator with dice of one's own, for runs that can be repeated.
    pub fn with_dice(connections: Connections, settings: Settings, dice: Dice) -> (Self, PendingCreations) {
        let (creations, pending) = mpsc::channel(MAX_PENDING_CREATIONS);
        let (at_rest, _) = broadcast::channel(MAX_PENDING_ANNOUNCEMENTS);
        let (told, _) = broadcast::channel(MAX_PENDING_ANNOUNCEMENTS);
        let hearing = run::Hearing::lost(connections.reports.visibility());
        let pool = Pool::new(connections.pool, connections.login);
        let inner = Inner {
            catalog: Catalog::new(pool.clone(), settings.environment.clone()),
            pool,
            steps: connections.steps,
            reports: connections.reports,
            blobs: connections.blobs,
            settings,
            dice,
            sent: dispatch::Sent::default(),
            leases: connections.leases,
            outlets: connections.outlets,
            hearing,
            creations,
            at_rest,
            told,
            deliverable: Notify::new(),
            has_events: AtomicBool::new(false),
            trigger_cache: trigger::TriggerCache::default(),
            function_set: database::functions::FunctionSetUse::default(),
        };
        (Self(Arc::new(inner)), PendingCreations(pending))
    }

    /// Publishes a template version. The same content again is no change; other content is refused.
    pub async fn publish_template(&self, template: &Template) -> Result<Publication, Error> {
        self.catalog.publish_template(template).await
    }

    /// Brings the database's schema up to date. Safe to call from several processes at once. A schema that a later
    /// release has brought further is left alone: that release has been taken back.
    pub async fn migrate(&self) -> Result<(), Error> {
        database::run_migrations(self.pool.acquire().await?.detach(), database::Newer::IsLeftAlone).await
    }

    /// As [`make_login`], on this orchestrator's database.
    ///
    /// # Errors
    /// If the database refuses the role, or its login.
    pub async fn make_login(&self, password: &str) -> Result<String, LoginError> {
        let connection = self.pool.acquire().await?.detach();
        database::login::make(connection, self.pool.connect_options(), password).await
    }

    /// Where payloads that are too large for a row or a message lie.
    pub fn blobs(&self) -> &BlobStore {
        &self.blobs
    }

    /// Tasks as they come to rest in this process. A listener that falls behind misses some and must look itself.
    pub fn tasks_at_rest(&self) -> broadcast::Receiver<(Uuid, TaskState)> {
        self.at_rest.subscribe()
    }

    fn announce(&self, task: Uuid, state: TaskState) {
        // Nobody listening is no fault.
        let _ = self.at_rest.send((task, state));
    }
}
