//! Who may do what: callers, their permissions and namespaces, and API keys.

mod caller;
mod grant;
mod key;
mod keys;
pub(crate) mod permission;
mod role;
pub(crate) mod scope;

pub use caller::{Caller, Principal, PrincipalKind};
pub use grant::{Grant, GrantError};
pub use keys::{ApiKey, CreatedKey, Keys, NewKey};
pub use permission::Permission;
pub use role::Role;
pub use scope::Scope;
