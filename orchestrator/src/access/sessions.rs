//! Sessions: who has logged in, in a browser or with `tasker login`. Only a hash of what clients send is stored.

use std::{net::IpAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use serde::{Deserialize, Serialize};
use sqlx::{Row, postgres::PgRow};
use tasker_pool::Pool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    caller::{Caller, Principal, PrincipalKind},
    grant::Grant,
    kept::Kept,
    keys::Keys,
};
use crate::{database::set::sql, error::Error, slice::Slice, text::printable};

/// The beginning of what a client of a session sends.
const PREFIX: &str = "tss_";
/// The beginning of a code that fetches a session.
const CODE_PREFIX: &str = "tsc_";
/// How long a session lasts at most, in hours.
const HOURS: i32 = 8;
/// How long it lasts without use, in minutes.
const IDLE_MINUTES: i32 = 60;
/// How long a code is valid, in seconds.
const CODE_SECONDS: i32 = 120;
/// The maximum number of sessions of a principal. A further one ends the oldest.
const MOST_OF_ONE: i64 = 100;
/// How many ended ones one call deletes.
const AT_ONCE: i64 = 10_000;
/// The maximum length of the program's name, in characters.
const LONGEST_PROGRAM: usize = 300;

/// A session, without what its client sends.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// What names it.
    pub session_id: Uuid,
    /// Who has logged in.
    pub principal: Principal,
    /// The API key that it was made from, with which it ends. None: a login at the identity provider.
    pub key_id: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to the minute. It ends an hour after.
    pub last_used_at: DateTime<Utc>,
    /// The address that the login came from.
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// The program that logged in, as it says.
    pub user_agent: Option<String>,
}

/// A login.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Who logs in. The session has the same permissions.
    pub caller: Arc<Caller>,
    /// The address that the login comes from.
    pub address: Option<IpAddr>,
    /// The program that logs in, as it says.
    pub user_agent: Option<String>,
}

/// A session that was made, with what its client sends. Nothing returns that again.
#[derive(Clone)]
pub struct MadeSession {
    /// The session.
    pub session: Session,
    /// What its client sends, as a cookie or as `Authorization: Bearer`.
    pub secret: String,
}

/// Without the secret.
impl std::fmt::Debug for MadeSession {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MadeSession").field("session", &self.session).finish_non_exhaustive()
    }
}

/// A code with which a program fetches a session, once and within two minutes.
pub struct SessionCode(pub String);

/// The sessions of a database.
#[derive(Debug)]
pub struct Sessions {
    pool: Pool,
    kept: Arc<Kept>,
}

impl Sessions {
    /// The sessions of this database. They end with their keys, so that both share what they keep.
    pub fn new(pool: Pool, keys: &Keys) -> Self {
        Self { pool, kept: Arc::clone(&keys.kept) }
    }

