//! Following lists of tasks: tells those who follow a list which of its tasks have changed. One reading of the audit for all
//! of them, one query for all who follow the same list, and none while nobody does.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use tokio::sync::broadcast::{self, error::RecvError};
use uuid::Uuid;

use super::{
    changes::{Changed, Changes, changed_after},
    filter::TaskFilter,
    reader::Reader,
    task::TaskSummary,
};
use crate::{error::Error, slice::Slice};

/// How often the audit is read. Each list gets at most one message each time.
const INTERVAL: Duration = Duration::from_millis(500);
/// The maximum number of changed tasks of a message. Of more, nothing is told but that the list must be read again.
const AT_ONCE: usize = 1000;
/// How many messages a slow client may lag behind before it misses some.
const PENDING: usize = 16;
/// How many lists are read at once.
const CONCURRENT: usize = 4;
/// How long reading a list may take. One that takes longer must not keep the others waiting.
const PATIENCE: Duration = Duration::from_secs(2);

/// What has happened to a list.
#[derive(Debug, Clone)]
pub struct ListChange {
    /// Going on after this record leaves nothing out.
    pub record: i64,
    /// Tasks of the list that are new or have changed.
    pub tasks: Vec<TaskSummary>,
    /// Tasks that have changed and are not in the list, but may have been.
    pub unmatched: Vec<Uuid>,
    /// Whether changes were left out: read the list again.
    pub has_missed: bool,
}

/// A followed list.
pub struct Follower {
    /// Going on after this record leaves nothing out.
    pub record: i64,
    changes: broadcast::Receiver<Arc<ListChange>>,
}

/// What a follower hears.
pub enum Heard {
    /// A change.
    Change(Arc<ListChange>),
    /// Changes were left out, because this client was slow: read the list again.
    Missed,
}

impl Follower {
    /// Returns what comes next. None if nothing will: follow the list anew.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.changes.recv().await {
            Ok(change) => Some(Heard::Change(change)),
            Err(RecvError::Lagged(_)) => Some(Heard::Missed),
            Err(RecvError::Closed) => None,
        }
    }
}

/// The lists that somebody follows.
pub struct Feed {
    reader: Arc<Reader>,
    state: Mutex<State>,
    /// Held while the feed begins, so that it begins once.
    beginning: tokio::sync::Mutex<()>,
}

/// A list that somebody follows.
struct List {
    filter: TaskFilter,
    followers: broadcast::Sender<Arc<ListChange>>,
    /// Whether it could not be read after the last changes: it must be read again.
    has_missed: AtomicBool,
}

#[derive(Default)]
struct State {
    lists: Vec<Arc<List>>,
    /// None while nobody reads the audit.
    settled: Option<i64>,
}

impl Feed {
    pub(crate) fn new(reader: Arc<Reader>) -> Self {
        Self { reader, state: Mutex::default(), beginning: tokio::sync::Mutex::default() }
    }

    /// Follows a list from now on.
    pub async fn follow(self: &Arc<Self>, filter: TaskFilter) -> Result<Follower, Error> {
        let _beginning = self.beginning.lock().await;
        {
            let mut state = self.state();
            if let Some(record) = state.settled {
                return Ok(state.join(filter, record));
            }
        }
        let changes = Changes::begin(&self.reader.pool).await?;
        let follower = self.state().join(filter, changes.settled());
        tokio::spawn(Arc::clone(self).run(changes));
        Ok(follower)
    }

    /// Returns the number of different lists that are followed.
    pub fn lists(&self) -> usize {
        self.state().lists.len()
    }

