//! Who may do what: callers, their permissions and namespaces, API keys, sessions, the trail of what they did, and requests that
//! may be repeated.

mod caller;
mod grant;
mod kept;
mod key;
mod keys;
pub(crate) mod permission;
mod repeatable;
mod role;
pub(crate) mod scope;
mod secret;
mod sessions;
mod trail;

pub use caller::{Caller, Principal, PrincipalKind};
pub use grant::{Grant, GrantError};
pub use keys::{ApiKey, CreatedKey, Keys, NewKey};
pub use permission::Permission;
pub use repeatable::{BegunRequest, Repeatable, RepeatableRequest, Repetition};
pub use role::Role;
pub use scope::Scope;
pub(crate) use secret::server_secret;
pub use sessions::{MadeSession, NewSession, Session, SessionCode, Sessions};
pub use trail::{Access, AccessFilter, AccessOutcome, AccessRequest, Trail};
