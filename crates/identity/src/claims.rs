//! Checks the claims of a verified token (RFC 7519), and reads an identity from them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use crate::{identity::Identity, refusal::Refusal, settings::ClaimNames};

/// The end of the year 9999, in seconds since 1970. Later times are refused, so that no sum overflows.
const MAX_TIME: f64 = 253_402_300_799.0;

/// What the claims must be.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) leeway: Duration,
    pub(crate) max_lifetime: Duration,
    pub(crate) names: ClaimNames,
}

impl Rules {
    /// Checks the claims, and reads the identity.
    pub(crate) fn identity(&self, claims: &Map<String, Value>, now: SystemTime) -> Result<Identity, Refusal> {
        match claims.get("iss") {
            Some(Value::String(issuer)) if *issuer == self.issuer => {}
            Some(Value::String(_)) => return Err(Refusal::Issuer),
            Some(_) => return Err(Refusal::claim("iss", "is not a text")),
            None => return Err(Refusal::claim("iss", "is missing")),
        }
        if !audiences(claims)?.contains(&self.audience) {
            return Err(Refusal::Audience);
        }
        let expires_at = self.times(claims, now)?;
        let subject = match claims.get("sub") {
            Some(Value::String(subject)) if is_name(subject) => subject.clone(),
            Some(_) => {
                return Err(Refusal::claim("sub", "is not a text, is empty or has control characters"));
            }
            None => return Err(Refusal::claim("sub", "is missing")),
        };
        let Granted { permissions, roles, namespaces } = self.names.granted(claims)?;
        let email = claims.get("email").and_then(Value::as_str).filter(|email| is_name(email));
        // Anybody may claim an address that nobody has verified.
        let is_verified = claims.get("email_verified") == Some(&Value::Bool(true));
        let email = email.filter(|_| is_verified).map(str::to_owned);
        Ok(Identity {
            display: email.clone().unwrap_or_else(|| subject.clone()),
            subject,
            email,
            issuer: self.issuer.clone(),
            permissions,
            roles,
            namespaces,
            expires_at,
        })
    }

    /// Checks the times, and returns when the token expires.
    fn times(&self, claims: &Map<String, Value>, now: SystemTime) -> Result<SystemTime, Refusal> {
        let expires_at = time(claims, "exp")?.ok_or_else(|| Refusal::claim("exp", "is missing"))?;
        if expires_at <= now {
            return Err(Refusal::Expired);
        }
        let issued_at = time(claims, "iat")?;
        for (name, from) in [("nbf", time(claims, "nbf")?), ("iat", issued_at)] {
            let ahead = from.and_then(|from| from.duration_since(now).ok());
            if ahead.is_some_and(|ahead| ahead > self.leeway) {
                return Err(Refusal::Early(name));
            }
        }
        let lifetime = expires_at.duration_since(issued_at.unwrap_or(now)).unwrap_or_default();
        if lifetime > self.max_lifetime {
            return Err(Refusal::Lifetime);
        }
        Ok(expires_at)
    }
}

/// What claims grant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Granted {
    /// Permissions. Which ones exist is the caller's matter.
    pub permissions: Vec<String>,
    /// Roles.
    pub roles: Vec<String>,
    /// Namespaces: None, all; empty, none.
    pub namespaces: Option<Vec<String>>,
}

impl ClaimNames {
    /// Reads what claims grant that somebody else has verified.
    ///
    /// # Errors
    /// Which claim has a wrong shape.
    pub fn granted(&self, claims: &Map<String, Value>) -> Result<Granted, Refusal> {
        Ok(Granted {
            permissions: list(claims, &self.permissions)?.unwrap_or_default(),
            roles: list(claims, &self.roles)?.unwrap_or_default(),
            namespaces: list(claims, &self.namespaces)?,
        })
    }
}

/// Checks what only a token for a login has: it answers this login (`nonce`), and is made for this client (`azp`).
pub(crate) fn check_login(claims: &Map<String, Value>, nonce: &str, client: &str) -> Result<(), Refusal> {
    if claims.get("nonce").and_then(Value::as_str) != Some(nonce) {
        return Err(Refusal::claim("nonce", "is not that of this login"));
    }
    let is_for_several = audiences(claims)?.len() > 1;
    match claims.get("azp") {
        None if !is_for_several => Ok(()),
        Some(Value::String(party)) if party == client => Ok(()),
        _ => Err(Refusal::claim("azp", "is not this client")),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_control)
}

