//! An exceeded limit that is checked while a guest runs.

/// An exceeded limit. As an error, it stops the guest immediately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Breach {
    /// Computing time.
    #[error("CPU time")]
    Cpu,
    /// Memory: the guest's own and what the host holds for it.
    #[error("memory")]
    Memory,
    /// Table elements.
    #[error("table elements")]
    Tables,
}
