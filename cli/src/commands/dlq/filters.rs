//! Filters of dead letters.

use crate::{client::query, commands::paging::Paging};

/// Which entries to list or to act on.
#[derive(Debug, clap::Args)]
pub(crate) struct DlqFilters {
    /// Only entries of this namespace.
    #[arg(long)]
    namespace: Option<String>,
    /// Only entries of this template.
    #[arg(long)]
    name: Option<String>,
    /// Only entries that were made for this reason, as `tasker dlq stats` names it.
    #[arg(long, value_name = "REASON")]
    dlq_reason: Option<String>,
    /// Only entries made at this time or later: RFC 3339, or how long ago (15m, 2h, 7d).
    #[arg(long, value_name = "TIME")]
    created_after: Option<String>,
    /// Only entries made before this time.
    #[arg(long, value_name = "TIME")]
    created_before: Option<String>,
}

impl DlqFilters {
    /// Whether they exclude nothing.
    pub(super) fn is_empty(&self) -> bool {
        let Self { namespace, name, dlq_reason, created_after, created_before } = self;
        [namespace, name, dlq_reason, created_after, created_before].iter().all(|filter| filter.is_none())
    }

    /// The query of a request with these filters, and of entries with this resolution.
    pub(super) fn query(self, status: Option<String>, paging: Option<Paging>) -> String {
        query([
            ("resolution_status", status),
            ("namespace", self.namespace),
            ("name", self.name),
            ("dlq_reason", self.dlq_reason),
            ("created_after", self.created_after),
            ("created_before", self.created_before),
            ("limit", paging.as_ref().map(Paging::limit)),
            ("cursor", paging.and_then(Paging::cursor)),
        ])
    }
}