/// A time in seconds since 1970. Fractions are cut off.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<SystemTime>, Refusal> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    match value.as_f64() {
        Some(seconds) if (0.0..=MAX_TIME).contains(&seconds) => {
            Ok(UNIX_EPOCH.checked_add(Duration::from_secs(seconds as u64)))
        }
        _ => Err(Refusal::claim(name, "is not a time in seconds since 1970")),
    }
}

fn audiences(claims: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    match claims.get("aud") {
        Some(Value::String(audience)) => Ok(vec![audience.clone()]),
        Some(Value::Array(values)) => {
            texts(values).ok_or_else(|| Refusal::claim("aud", "has an element that is not a text"))
        }
        Some(_) => Err(Refusal::claim("aud", "is neither a text nor an array")),
        None => Err(Refusal::claim("aud", "is missing")),
    }
}

/// An array of texts, or one text with spaces between them. None if the claim is absent.
fn list(claims: &Map<String, Value>, name: &str) -> Result<Option<Vec<String>>, Refusal> {
    let problem = "is neither an array of texts nor one text with spaces between them";
    match find(claims, name) {
        Ok(None) => Ok(None),
        Ok(Some(Value::String(text))) => Ok(Some(text.split_ascii_whitespace().map(str::to_owned).collect())),
        Ok(Some(Value::Array(values))) => {
            let texts = texts(values).filter(|texts| texts.iter().all(|text| !text.is_empty()));
            texts.map(Some).ok_or_else(|| Refusal::claim(name, problem))
        }
        Ok(Some(_)) | Err(NotObject) => Err(Refusal::claim(name, problem)),
    }
}

fn texts(values: &[Value]) -> Option<Vec<String>> {
    values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}

/// A path leads through something that is not an object. It is not the same as an absent claim, which would allow all
/// namespaces.
struct NotObject;

/// The claim of a name, or else of a path with dots. A part of a path may contain dots: the longest one that leads to
/// a value counts.
fn find<'claims>(
    object: &'claims Map<String, Value>,
    name: &str,
) -> Result<Option<&'claims Value>, NotObject> {
    if let Some(value) = object.get(name) {
        return Ok(Some(value));
    }
    for (dot, _) in name.rmatch_indices('.') {
        let (first, rest) = (&name[..dot], &name[dot + 1..]);
        let Some(value) = object.get(first) else { continue };
        if let Some(value) = find(value.as_object().ok_or(NotObject)?, rest)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list_of(claims: &Value, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        list(claims.as_object().unwrap(), name)
    }

    #[test]
    fn a_claim_is_found_by_its_whole_name_and_else_by_its_path() {
        let claims = json!({
            "roles": ["top"],
            "cognito:groups": ["colon"],
            "https://tasker.example/roles": ["address"],
            "realm_access": {"roles": ["path"]},
            "resource_access": {"tasker.example": {"roles": ["dots inside"]}},
            "a.b": {"x": ["long"]},
            "a": {"b": {"x": ["short"], "y": ["only there"]}},
            "a.b.z": ["whole"],
        });
        for (name, expected) in [
            ("roles", "top"),
            ("cognito:groups", "colon"),
            ("https://tasker.example/roles", "address"),
            ("realm_access.roles", "path"),
            ("resource_access.tasker.example.roles", "dots inside"),
            ("a.b.x", "long"),
            ("a.b.y", "only there"),
            ("a.b.z", "whole"),
        ] {
            assert_eq!(list_of(&claims, name), Ok(Some(vec![expected.to_owned()])), "{name}");
        }
        for name in
            ["groups", "realm_access.groups", "realm_access.", ".roles", "realm_access.roles2", "x.y.z"]
        {
            assert_eq!(list_of(&claims, name), Ok(None), "{name}");
        }
    }

    #[test]
    fn a_list_is_an_array_or_one_text_and_nothing_else() {
        for (value, expected) in [
            (json!([]), vec![]),
            (json!(""), vec![]),
            (json!("  "), vec![]),
            (json!(["a", "b c"]), vec!["a", "b c"]),
            (json!("a  b"), vec!["a", "b"]),
        ] {
            assert_eq!(
                list_of(&json!({ "p": value }), "p"),
                Ok(Some(expected.into_iter().map(str::to_owned).collect())),
                "{value}"
            );
        }
        for value in
            [json!(null), json!(1), json!(true), json!({}), json!([1]), json!([""]), json!(["a", null])]
        {
            assert!(matches!(list_of(&json!({ "p": value }), "p"), Err(Refusal::Claim { .. })), "{value}");
        }
        for value in [json!(null), json!("x"), json!([])] {
            let refused = list_of(&json!({ "a": value }), "a.b");
            assert!(matches!(refused, Err(Refusal::Claim { .. })), "through {value}");
        }
    }
}
