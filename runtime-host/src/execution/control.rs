//! Cancellation and progress of an execution, seen from outside.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// The longest progress text, in bytes. Longer ones are cut.
const MAX_PROGRESS_BYTES: usize = 1024;

/// Cancels an execution from outside and reads its progress. Clones control the same execution.
#[derive(Debug, Clone, Default)]
pub struct ExecutionControl {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    cancellation: CancellationToken,
    progress: Mutex<Option<String>>,
}

impl ExecutionControl {
    /// Creates a control for one execution.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels the execution. The handler can detect it; after a grace period the host stops it.
    pub fn cancel(&self) {
        self.shared.cancellation.cancel();
    }

    /// Whether the execution was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.shared.cancellation.is_cancelled()
    }

    /// Returns when the execution is cancelled.
    pub async fn cancelled(&self) {
        self.shared.cancellation.cancelled().await;
    }

    /// The handler's last progress text.
    pub fn progress(&self) -> Option<String> {
        self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores a progress text, cut and cleaned.
    pub(crate) fn set_progress(&self, progress: &str) {
        // Cut first: the text may have megabytes.
        let progress = &progress[..progress.floor_char_boundary(MAX_PROGRESS_BYTES)];
        let text = crate::capability::logs::clean(progress);
        *self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }
}
