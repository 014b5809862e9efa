//! Parsing of documents that users write: the tree with positions, the schema check, and the problems found.

mod document;
mod form;
mod hint;
mod problem;
pub(crate) mod yaml;

pub(crate) use document::{Content, Entry, Node, escape};
pub(crate) use form::Form;
pub use hint::did_you_mean;
pub use problem::{Code, Position, Problem, Problems, Severity};
