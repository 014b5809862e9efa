//! How the API authenticates its callers: by the gateway in front of it, or itself.

use std::{collections::BTreeMap, sync::Arc};

use tasker_api::{Authentication, Tokens};
use tasker_assembly::aws::{optional, required};
use tasker_function_lambda::Error;
use tasker_identity::{Keys, Settings, Verifier};

/// `gateway`: whoever is let through may do everything. `own`: callers need an API key or a token.
const MODE: &str = "TASKER_AUTHENTICATION";

/// Reads the environment.
///
/// # Errors
/// Which variable is wrong.
pub(crate) fn authentication() -> Result<Authentication, Error> {
    // Without a default, so that nobody is let in by an environment that is incomplete.
    match required(MODE)?.as_str() {
        "gateway" => Ok(Authentication::Gateway),
        "own" => Ok(Authentication::Own(tokens()?.map(Arc::new))),
        other => Err(format!("{MODE} is `{other}`; it must be `gateway` or `own`").into()),
    }
}

/// What verifies tokens, if an issuer is named.
fn tokens() -> Result<Option<Tokens>, Error> {
    let Some(issuer) = optional("TASKER_JWT_ISSUER") else { return Ok(None) };
    let keys = match (optional("TASKER_JWT_PUBLIC_KEY"), optional("TASKER_JWKS_URL")) {
        (Some(pem), None) => Keys::Pem(vec![pem]),
        (None, Some(url)) => Keys::jwks(url),
        _ => {
            return Err(
                "TASKER_JWT_ISSUER is set: give its keys in TASKER_JWT_PUBLIC_KEY or TASKER_JWKS_URL".into(),
            );
        }
    };
    let mut settings = Settings::new(issuer, optional("TASKER_JWT_AUDIENCE").unwrap_or_default(), keys);
    if let Some(claim) = optional("TASKER_ROLES_CLAIM") {
        settings.claims.roles = claim;
    }
    let verifier = Verifier::new(settings).map_err(|error| format!("TASKER_JWT_…: {error}"))?;
    Ok(Some(Tokens::new(verifier, BTreeMap::new(), true)?))
}
