//! Callers: who sends a request, and what they may do.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{grant::Grant, permission::Permission, scope::Scope};

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Principal {
    /// The kind.
    pub kind: PrincipalKind,
    /// The name: of the key, or of the user of this machine.
    pub name: String,
    /// What identifies it, because names may repeat: the id of a key, the `sub` of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The kind of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// Everybody who reaches a server that authenticates nobody.
    Local,
    /// An API key.
    Key,
    /// Whom a token of an identity provider names.
    User,
    /// Whom a Lambda authorizer in front of the API names.
    Gateway,
    /// Who signed a request for AWS, as the gateway in front of the API says.
    Iam,
}

impl PrincipalKind {
    const ALL: [Self; 5] = [Self::Local, Self::Key, Self::User, Self::Gateway, Self::Iam];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Key => "key",
            Self::User => "user",
            Self::Gateway => "gateway",
            Self::Iam => "iam",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Principal {
    /// Whether this server, or the gateway in front of it, has authenticated it, so that nobody acts in its name.
    pub fn is_known(&self) -> bool {
        self.kind != PrincipalKind::Local
    }
}

/// A principal with what it may do.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who it is.
    pub principal: Principal,
    /// What it may do.
    pub grant: Grant,
    /// When its credentials expire. None: never.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Caller {
    /// Everybody on a server that authenticates nobody.
    pub fn local() -> Self {
        let name = std::env::var("USER").unwrap_or_else(|_| "anybody".to_owned());
        let principal = Principal { kind: PrincipalKind::Local, name, id: None };
        Self { principal, grant: Grant::everything(), expires_at: None }
    }

    /// The namespaces in which the caller has a permission. None if nowhere.
    pub fn scope(&self, permission: Permission) -> Option<&Scope> {
        self.grant.scope(permission)
    }

    /// The actor that the audit names, for a request that names one itself. Nobody who is known acts in another's name, so
    /// that the audit names both.
    pub fn actor(&self, named: Option<&str>) -> String {
        let Principal { name, id, .. } = &self.principal;
        let own = match (self.principal.kind, id) {
            (PrincipalKind::Key, Some(id)) => format!("key:{name}/{id}"),
            (PrincipalKind::User, Some(id)) if id != name => {
                format!("user:{}/{}", one_word(name), one_word(id))
            }
            (PrincipalKind::User, _) => format!("user:{}", one_word(name)),
            // The slashes of an ARN are parts of its name, and nothing follows it.
            (PrincipalKind::Iam, _) => format!("iam:{}", name.replace(char::is_whitespace, "_")),
            (PrincipalKind::Gateway, _) => format!("gateway:{}", one_word(name)),
            _ => return named.unwrap_or("api").to_owned(),
        };
        named.map_or(own.clone(), |named| format!("{own} for {named}"))
    }
}

/// A name of an identity provider, in which nothing passes for the rest of an actor.
fn one_word(name: &str) -> String {
    name.replace(|letter: char| letter.is_whitespace() || letter == '/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_who_is_known_acts_in_the_name_of_another() {
        let caller = |kind, name: &str, id: Option<&str>| Caller {
            principal: Principal { kind, name: name.to_owned(), id: id.map(str::to_owned) },
            grant: Grant::default(),
            expires_at: None,
        };
        let key = caller(PrincipalKind::Key, "ci", Some("a1"));
        assert_eq!(key.actor(Some("ada")), "key:ci/a1 for ada");
        let user = caller(PrincipalKind::User, "ada@example.com for root", Some("u/1"));
        assert_eq!(user.actor(None), "user:ada@example.com_for_root/u_1");
        assert_eq!(caller(PrincipalKind::User, "u1", Some("u1")).actor(None), "user:u1");
        let arn = "arn:aws:sts::111122223333:assumed-role/ops/ada";
        assert_eq!(caller(PrincipalKind::Iam, arn, None).actor(Some("x")), format!("iam:{arn} for x"));
        assert_eq!(caller(PrincipalKind::Gateway, "a b", None).actor(None), "gateway:a_b");
        assert_eq!(caller(PrincipalKind::Local, "ada", None).actor(Some("grace")), "grace");
    }
}
