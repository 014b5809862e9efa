//! Why a token is refused.

/// Why a token is refused. For the log and metrics only: whoever sent the token learns no reason. A caller answers
/// [`Refusal::Unavailable`] with status 503, and every other variant with 401.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No keys, or none fresh enough. It says nothing of the token.
    #[error("the keys that verify tokens are unavailable; the log says why they could not be fetched")]
    Unavailable,
    /// More than 8 KiB.
    #[error("the token is longer than 8 KiB")]
    TooLong,
    /// Not three parts of base64url with JSON objects as the first two, or an object names a member twice.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// The header names extensions that the verifier must understand. None is understood.
    #[error("the token's header has `crit`; no critical extension is supported")]
    Critical,
    /// `none`, a symmetric algorithm, an unknown one, or one that the settings do not allow.
    #[error("the token's algorithm is not allowed")]
    Algorithm,
    /// No key has the token's `kid`.
    #[error("no key has the token's `kid`")]
    UnknownKey,
    /// The token's `alg` does not fit the key.
    #[error("the token's `alg` does not fit the key")]
    UnfitKey,
    /// No key verifies the signature.
    #[error("the token's signature is wrong")]
    Signature,
    /// `iss` is another issuer.
    #[error("the token is from another issuer")]
    Issuer,
    /// `aud` does not contain the audience.
    #[error("the token is for another audience")]
    Audience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` is in the future.
    #[error("the token is not valid yet: `{0}` is in the future")]
    Early(&'static str),
    /// Valid for longer than the settings allow.
    #[error("the token is valid for too long")]
    Lifetime,
    /// A claim is missing or has a wrong shape.
    #[error("the token's claim `{name}` {problem}")]
    Claim {
        /// The claim's name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl Refusal {
    /// A short name, in lower case with `_`, for metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::TooLong => "too_long",
            Self::Malformed(_) => "malformed",
            Self::Critical => "critical",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::UnfitKey => "unfit_key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::Early(_) => "early",
            Self::Lifetime => "lifetime",
            Self::Claim { .. } => "claim",
        }
    }

    pub(crate) fn claim(name: &str, problem: &'static str) -> Self {
        Self::Claim { name: name.to_owned(), problem }
    }
}
