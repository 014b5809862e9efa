//! How the measured clients are authenticated.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde::Serialize;
use serde_json::{Value, json};

const ISSUER: &str = "https://idp.example";
const AUDIENCE: &str = "bench";

/// How the clients of a server are authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Access {
    /// Not at all.
    Off,
    /// By an API key.
    Key,
    /// By a token that an Ed25519 key signs.
    Token,
}

/// The header that a client sends, and the environment of a server that accepts it.
#[derive(Debug, Default)]
pub(crate) struct Credential {
    pub(crate) header: Option<(&'static str, String)>,
    pub(crate) environment: Vec<(&'static str, String)>,
}

impl Access {
    /// Makes a credential. A key is stored in the database.
    pub(crate) fn credential(self, program: &Path, database: &str) -> Result<Credential> {
        match self {
            Self::Off => Ok(Credential::default()),
            Self::Key => Ok(Credential {
                header: Some(("x-api-key", key(program, database)?)),
                environment: vec![("TASKER__AUTH__MODE", "own".to_owned())],
            }),
            Self::Token => {
                let document =
                    Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok().context("making a key")?;
                let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).ok().context("reading a key")?;
                Ok(Credential {
                    header: Some(("authorization", format!("Bearer {}", token(&pair)))),
                    environment: vec![
                        ("TASKER__AUTH__JWT_ISSUER", ISSUER.to_owned()),
                        ("TASKER__AUTH__JWT_AUDIENCE", AUDIENCE.to_owned()),
                        ("TASKER__AUTH__JWT_PUBLIC_KEY", pem(&pair)),
                    ],
                })
            }
        }
    }
}

fn key(program: &Path, database: &str) -> Result<String> {
    let output = Command::new(program)
        .args(["--json", "key", "create", "--database", "--name", "bench", "--role", "admin"])
        .env("DATABASE_URL", database)
        .output()
        .context("making an API key")?;
    if !output.status.success() {
        bail!("no API key could be made: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let created: Value = serde_json::from_slice(&output.stdout)?;
    Ok(created["secret"].as_str().context("the key has no secret")?.to_owned())
}

fn token(pair: &Ed25519KeyPair) -> String {
    let now = chrono::Utc::now().timestamp();
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "bench", "roles": ["admin"], "iat": now, "exp": now + 80_000,
    });
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "EdDSA" })), part(&claims));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The public key, in PEM: the algorithm's identifier (RFC 8410), then the key.
fn pem(pair: &Ed25519KeyPair) -> String {
    let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    der.extend(pair.public_key().as_ref());
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(der))
}
