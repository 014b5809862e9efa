//! `tasker auth`: key pairs and tokens without an identity provider, and what permissions there are.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tasker_identity::Identity;
use tasker_orchestrator::access::{Grant, Permission, Role};

use super::{ending::Ending, profile::secret};
use crate::{
    config::ProjectConfig,
    jwt::{Algorithm, Pair, Signer},
    output::{Output, table},
};

/// How long a token is valid by default.
const EXPIRES: &str = "1h";
/// The names of the files of a key pair.
const PRIVATE: &str = "tasker-private.pem";
const PUBLIC: &str = "tasker-public.pem";

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a key pair for tokens: a private key that signs, and a public one for `auth.jwt_public_key_path`.
    GenerateKeys {
        /// The folder for tasker-private.pem and tasker-public.pem.
        #[arg(long, default_value = ".", value_name = "FOLDER")]
        output_dir: PathBuf,
        /// The algorithm.
        #[arg(long, value_enum, default_value = "EdDSA")]
        algorithm: Algorithm,
    },
    /// Sign a token with a private key, and print it.
    GenerateToken {
        /// The private key in PEM: Ed25519, P-256 or RSA.
        #[arg(long, default_value = PRIVATE, value_name = "FILE")]
        private_key: PathBuf,
        /// Whom it names (`sub`).
        #[arg(long)]
        subject: String,
        /// A role. May be given several times.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// Permissions, with commas between them: `tasks:read`, `tasks:*`, `tasks:read@shop`. May be given several times.
        #[arg(long = "permissions", alias = "permission", value_name = "PERMISSION", value_delimiter = ',')]
        permissions: Vec<String>,
        /// A namespace that it is limited to. May be given several times.
        #[arg(long = "namespace", value_name = "NAMESPACE")]
        namespaces: Vec<String>,
        /// The issuer (`iss`). Default: `auth.jwt_issuer`.
        #[arg(long)]
        issuer: Option<String>,
        /// The audience (`aud`). Default: `auth.jwt_audience`.
        #[arg(long)]
        audience: Option<String>,
        /// How long it is valid: `15m`, `12h`.
        #[arg(long, value_name = "TIME", value_parser = duration, default_value = EXPIRES)]
        expires: Duration,
    },
    /// Verify a token from standard input as a server with this configuration does, and print what it grants.
    ValidateToken {
        /// The public key in PEM, instead of the keys of the configuration.
        #[arg(long, value_name = "FILE")]
        public_key: Option<PathBuf>,
    },
    /// List the permissions, and the roles that have them.
    ShowPermissions,
}

fn duration(text: &str) -> Result<Duration, String> {
    tasker_api::duration(text).ok_or_else(|| format!("`{text}` is no duration; write 12h, 15m or 30s"))
}

pub(crate) async fn run(mut project: ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    match command {
        Command::GenerateKeys { output_dir, algorithm } => generate_keys(&output_dir, algorithm, output)?,
        Command::GenerateToken {
            private_key,
            subject,
            roles,
            permissions,
            namespaces,
            issuer,
            audience,
            expires,
        } => {
            let auth = &project.config.auth;
            Grant::read(&[], &permissions, None)?;
            let now = Utc::now().timestamp();
            let seconds = i64::try_from(expires.as_secs()).ok().and_then(|seconds| now.checked_add(seconds));
            let mut claims = Map::from_iter([
                ("iss".to_owned(), named(issuer, &auth.jwt_issuer, "issuer")?.into()),
                ("aud".to_owned(), named(audience, &auth.jwt_audience, "audience")?.into()),
                ("sub".to_owned(), subject.into()),
                ("iat".to_owned(), now.into()),
                ("exp".to_owned(), seconds.context("--expires is too far away")?.into()),
            ]);
            for (name, values) in [
                (&auth.roles_claim, roles),
                (&auth.permissions_claim, permissions),
                (&auth.namespaces_claim, namespaces),
            ] {
                if !values.is_empty() {
                    claims.insert(name.clone(), values.into());
                }
            }
            let text = fs::read_to_string(&private_key)
                .with_context(|| format!("reading {}", private_key.display()))?;
            let signer = Signer::read(&text).with_context(|| private_key.display().to_string())?;
            let token = signer.token(&Value::Object(claims.clone()))?;
            output.result(&json!({ "token": token, "claims": claims }), || token.clone())?;
        }
        Command::ValidateToken { public_key } => {
            let auth = &mut project.config.auth;
            if let Some(path) = public_key {
                auth.jwt_public_key =
                    fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
                auth.jwt_public_key_path = PathBuf::new();
                auth.jwks_url = String::new();
            }
            let Some(verifier) = auth.verifier(&project.root)? else {
                bail!("`auth.jwt_issuer` is not set: nothing says which tokens a server accepts");
            };
            let token = secret(false)?;
            let identity = match verifier.verify(&token, SystemTime::now()).await {
                Ok(identity) => identity,
                Err(refusal) => bail!("the token is refused: {refusal}"),
            };
            tell(&identity, output)?;
        }
        Command::ShowPermissions => show_permissions(output)?,
    }
    Ok(Ending::Done)
}

