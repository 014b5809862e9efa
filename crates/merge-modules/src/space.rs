//! The index spaces of core definitions.

use wasm_encoder::ExportKind;
use wasmparser::ExternalKind;

/// An index space of core definitions, apart from modules, instances and types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Space {
    Function,
    Table,
    Memory,
    Global,
    Tag,
}

impl Space {
    pub(crate) fn of(kind: ExternalKind) -> Self {
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => Self::Function,
            ExternalKind::Table => Self::Table,
            ExternalKind::Memory => Self::Memory,
            ExternalKind::Global => Self::Global,
            ExternalKind::Tag => Self::Tag,
        }
    }
}

impl From<Space> for ExportKind {
    fn from(space: Space) -> Self {
        match space {
            Space::Function => Self::Func,
            Space::Table => Self::Table,
            Space::Memory => Self::Memory,
            Space::Global => Self::Global,
            Space::Tag => Self::Tag,
        }
    }
}
