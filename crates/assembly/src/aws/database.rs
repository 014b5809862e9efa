//! The database that `DATABASE_URL` names, and the secret with its login, which may be rotated.

use std::path::Path;

use async_trait::async_trait;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tasker_pool::Login;
use tasker_transport::aws::{SdkConfig, read_secret};
use url::Url;

use super::{
    error::AwsError,
    variable::{VariableError, optional, parsed_required},
};

/// The variable that contains the URL of the database.
const URL: &str = "DATABASE_URL";
/// The variable that contains the ARN of the secret.
const SECRET: &str = "TASKER_DATABASE_SECRET";

/// The root certificates of Amazon RDS, which `scripts/build-functions.sh` packs beside each function.
const RDS_AUTHORITIES: &str = "/var/task/rds-authorities.pem";
/// The names under which a URL gives root certificates.
const AUTHORITIES: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];

/// The login of a database, in the format of RDS secrets.
#[derive(Serialize, Deserialize)]
pub struct Credentials {
    /// The role.
    pub username: String,
    /// Its password.
    pub password: String,
}

/// The database, and its secret if it has one.
pub(super) struct Database {
    config: SdkConfig,
    url: Url,
    secret: Option<String>,
}

impl Database {
    /// Reads the URL and the ARN of the secret from the environment.
    pub(super) fn of_environment(config: &SdkConfig) -> Result<Self, VariableError> {
        Ok(Self { config: config.clone(), url: parsed_required(URL)?, secret: optional(SECRET) })
    }

    /// Whether the login comes from a secret.
    pub(super) fn has_secret(&self) -> bool {
        self.secret.is_some()
    }

    /// Returns the options to connect with, with the current login of the secret.
    pub(super) async fn options(&self) -> Result<PgConnectOptions, AwsError> {
        let mut url = self.url.clone();
        if let Some(secret) = &self.secret {
            let Credentials { username, password } =
                serde_json::from_str(&read_secret(&self.config, secret).await?)
                    .map_err(|error| VariableError::unreadable(SECRET, &error))?;
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let done = url
                .set_username(&encode(&username))
                .and_then(|()| url.set_password(Some(&encode(&password))));
            done.map_err(|()| VariableError::unreadable(URL, &"it contains no host"))?;
        }
        let options = with_authorities(&url, Path::new(RDS_AUTHORITIES));
        Ok(options.map_err(|error| VariableError::unreadable(URL, &error))?)
    }
}

/// Reads a URL. If it asks for a verified server and names no root certificates, those in the file are accepted beside the
/// public ones: RDS signs the certificates of its databases itself.
fn with_authorities(url: &Url, file: &Path) -> Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = url.as_str().parse()?;
    let verifies = matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    let named = url.query_pairs().any(|(name, _)| AUTHORITIES.contains(&&*name))
        || std::env::var_os("PGSSLROOTCERT").is_some();
    Ok(if verifies && !named && file.is_file() { options.ssl_root_cert(file) } else { options })
}

#[async_trait]
impl Login for Database {
    async fn renewed(&self) -> Result<PgConnectOptions, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.options().await?)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
    use tasker_local_postgres::{Durability, LocalPostgres};

    use super::*;

    /// Runs `openssl` in a folder.
    fn openssl(folder: &Path, arguments: &str) {
        let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(made.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&made.stderr));
    }

    /// Makes the server accept TLS, with a certificate for 127.0.0.1 that the authority in `ca.pem` has signed.
    async fn certify(folder: &Path, server: &LocalPostgres) {
        let ec = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        for name in ["ca", "other"] {
            let files = format!("-keyout {name}.key -out {name}.pem");
            openssl(folder, &format!("req -x509 {ec} -days 2 -subj /CN={name} {files}"));
        }
        openssl(folder, &format!("req {ec} -subj /CN=server -keyout server.key -out server.csr"));
        std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1").unwrap();
        openssl(
            folder,
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -set_serial 1 -days 2 -extfile names -out server.pem",
        );
        let mut connection = PgConnection::connect(&server.url()).await.unwrap();
        // The server writes the files itself, because they must belong to its user.
        for (name, mode) in [("server.key", "600"), ("server.pem", "644")] {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            let lines = text.lines().map(|line| format!("('{line}')")).collect::<Vec<_>>().join(",");
            let write = format!("COPY (VALUES {lines}) TO PROGRAM 'cat > {name} && chmod {mode} {name}'");
            sqlx::raw_sql(AssertSqlSafe(write)).execute(&mut connection).await.unwrap();
        }
        for setting in ["ssl_cert_file = 'server.pem'", "ssl_key_file = 'server.key'", "ssl = on"] {
            let set = AssertSqlSafe(format!("ALTER SYSTEM SET {setting}"));
            sqlx::raw_sql(set).execute(&mut connection).await.unwrap();
        }
        sqlx::raw_sql("SELECT pg_reload_conf()").execute(&mut connection).await.unwrap();
    }

    #[tokio::test]
    async fn a_server_is_accepted_only_with_a_certificate_of_the_named_authority() {
        let folder = tempfile::tempdir().unwrap();
        let server = LocalPostgres::start(folder.path(), Durability::None).unwrap();
        certify(folder.path(), &server).await;
        let (ca, other) = (folder.path().join("ca.pem"), folder.path().join("other.pem"));
        let connect = async |url: String, packed: &Path| {
            let options = with_authorities(&url.parse().unwrap(), packed).unwrap();
            let mut connection = PgConnection::connect_with(&options).await?;
            sqlx::query_scalar::<_, bool>("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                .fetch_one(&mut connection)
                .await
        };
        let url = |options: &str| format!("{}?sslmode=verify-full{options}", server.url());
        let named = |file: &Path| url(&format!("&sslrootcert={}", file.display()));
        let nothing = folder.path().join("missing.pem");
        // The reload of the server's settings takes a moment.
        let begun = std::time::Instant::now();
        let mut accepted = connect(named(&ca), &nothing).await;
        while accepted.is_err() && begun.elapsed() < std::time::Duration::from_secs(10) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            accepted = connect(named(&ca), &nothing).await;
        }
        assert!(accepted.unwrap(), "the connection is encrypted");
        // The packed certificates are accepted as well, if the URL names no others.
        assert!(connect(url(""), &ca).await.unwrap());
        let elsewhere = named(&ca).replace("@127.0.0.1:", "@localhost:");
        for (why, url, packed) in [
            ("another authority", named(&other), &nothing),
            ("another authority, whatever is packed", named(&other), &ca),
            ("public authorities only", url(""), &nothing),
            ("another name", elsewhere, &nothing),
        ] {
            let refused = format!("{:?}", connect(url, packed).await);
            assert!(refused.contains("InvalidCertificate"), "{why}: {refused}");
        }
    }

    #[test]
    fn a_verified_server_may_be_of_rds_unless_the_url_names_other_certificates() {
        let file = std::env::current_exe().unwrap();
        let accepts = |options: &str, file: &Path| {
            let url = format!("postgres://database.example/tasker{options}").parse().unwrap();
            format!("{:?}", with_authorities(&url, file).unwrap()).contains(&format!("{file:?}"))
        };
        assert!(accepts("?sslmode=verify-full", &file));
        assert!(accepts("?application_name=x&ssl-mode=verify-ca", &file));
        for other in ["", "?sslmode=require", "?sslmode=verify-full&sslrootcert=/etc/own.pem"] {
            assert!(!accepts(other, &file), "{other}");
        }
        assert!(!accepts("?sslmode=verify-full", &file.with_extension("missing")));
    }
}
