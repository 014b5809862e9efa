//! Creates tasks.

mod copy;
#[expect(clippy::module_inception, reason = "the event and its folder have one name")]
mod create;
mod identity;
mod request;

pub use copy::TaskCopy;
pub use create::Creation;
pub use request::TaskRequest;
