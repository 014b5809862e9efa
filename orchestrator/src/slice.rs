//! A part of a list.

/// So many items of a list, from its beginning or after the item with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice<K> {
    /// The maximum number of items.
    pub limit: u32,
    /// The key of the item before.
    pub after: Option<K>,
}

impl<K> Slice<K> {
    /// The first items.
    pub fn first(limit: u32) -> Self {
        Self { limit, after: None }
    }

    /// All items.
    pub fn all() -> Self {
        Self::first(u32::MAX)
    }

    /// The limit, for SQL.
    pub(crate) fn sql_limit(&self) -> i64 {
        i64::from(self.limit)
    }
}