    /// Whether a text is one that a client of a session sends.
    pub fn is_text(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Whether a text has the form of those that stand for a session. It may have ended, or never begun.
    pub fn is_whole(text: &str) -> bool {
        digest_of(PREFIX, text).is_some()
    }

    /// Returns the caller that a session stands for. None if there is no such session, or it has ended.
    pub async fn verify(&self, text: &str) -> Result<Option<Arc<Caller>>, Error> {
        let Some(digest) = digest_of(PREFIX, text) else { return Ok(None) };
        self.kept.or_look_up(digest.clone(), self.look_up(&digest, true)).await
    }

    /// As [`Self::verify`], for what was opened earlier and goes on: that is no use of the session.
    pub async fn verify_again(&self, text: &str) -> Result<Option<Arc<Caller>>, Error> {
        let Some(digest) = digest_of(PREFIX, text) else { return Ok(None) };
        // Kept apart: a verdict of this kind must not answer a request, whose use would not be recorded.
        let kept_as = [digest.as_slice(), b" again"].concat();
        self.kept.or_look_up(kept_as, self.look_up(&digest, false)).await
    }

    /// `is_use`: whether to record the use.
    async fn look_up(&self, digest: &[u8], is_use: bool) -> Result<Option<Caller>, Error> {
        let row = sqlx::query(sql!(
            "SELECT s.session_id, s.principal_kind, s.principal, s.principal_id, s.permissions,
                    s.last_used_at < tasker_f.now() - interval '1 minute' AS is_new_use,
                    CASE WHEN s.key_id IS NULL THEN s.expires_at ELSE k.expires_at END AS credentials_end
             FROM tasker.sessions s LEFT JOIN tasker.api_keys k ON k.key_id = s.key_id
             WHERE s.digest = $1 AND s.code_digest IS NULL AND s.expires_at > tasker_f.now()
               AND s.last_used_at > tasker_f.now() - $2 * interval '1 minute'
               AND (s.key_id IS NULL
                    OR k.revoked_at IS NULL AND k.key_id IS NOT NULL
                       AND (k.expires_at IS NULL OR k.expires_at > tasker_f.now()))"
        ))
        .bind(digest)
        .bind(IDLE_MINUTES)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let id: Uuid = row.try_get("session_id")?;
        let is_new_use: bool = row.try_get("is_new_use")?;
        if is_use && is_new_use {
            let used = sql!("UPDATE tasker.sessions SET last_used_at = tasker_f.now() WHERE session_id = $1");
            if let Err(error) = sqlx::query(used).bind(id).execute(&self.pool).await {
                tracing::warn!(session = %id, %error, "the use of a session could not be recorded");
            }
        }
        let permissions: Vec<String> = row.try_get("permissions")?;
        // Another release may have made it.
        let grant = Grant::read(&[], &permissions, None).unwrap_or_else(|error| {
            tracing::error!(session = %id, %error, "a session grants nothing, because this build does not know all of it");
            Grant::default()
        });
        Ok(Some(Caller { principal: principal(&row)?, grant, expires_at: row.try_get("credentials_end")? }))
    }

    /// Makes a session for a client that is there.
    pub async fn create(&self, new: &NewSession) -> Result<MadeSession, Error> {
        let secret = random_text(PREFIX);
        let session = self.insert(new, &secret, None).await?;
        Ok(MadeSession { session, secret })
    }

    /// Makes a session for a program that fetches it with a code. It must know the text of which `challenge` is the SHA-256,
    /// so that nobody else can use the code.
    pub async fn create_for_program(&self, new: &NewSession, challenge: &[u8]) -> Result<SessionCode, Error> {
        let code = random_text(CODE_PREFIX);
        // Nobody knows the text of a session that is not fetched.
        self.insert(new, &random_text(PREFIX), Some((&code, challenge))).await?;
        Ok(SessionCode(code))
    }

    async fn insert(
        &self,
        NewSession { caller, address, user_agent }: &NewSession,
        secret: &str,
        code: Option<(&str, &[u8])>,
    ) -> Result<Session, Error> {
        let Principal { kind, name, id } = &caller.principal;
        let key = id.as_deref().filter(|_| *kind == PrincipalKind::Key);
        let program: Option<String> =
            user_agent.as_ref().map(|program| printable(program).chars().take(LONGEST_PROGRAM).collect());
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "DELETE FROM tasker.sessions WHERE session_id IN (
                 SELECT session_id FROM tasker.sessions
                 WHERE principal_kind = $1 AND principal = $2 AND principal_id IS NOT DISTINCT FROM $3
                 ORDER BY created_at DESC OFFSET $4)",
        )
        .bind(kind.as_str())
        .bind(name)
        .bind(id)
        .bind(MOST_OF_ONE - 1)
        .execute(&mut *transaction)
        .await?;
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "INSERT INTO tasker.sessions AS s (session_id, digest, principal_kind, principal, principal_id, permissions, key_id,
                 created_at, expires_at, last_used_at, address, user_agent, code_digest, code_challenge)
             SELECT $1, $2, $3, $4, $5, $6, $7, at, least(at + $8 * interval '1 hour', $9), at, $10::inet, $11, $12, $13
             FROM (SELECT {}() AS at) clock RETURNING {SESSION}",
            sql!("tasker_f.now")
        )))
        .bind(Uuid::now_v7())
        .bind(digest_of(PREFIX, secret))
        .bind(kind.as_str())
        .bind(name)
        .bind(id)
        .bind(caller.grant.texts())
        .bind(key)
        .bind(HOURS)
        .bind(key.and(caller.expires_at))
        .bind(address.map(|address| address.to_string()))
        .bind(program)
        .bind(code.and_then(|(code, _)| digest_of(CODE_PREFIX, code)))
        .bind(code.map(|(_, challenge)| challenge))
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        read(&row)
    }

    /// Returns the session that a code fetches. None if the code is unknown, was used or is too old, or if `verifier` is not the
    /// text that belongs to it.
    pub async fn fetch(&self, code: &str, verifier: &str) -> Result<Option<MadeSession>, Error> {
        let Some(code) = digest_of(CODE_PREFIX, code) else { return Ok(None) };
        let secret = random_text(PREFIX);
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "UPDATE tasker.sessions s SET digest = $3, code_digest = NULL, code_challenge = NULL
             WHERE code_digest = $1 AND code_challenge = $2 AND created_at > {}() - $4 * interval '1 second'
             RETURNING {SESSION}",
            sql!("tasker_f.now")
        )))
        .bind(code)
        .bind(digest(&SHA256, verifier.as_bytes()).as_ref())
        .bind(digest_of(PREFIX, &secret))
        .bind(CODE_SECONDS)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.as_ref().map(read).transpose()?.map(|session| MadeSession { session, secret }))
    }

    /// Returns sessions that have not ended, newest first, by the time of their beginning and their id.
    pub async fn list(&self, slice: Slice<(DateTime<Utc>, Uuid)>) -> Result<Vec<Session>, Error> {
        let (at, id) = slice.after.unzip();
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {SESSION} FROM tasker.sessions s LEFT JOIN tasker.api_keys k ON k.key_id = s.key_id,
                    (SELECT {}() AS now) clock
             WHERE ($1::timestamptz IS NULL OR (s.created_at, s.session_id) < ($1, $2))
               AND s.code_digest IS NULL AND s.expires_at > now AND s.last_used_at > now - $4 * interval '1 minute'
               AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now)
             ORDER BY s.created_at DESC, s.session_id DESC LIMIT $3",
            sql!("tasker_f.now")
        )))
        .bind(at)
        .bind(id)
        .bind(slice.sql_limit())
        .bind(IDLE_MINUTES)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Ends a session. Other processes refuse it within two seconds.
    pub async fn end(&self, id: Uuid) -> Result<Session, Error> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "DELETE FROM tasker.sessions s WHERE session_id = $1 RETURNING {SESSION}"
        )))
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        self.kept.forget();
        row.as_ref().map_or(Err(Error::NoSuchSession(id)), read)
    }

    /// Ends the session whose client sends this.
    pub async fn end_by_text(&self, text: &str) -> Result<(), Error> {
        if let Some(digest) = digest_of(PREFIX, text) {
            sqlx::query("DELETE FROM tasker.sessions WHERE digest = $1")
                .bind(digest)
                .execute(&self.pool)
                .await?;
            self.kept.forget();
        }
        Ok(())
    }

    /// Deletes some of the sessions that have ended.
    pub async fn forget(&self) -> Result<(), Error> {
        sqlx::query(sql!(
            "DELETE FROM tasker.sessions WHERE session_id IN (
                 SELECT session_id FROM tasker.sessions WHERE expires_at < tasker_f.now() ORDER BY expires_at LIMIT $1)"
        ))
        .bind(AT_ONCE)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// A random text with this beginning, and 256 bits after it.
