//! What requests say about who sends them.

use std::env;

use tasker_orchestrator::access::Sessions;

const TOKEN_VARIABLE: &str = "TASKER_AUTH_TOKEN";
const KEY_VARIABLE: &str = "TASKER_API_KEY";

/// An API key; or a token of the identity provider, or a session.
#[derive(Clone)]
pub(crate) enum Credentials {
    Key(String),
    Token(String),
}

/// Without the secret.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Key(_) => "Key",
            Self::Token(_) => "Token",
        })
    }
}

impl Credentials {
    /// Those of the environment.
    pub(crate) fn of_environment() -> Option<Self> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        variable(TOKEN_VARIABLE).map(Self::Token).or_else(|| variable(KEY_VARIABLE).map(Self::Key))
    }

    /// Whether they are a session.
    pub(crate) fn is_session(&self) -> bool {
        matches!(self, Self::Token(token) if Sessions::is_text(token))
    }
}
