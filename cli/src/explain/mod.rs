//! Where the time of a task went: an account of every moment, from the changes of its steps. Pure.

mod account;
mod history;
mod kind;
mod path;
mod svg;
mod text;

pub(crate) use account::explain;
pub(crate) use history::{Facts, is_reset};
pub(crate) use svg::svg;
pub(crate) use text::text;
