//! The formats that users write: templates, triggers, event patterns and CEL expressions. Parses, validates,
//! explains and imports them.
//!
//! Pure: no I/O, no database, no clock.
#![forbid(unsafe_code)]

pub mod layout;
mod numbers;
mod reading;
mod schema;
pub mod template;
mod text;
pub mod trigger;

pub use numbers::canonical;
pub use reading::{Code, Position, Problem, Problems, Severity, did_you_mean};
pub use schema::{Validator, Violation, Violations, faults, validator, violations};
pub use text::{cut_name, identifier_fault, name_fault, text_fault};
