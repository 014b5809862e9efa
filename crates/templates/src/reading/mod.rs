//! Reading a document that a person wrote: its text as a tree with positions, its form, and what is wrong with it.

mod document;
mod form;
mod problem;
pub(crate) mod yaml;

pub(crate) use document::{Content, Entry, Node, escape};
pub(crate) use form::Form;
pub use form::did_you_mean;
pub use problem::{Code, Position, Problem, Problems, Severity};
