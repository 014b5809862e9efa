//! The page of a list that a command asks for.

use serde::Serialize;
use tasker_api::Page;

/// Which page of a list to print.
#[derive(Debug, clap::Args)]
pub(crate) struct Paging {
    /// The number of rows, at most 1000, or 200 where rows hold documents.
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Where the page before ended, as it says itself.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

impl Paging {
    pub(crate) fn limit(&self) -> String {
        self.limit.to_string()
    }

    pub(crate) fn cursor(self) -> Option<String> {
        self.cursor
    }
}

/// Says how to go on, below the rows of a page.
pub(crate) fn more<T: Serialize>(page: &Page<T>) -> String {
    page.next_cursor.as_ref().map_or(String::new(), |next| format!("\n(more: --cursor {next})"))
}
