//! The host that tests of handlers run with.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A simulated host.
#[derive(Debug, Clone)]
pub(crate) struct NativeHost {
    pub(crate) secrets: BTreeMap<String, String>,
    pub(crate) cancelled: bool,
    pub(crate) remaining_time: Duration,
    pub(crate) heartbeats: Arc<Mutex<Vec<String>>>,
}

impl NativeHost {
    #[cfg_attr(target_family = "wasm", allow(dead_code))]
    pub(crate) fn heartbeat(&self, progress: &str) {
        self.heartbeats.lock().unwrap_or_else(PoisonError::into_inner).push(progress.to_owned());
    }
}
