//! A secret that all servers of a database share, made by the first one.

use ring::rand::{SecureRandom, SystemRandom};
use tasker_pool::Pool;

use crate::error::Error;

/// The length of a secret, in bytes.
const LENGTH: usize = 32;

/// Returns the secret of this name. Makes it if there is none.
///
/// # Panics
/// The system has no random numbers.
pub(crate) async fn server_secret(pool: &Pool, name: &str) -> Result<[u8; LENGTH], Error> {
    let mut random = [0; LENGTH];
    SystemRandom::new().fill(&mut random).expect("the system has random numbers");
    sqlx::query(
        "INSERT INTO tasker.server_secrets (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
    )
    .bind(name)
    .bind(&random[..])
    .execute(pool)
    .await?;
    let secret: Vec<u8> = sqlx::query_scalar("SELECT secret FROM tasker.server_secrets WHERE name = $1")
        .bind(name)
        .fetch_one(pool)
        .await?;
    secret.try_into().map_err(|_| Error::Damaged(format!("secret {name}")))
}
