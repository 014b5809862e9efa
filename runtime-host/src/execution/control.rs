//! The two wires between an execution and whoever waits for it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// The longest word on progress that is kept, in bytes.
const MAX_PROGRESS_BYTES: usize = 1024;

/// Cancels an execution from outside, and hears its word on progress. Clones are the same wires.
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
    /// Wires that nobody has pulled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the execution to stop. The handler can see it; after a grace period the host ends it.
    pub fn cancel(&self) {
        self.shared.cancellation.cancel();
    }

    /// Whether the execution was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.shared.cancellation.is_cancelled()
    }

    /// Returns once the execution is asked to stop.
    pub async fn cancelled(&self) {
        self.shared.cancellation.cancelled().await;
    }

    /// The handler's last word on its progress.
    pub fn progress(&self) -> Option<String> {
        self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps the handler's word, cut and cleaned.
    pub(crate) fn set_progress(&self, progress: &str) {
        let mut text = crate::capability::logs::clean(progress);
        text.truncate(text.floor_char_boundary(MAX_PROGRESS_BYTES));
        *self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }
}
