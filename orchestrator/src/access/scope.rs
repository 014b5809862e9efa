//! The namespaces that a caller may see.

use std::collections::BTreeSet;

/// The namespaces in which a caller has a permission. What is outside does not exist for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All namespaces.
    #[default]
    All,
    /// Only these.
    Namespaces(BTreeSet<String>),
}

impl Scope {
    /// Whether a namespace is inside.
    pub fn contains(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::Namespaces(names) => names.contains(namespace),
        }
    }

    /// The namespaces that are in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, scope) | (scope, Self::All) => scope.clone(),
            (Self::Namespaces(these), Self::Namespaces(those)) => {
                Self::Namespaces(these.intersection(those).cloned().collect())
            }
        }
    }

    /// Whether all namespaces of another scope are inside.
    pub fn covers(&self, other: &Self) -> bool {
        self.and(other) == *other
    }

    /// The namespaces, for `$n IS NULL OR namespace = ANY ($n)`. None for all.
    pub(crate) fn sql(&self) -> Option<Vec<&str>> {
        match self {
            Self::All => None,
            Self::Namespaces(names) => Some(names.iter().map(String::as_str).collect()),
        }
    }
}
