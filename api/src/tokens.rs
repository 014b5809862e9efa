//! Tokens of an identity provider: whom one names, and what that caller may do.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tasker_identity::{Identity, Refusal, Verifier};
use tasker_orchestrator::access::{Caller, GrantError, Principal, PrincipalKind};
use tokio_util::sync::CancellationToken;

use crate::{
    problem::{ApiError, Code},
    roles::Roles,
};

/// How long a verdict on a token is kept, which is how soon a key that its issuer has withdrawn counts no more.
const KEPT: Duration = Duration::from_secs(2);
/// The maximum number of kept verdicts.
const MOST_KEPT: usize = 10_000;
/// How often a token that is refused for its content is logged, at most.
const LOGGED: Duration = Duration::from_secs(1);

/// When each of these tokens was verified, by its SHA-256, and whom it names.
type Verdicts = HashMap<[u8; 32], (Instant, Arc<Caller>)>;

/// Verifies tokens, and turns what they claim into permissions.
#[derive(Debug)]
pub struct Tokens {
    verifier: Arc<Verifier>,
    roles: Roles,
    kept: Mutex<Verdicts>,
    logged: Mutex<Option<SystemTime>>,
}

impl Tokens {
    /// Tokens that this verifier accepts. `roles` adds roles, or replaces built-in ones, by the name that tokens use: each is a
    /// list of permissions (`tasks:read`, `tasks:*`, `tasks:read@shop`) and built-in roles. If it is strict, a token with an
    /// unknown permission is refused; otherwise that permission is ignored. Unknown roles always are: identity providers add
    /// their own.
    ///
    /// # Errors
    /// A role grants what does not exist.
    pub fn new(
        verifier: Verifier,
        roles: BTreeMap<String, Vec<String>>,
        is_strict: bool,
    ) -> Result<Self, GrantError> {
        let roles = Roles::new(roles, is_strict)?;
        let (verifier, kept, logged) = (Arc::new(verifier), Mutex::default(), Mutex::default());
        Ok(Self { verifier, roles, kept, logged })
    }

    /// Keeps the keys of the identity provider fresh until `stop` is cancelled.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        Arc::clone(&self.verifier).run(stop).await;
    }

    /// Why tokens cannot be verified at present, if they cannot.
    pub(crate) fn fault(&self) -> Option<String> {
        self.verifier.ready(SystemTime::now()).err().map(|fault| fault.to_string())
    }

    /// Returns the caller whom a token names.
    pub(crate) async fn caller(&self, token: &str) -> Result<Arc<Caller>, ApiError> {
        let digest = Sha256::digest(token).into();
        if let Some(caller) = self.kept(&digest) {
            return Ok(caller);
        }
        let now = Instant::now();
        match self.verifier.verify(token, SystemTime::now()).await {
            Ok(identity) => {
                let caller = self.caller_of(identity).map(Arc::new).ok_or_else(refused)?;
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() >= MOST_KEPT {
                    kept.clear();
                }
                kept.insert(digest, (now, Arc::clone(&caller)));
                Ok(caller)
            }
            Err(Refusal::Unavailable) => {
                let message =
                    "the keys that verify tokens cannot be fetched; repeat the request, or use an API key";
                Err(ApiError::new(Code::AuthUnavailable, message.to_owned()))
            }
            Err(refusal) => {
                self.log(&refusal.to_string());
                Err(refused())
            }
        }
    }

    /// The caller of a token that was verified a moment ago: a signature takes longer than the rest of a short request.
    fn kept(&self, digest: &[u8; 32]) -> Option<Arc<Caller>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, caller) = kept.get(digest)?;
        let is_valid = at.elapsed() < KEPT && caller.expires_at.is_none_or(|end| end > Utc::now());
        is_valid.then(|| Arc::clone(caller))
    }

    /// Whoever sent the token learns no reason, so that the log has it.
    fn log(&self, reason: &str) {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemTime::now();
        if logged.is_none_or(|at| now.duration_since(at).is_ok_and(|since| since >= LOGGED)) {
            *logged = Some(now);
            tracing::warn!(reason, "a token was refused");
        }
    }

    /// None if the token claims what does not exist, and this is strict.
    fn caller_of(&self, identity: Identity) -> Option<Caller> {
        let Identity { subject, display, permissions, roles, namespaces, expires_at, .. } = identity;
        let unknown = |error: &GrantError| self.log(&format!("a token grants what does not exist: {error}"));
        let grant = self.roles.grant(roles, permissions, namespaces.as_deref(), unknown).ok()?;
        let principal = Principal { kind: PrincipalKind::User, name: display, id: Some(subject) };
        Some(Caller { principal, grant, expires_at: Some(DateTime::<Utc>::from(expires_at)) })
    }
}

fn refused() -> ApiError {
    ApiError::refused_credentials("the token is not valid")
}