    /// Returns what has changed in a list after a record, at once.
    pub async fn since(&self, filter: &TaskFilter, record: i64) -> Result<ListChange, Error> {
        let changed = changed_after(&self.reader.pool, record).await?;
        self.change(filter, &changed, record).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the audit while somebody follows a list.
    async fn run(self: Arc<Self>, mut changes: Changes) {
        let cut = CutOff(&self);
        loop {
            tokio::time::sleep(INTERVAL).await;
            if self.followed().is_none() {
                break;
            }
            match changes.read(&self.reader.pool).await {
                Ok(changed) => {
                    // After the reading: who has joined meanwhile may have read its list before these changes.
                    let Some(lists) = self.followed() else { break };
                    self.tell(&lists, &changed, changes.settled()).await;
                }
                // Those who follow go on when the database is back.
                Err(error) => tracing::debug!(%error, "the audit of followed lists could not be read"),
            }
        }
        // Another feed may have begun.
        std::mem::forget(cut);
    }

    /// The lists that somebody follows. None if nobody does, and then the audit is not read any more.
    fn followed(&self) -> Option<Vec<Arc<List>>> {
        let mut state = self.state();
        state.lists.retain(|list| list.followers.receiver_count() > 0);
        if state.lists.is_empty() {
            state.settled = None;
            return None;
        }
        Some(state.lists.clone())
    }

    /// Tells all who follow what has changed.
    async fn tell(&self, lists: &[Arc<List>], changed: &Changed, settled: i64) {
        stream::iter(lists)
            .for_each_concurrent(CONCURRENT, |list| async move {
                let has_missed = list.has_missed.swap(false, Ordering::Relaxed);
                if changed.tasks.is_empty() && !changed.has_gap && !has_missed {
                    return;
                }
                let changed =
                    Changed { tasks: changed.tasks.clone(), has_gap: changed.has_gap || has_missed };
                match tokio::time::timeout(PATIENCE, self.change(&list.filter, &changed, settled)).await {
                    Ok(Ok(change)) => {
                        if change.has_missed || !change.tasks.is_empty() || !change.unmatched.is_empty() {
                            // An error means that nobody follows any more.
                            let _ = list.followers.send(Arc::new(change));
                        }
                    }
                    failed => {
                        if let Ok(Err(error)) = failed {
                            tracing::debug!(%error, "a followed list could not be read");
                        }
                        list.has_missed.store(true, Ordering::Relaxed);
                    }
                }
            })
            .await;
        self.state().settled = Some(settled);
    }

    /// Returns what these changes are to a list.
    async fn change(&self, filter: &TaskFilter, changed: &Changed, record: i64) -> Result<ListChange, Error> {
        let has_missed = changed.has_gap || changed.tasks.len() > AT_ONCE;
        let mut change = ListChange { record, tasks: Vec::new(), unmatched: Vec::new(), has_missed };
        if has_missed {
            return Ok(change);
        }
        let of = |filter: &TaskFilter| TaskFilter { ids: Some(changed.tasks.clone()), ..filter.clone() };
        change.tasks = self.reader.tasks(&of(filter), Slice::all()).await?;
        if change.tasks.len() < changed.tasks.len()
            && let Some(always) = filter.without_what_changes()
        {
            let matched: Vec<Uuid> = change.tasks.iter().map(|task| task.task_id).collect();
            let all = self.reader.tasks(&of(&always), Slice::all()).await?;
            change.unmatched =
                all.iter().map(|task| task.task_id).filter(|id| !matched.contains(id)).collect();
        }
        Ok(change)
    }
}

/// Lets all who follow know that nobody reads the audit any more, should a reading panic: otherwise they would wait for ever.
struct CutOff<'a>(&'a Feed);

impl Drop for CutOff<'_> {
    fn drop(&mut self) {
        *self.0.state() = State::default();
    }
}

impl State {
    fn join(&mut self, filter: TaskFilter, record: i64) -> Follower {
        self.settled = Some(record);
        let known = self.lists.iter().find(|list| list.filter == filter);
        let changes = match known {
            Some(list) => list.followers.subscribe(),
            None => {
                let (followers, receiver) = broadcast::channel(PENDING);
                self.lists.push(Arc::new(List { filter, followers, has_missed: AtomicBool::new(false) }));
                receiver
            }
        };
        Follower { record, changes }
    }
}
