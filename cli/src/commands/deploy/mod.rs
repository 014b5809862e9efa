//! `tasker deploy`.

#[cfg(feature = "aws")]
mod command;
#[cfg(feature = "aws")]
mod encrypted;
#[cfg(not(feature = "aws"))]
mod missing;
#[cfg(feature = "aws")]
mod release;
#[cfg(feature = "aws")]
mod signing;
#[cfg(feature = "aws")]
mod tool;
#[cfg(feature = "aws")]
mod upload;

#[cfg(feature = "aws")]
pub(crate) use command::{Arguments, run};
#[cfg(not(feature = "aws"))]
pub(crate) use missing::{Arguments, run};
