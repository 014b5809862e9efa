//! Verifies JSON Web Tokens and reads whom they name, and lets users log in at an OpenID provider. It knows nothing of HTTP servers, permissions or databases.
//!
//! The keys are PEM texts, or a set at an HTTPS URL (JWKS) that is fetched again as it ages or lacks a key. Every time
//! that matters is an argument.
//!
//! Signatures are verified by `ring` directly, without the crate `jsonwebtoken`: its provider of cryptography can be
//! installed once per process only, signs as well, and it accepts duplicate claims and knows nothing of `crit`. What
//! would remain of it is less than this crate's parsing of tokens and keys.
#![forbid(unsafe_code)]

mod absent;
mod algorithm;
mod claims;
mod fetch;
mod identity;
mod jwk;
mod jwks;
mod key;
mod pem;
mod provider;
mod refusal;
mod schedule;
mod settings;
mod token;
mod verify;

pub use claims::Granted;
pub use fetch::{Document, FetchError, Source};
pub use identity::Identity;
pub use jwks::NotReady;
pub use provider::{Answer, LoginRefusal, Provider, ProviderSettings, Secrets};
pub use refusal::Refusal;
pub use settings::{ClaimNames, Keys, Settings, SettingsError};
pub use verify::Verifier;
