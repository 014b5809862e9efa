//! Whom a verified token names.

use std::time::SystemTime;

/// Whom a verified token names, and what it grants them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `sub`: never empty, without control characters, unique within the issuer.
    pub subject: String,
    /// `email`, if the issuer says that it is verified. For display only.
    pub email: Option<String>,
    /// The name to display: the email address, or else the subject.
    pub display: String,
    /// `iss`.
    pub issuer: String,
    /// The claim of permissions, in its order. Which ones exist is the caller's matter.
    pub permissions: Vec<String>,
    /// The claim of roles, in its order.
    pub roles: Vec<String>,
    /// The claim of namespaces: None, all; empty, none.
    pub namespaces: Option<Vec<String>>,
    /// `exp`, in whole seconds: the token is refused from then on.
    pub expires_at: SystemTime,
}
