//! PostgreSQL: connections, the schema, the set of functions, and logins.

mod claim;
pub(crate) mod columns;
pub(crate) mod functions;
pub(crate) mod login;
pub(crate) mod migrate;
pub(crate) mod refusal;
pub(crate) mod set;

pub use claim::claim;
pub use login::{LoginError, make_login};
pub use migrate::{Newer, migrate, newest_migration};
pub use set::FUNCTION_SET;