fn random_text(prefix: &str) -> String {
    let mut random = [0; 32];
    SystemRandom::new().fill(&mut random).expect("the system has random numbers");
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random))
}

/// What is stored of a text with this beginning. None if it is no such text.
fn digest_of(prefix: &str, text: &str) -> Option<Vec<u8>> {
    let random = text.strip_prefix(prefix)?;
    let is_whole = URL_SAFE_NO_PAD.decode(random).is_ok_and(|random| random.len() == 32);
    is_whole.then(|| digest(&SHA256, text.as_bytes()).as_ref().to_vec())
}

const SESSION: &str = "s.session_id, s.principal_kind, s.principal, s.principal_id, s.key_id, s.created_at, s.expires_at, s.last_used_at,
     host(s.address) AS address, s.user_agent";

fn read(row: &PgRow) -> Result<Session, Error> {
    let address: Option<String> = row.try_get("address")?;
    Ok(Session {
        session_id: row.try_get("session_id")?,
        principal: principal(row)?,
        key_id: row.try_get("key_id")?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
        last_used_at: row.try_get("last_used_at")?,
        address: address.and_then(|address| address.parse().ok()),
        user_agent: row.try_get("user_agent")?,
    })
}

fn principal(row: &PgRow) -> Result<Principal, Error> {
    let kind: String = row.try_get("principal_kind")?;
    let kind = PrincipalKind::from_name(&kind)
        .ok_or_else(|| Error::Damaged(format!("kind {kind} of the principal of a session")))?;
    Ok(Principal { kind, name: row.try_get("principal")?, id: row.try_get("principal_id")? })
}