/// What the command line names, or else the configuration.
fn named(given: Option<String>, configured: &str, what: &str) -> Result<String> {
    match given.filter(|given| !given.is_empty()) {
        Some(given) => Ok(given),
        None if configured.is_empty() => bail!("name the {what} with --{what}, or set `auth.jwt_{what}`"),
        None => Ok(configured.to_owned()),
    }
}

fn generate_keys(folder: &Path, algorithm: Algorithm, output: &Output) -> Result<()> {
    let pair = Pair::random(algorithm)?;
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let (private, public) = (folder.join(PRIVATE), folder.join(PUBLIC));
    for (path, text, mode) in [(&private, &pair.private, 0o600), (&public, &pair.public, 0o644)] {
        // A key that is replaced makes its tokens useless.
        let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("writing {}", path.display()))?;
    }
    let shown = json!({ "private_key": private, "public_key": public });
    output.result(&shown, || {
        format!(
            "{} signs tokens: keep it secret\n{} verifies them: name it in `auth.jwt_public_key_path`",
            private.display(),
            public.display()
        )
    })
}

fn tell(identity: &Identity, output: &Output) -> Result<()> {
    let Identity { subject, display, issuer, permissions, roles, namespaces, expires_at, .. } = identity;
    let expires_at = DateTime::<Utc>::from(*expires_at);
    let shown = json!({
        "subject": subject, "name": display, "issuer": issuer, "roles": roles, "permissions": permissions,
        "namespaces": namespaces, "expires_at": expires_at,
    });
    output.result(&shown, || {
        let list = |texts: &[String]| if texts.is_empty() { "none".to_owned() } else { texts.join(" ") };
        let namespaces = namespaces.as_deref().map_or("all".to_owned(), list);
        format!(
            "valid until {} UTC\n  name         {display}\n  subject      {subject}\n  roles        {}\n  permissions  {}\n  namespaces   {namespaces}",
            expires_at.format("%Y-%m-%d %H:%M:%S"),
            list(roles),
            list(permissions),
        )
    })
}

fn show_permissions(output: &Output) -> Result<()> {
    let roles_of = |permission: &Permission| -> Vec<&str> {
        let roles = Role::ALL.into_iter().filter(|role| role.permissions().contains(permission));
        roles.map(Role::as_str).collect()
    };
    let rows: Vec<Value> = Permission::ALL
        .iter()
        .map(|permission| {
            json!({
                "permission": permission.as_str(), "description": permission.description(), "roles": roles_of(permission),
                "of_namespaces": permission.is_of_namespaces(),
            })
        })
        .collect();
    output.result(&rows, || {
        let row = |permission: &Permission| {
            vec![permission.to_string(), roles_of(permission).join(" "), permission.description().to_owned()]
        };
        table(&["PERMISSION", "ROLES", "ALLOWS TO"], &Permission::ALL.iter().map(row).collect::<Vec<_>>())
    })
}
