//! The condition of the services that an orchestrator depends on, for health reports.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tasker_transport::{Breaker, Condition};
use utoipa::ToSchema;

use crate::{engine::Engine, error::Error, intake::IntakeState};

/// How long a service may take to respond. Who asks for health acts on the answer, so a late one is worthless.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// How well a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ServerStatus)]
pub enum Fitness {
    /// As it should.
    Ok,
    /// Tasker goes on without it, or with less of it.
    Degraded,
    /// No task can be created.
    Down,
}

impl Fitness {
    /// Its name: `ok`, `degraded`, `down`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// The condition of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// `database`, `queue`, `blob_store`, `creations`, or `webhook:` and a host.
    pub name: String,
    /// How well it does.
    pub fitness: Fitness,
    /// What is to be said about it.
    pub message: String,
    /// How long it took to respond, if it was asked.
    pub took: Option<Duration>,
}

impl Engine {
    /// Checks the services: asks the database and the queue, and reports what the last calls to the others found.
    pub async fn check_services(&self) -> Vec<Checked> {
        let (database, queue) = tokio::join!(self.check_database(), self.check_queue());
        let blobs = Checked {
            name: "blob_store".to_owned(),
            fitness: fitness(&self.breakers.blobs, Fitness::Degraded),
            message: words(&self.breakers.blobs),
            took: None,
        };
        let mut checked = vec![database, queue, blobs, creations(self.intake.state())];
        checked.extend(self.breakers.webhooks.not_closed().into_iter().map(|(host, condition)| Checked {
            name: format!("webhook:{host}"),
            fitness: Fitness::Degraded,
            message: format!("breaker {}", condition.as_str()),
            took: None,
        }));
        checked
    }

    async fn check_database(&self) -> Checked {
        let start = Instant::now();
        let responds = self.reader.check_database().await;
        let breaker = &self.breakers.database;
        let (fitness, message) = match responds {
            Ok(()) => (fitness(breaker, Fitness::Degraded), words(breaker)),
            // Whoever reads this need not know where the database is.
            Err(Error::DatabaseSilent { .. }) => {
                (Fitness::Down, format!("{}; it does not respond", words(breaker)))
            }
            Err(error) => (Fitness::Down, format!("{}; {error}", words(breaker))),
        };
        Checked { name: "database".to_owned(), fitness, message, took: Some(start.elapsed()) }
    }

    async fn check_queue(&self) -> Checked {
        let start = Instant::now();
        let waiting = tokio::time::timeout(PATIENCE, self.reports.backlog()).await;
        let breaker = &self.breakers.queue;
        let (fitness, message) = match waiting {
            Ok(Ok(reports)) => (
                fitness(breaker, Fitness::Degraded),
                format!("{}; reports waiting: {reports}", words(breaker)),
            ),
            // Steps stay unsent until it returns.
            _ => (Fitness::Degraded, format!("{}; it does not respond", words(breaker))),
        };
        Checked { name: "queue".to_owned(), fitness, message, took: Some(start.elapsed()) }
    }
}

fn fitness(breaker: &Breaker, otherwise: Fitness) -> Fitness {
    if breaker.condition() == Condition::Closed { Fitness::Ok } else { otherwise }
}

fn words(breaker: &Breaker) -> String {
    format!("breaker {}", breaker.condition().as_str())
}

fn creations(state: IntakeState) -> Checked {
    let IntakeState { tasks, bytes, oldest, limits } = state;
    let is_full = tasks >= limits.tasks || bytes >= limits.bytes || oldest > limits.wait;
    Checked {
        name: "creations".to_owned(),
        fitness: if is_full { Fitness::Degraded } else { Fitness::Ok },
        message: format!(
            "waiting: {tasks} of {} tasks, {bytes} of {} bytes, the oldest for {} ms",
            limits.tasks,
            limits.bytes,
            oldest.as_millis()
        ),
        took: None,
    }
}
