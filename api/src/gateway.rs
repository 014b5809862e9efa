//! Callers whom the gateway in front of the API has authenticated: who they are by its word, and what they may do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use tasker_identity::{ClaimNames, Granted};
use tasker_orchestrator::access::{Caller, Grant, GrantError, Permission, Principal, PrincipalKind, Role};

use crate::{
    problem::{ApiError, Code},
    roles::Roles,
};

/// What the gateway says of a request's sender: an extension of the request. Never read from headers, which the sender writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayClaims {
    /// Who signed the request for AWS.
    Iam {
        /// The ARN of the user, or of the role with the name of its session.
        user_arn: String,
    },
    /// The claims of a token that the gateway has verified, as texts.
    Jwt {
        /// The claims.
        claims: BTreeMap<String, String>,
        /// The scopes among them that the gateway demanded.
        scopes: Vec<String>,
    },
    /// What a Lambda authorizer returned: `principal`, and `permissions`, `roles` and `namespaces` as arrays or as texts with
    /// spaces.
    Authorizer(Map<String, Value>),
}

/// What callers may do whom the gateway has authenticated.
#[derive(Debug)]
pub struct Gateway {
    /// Roles and permissions by patterns of ARNs, the longest first.
    iam: Vec<(String, Vec<String>)>,
    roles: Roles,
    /// The names of the added roles that no built-in role has.
    further: BTreeSet<String>,
    claims: ClaimNames,
}

/// Why no gateway can be trusted with these settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// What an ARN is mapped to does not exist.
    #[error("{pattern} is mapped to `{name}`, which is neither a role nor a permission")]
    Unknown {
        /// The pattern of the ARN.
        pattern: String,
        /// The name.
        name: String,
    },
    /// A role grants what does not exist.
    #[error("a role: {0}")]
    Role(GrantError),
}

impl Gateway {
    /// `iam` maps patterns of ARNs to roles and permissions with spaces between them: `arn:aws:sts::111122223333:assumed-role/ops/*`
    /// to `operator`; `*` stands for any text. The longest pattern that fits counts. `roles` adds roles, and `claims` names the
    /// claims of tokens. If `is_strict`, a token with an unknown permission is refused.
    ///
    /// # Errors
    /// A role or permission does not exist.
    pub fn new(
        iam: &BTreeMap<String, String>,
        roles: BTreeMap<String, Vec<String>>,
        claims: ClaimNames,
        is_strict: bool,
    ) -> Result<Self, GatewayError> {
        let further = roles.keys().filter(|name| Role::from_name(name).is_none()).cloned().collect();
        let roles = Roles::new(roles, is_strict).map_err(GatewayError::Role)?;
        let mut patterns = Vec::new();
        for (pattern, granted) in iam {
            let granted: Vec<String> = granted.split_ascii_whitespace().map(str::to_owned).collect();
            let is_known =
                |name: &String| roles.has(name) || Grant::read(&[], std::slice::from_ref(name), None).is_ok();
            if granted.is_empty() || !granted.iter().all(is_known) {
                let name = granted.into_iter().find(|name| !is_known(name)).unwrap_or_default();
                return Err(GatewayError::Unknown { pattern: pattern.clone(), name });
            }
            patterns.push((pattern.clone(), granted));
        }
        patterns.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.len()));
        Ok(Self { iam: patterns, roles, further, claims })
    }

    /// Returns the caller whom the gateway names.
    pub(crate) fn caller(&self, claims: Option<&GatewayClaims>) -> Result<Caller, ApiError> {
        match claims {
            Some(GatewayClaims::Iam { user_arn }) => self.by_arn(user_arn),
            Some(GatewayClaims::Jwt { claims, scopes }) => self.by_token(claims, scopes),
            Some(GatewayClaims::Authorizer(context)) => self.by_authorizer(context),
            None => {
                let message = "the gateway in front of the API names nobody: give its route an authorizer";
                Err(ApiError::new(Code::Unauthenticated, message.to_owned()))
            }
        }
    }

    fn by_arn(&self, arn: &str) -> Result<Caller, ApiError> {
        let granted = self.iam.iter().find(|(pattern, _)| fits(pattern, arn)).map(|(_, granted)| granted);
        let Some(granted) = granted else {
            tracing::warn!(arn, "no pattern of ARNs fits a caller");
            let message =
                format!("nothing says what {arn} may do: map it, or a pattern such as it, to a role");
            return Err(ApiError::new(Code::Forbidden, message));
        };
        let (permissions, roles) = granted.iter().cloned().partition(|name| name.contains(':'));
        self.caller_of(PrincipalKind::Iam, arn, None, Granted { roles, permissions, namespaces: None })
    }

    fn by_token(&self, claims: &BTreeMap<String, String>, scopes: &[String]) -> Result<Caller, ApiError> {
        let value = |text: &String| match listed(text) {
            Some(list) => list.split([' ', ',']).filter(|part| !part.is_empty()).collect(),
            None => Value::from(text.as_str()),
        };
        let values = claims.iter().map(|(name, text)| (name.clone(), value(text))).collect();
        let mut granted = self.claims.granted(&values).map_err(|fault| refused(&fault.to_string()))?;
        // `[Shop admin]` may be one group, which anybody may have named, and must not make an administrator.
        if claims.get(&self.claims.roles).is_some_and(|text| listed(text).is_some()) {
            granted.roles.retain(|role| self.further.contains(role));
        }
        // Other scopes, such as `openid`, are not for this server.
        granted
            .permissions
            .extend(scopes.iter().filter(|scope| Permission::from_name(scope).is_some()).cloned());
        let Some(subject) = claims.get("sub").filter(|subject| !subject.is_empty()) else {
            return Err(refused("the token has no `sub`"));
        };
        let is_verified = claims.get("email_verified").is_some_and(|verified| verified == "true");
        let name = claims.get("email").filter(|_| is_verified).unwrap_or(subject);
        self.caller_of(PrincipalKind::User, name, Some(subject.clone()), granted)
    }

    fn by_authorizer(&self, context: &Map<String, Value>) -> Result<Caller, ApiError> {
        let granted = ClaimNames::default().granted(context).map_err(|fault| refused(&fault.to_string()))?;
        let Some(principal) =
            context.get("principal").and_then(Value::as_str).filter(|name| !name.is_empty())
        else {
            return Err(refused("the Lambda authorizer returned no text `principal`"));
        };
        self.caller_of(PrincipalKind::Gateway, principal, None, granted)
    }

    fn caller_of(
        &self,
        kind: PrincipalKind,
        name: &str,
        id: Option<String>,
        Granted { permissions, roles, namespaces }: Granted,
    ) -> Result<Caller, ApiError> {
        if name.contains(char::is_control) {
            return Err(refused("the name of the caller has control characters"));
        }
        let unknown = |error: &GrantError| tracing::warn!(%error, "the gateway grants what does not exist");
        let grant = self.roles.grant(roles, permissions, namespaces.as_deref(), unknown);
        let grant = grant.map_err(|error| refused(&error.to_string()))?;
        Ok(Caller { principal: Principal { kind, name: name.to_owned(), id }, grant, expires_at: None })
    }
}

/// What is in an array, which the gateway writes as `[a b]`. Where an element ends is unknown if elements hold spaces or commas.
fn listed(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

/// The caller learns no reason, so that the log has it.
fn refused(reason: &str) -> ApiError {
    tracing::warn!(reason, "a caller whom the gateway let through was refused");
    ApiError::refused_credentials("what the gateway says of the caller is not valid")
}

/// Whether a text fits a pattern, in which each `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let Some((middle, last)) = rest.rsplit_once('*') else { return text.ends_with(rest) };
    for part in middle.split('*') {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn gateway(iam: &[(&str, &str)]) -> Result<Gateway, GatewayError> {
        let iam = iam.iter().map(|(pattern, role)| ((*pattern).to_owned(), (*role).to_owned())).collect();
        let roles = BTreeMap::from([("ops".to_owned(), vec!["operator".to_owned(), "keys:read".to_owned()])]);
        Gateway::new(&iam, roles, ClaimNames::default(), true)
    }

    fn arn(name: &str) -> GatewayClaims {
        GatewayClaims::Iam { user_arn: format!("arn:aws:sts::111122223333:{name}") }
    }

    fn may(caller: &Caller, permission: Permission) -> bool {
        caller.scope(permission).is_some()
    }

    #[test]
    fn a_pattern_fits_as_a_whole() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("a*ba", "aba", true),
            ("ab*ba", "aba", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("*b*", "abc", true),
            ("a**b", "ab", true),
            ("a*b*b", "ab", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn the_longest_pattern_of_an_arn_says_what_it_may_do() {
        let gateway = gateway(&[
            ("arn:aws:sts::111122223333:assumed-role/ops/*", "ops"),
            ("arn:aws:sts::111122223333:assumed-role/*", "viewer tasks:create@shop"),
            ("arn:aws:sts::111122223333:assumed-role/ops/root", "admin"),
        ])
        .unwrap();
        let ada = gateway.caller(Some(&arn("assumed-role/ops/ada"))).unwrap();
        assert!(
            may(&ada, Permission::TasksOperate)
                && may(&ada, Permission::KeysRead)
                && !may(&ada, Permission::KeysCreate)
        );
        assert_eq!(ada.actor(None), "iam:arn:aws:sts::111122223333:assumed-role/ops/ada");
        let root = gateway.caller(Some(&arn("assumed-role/ops/root"))).unwrap();
        assert!(may(&root, Permission::KeysCreate));
        let dev = gateway.caller(Some(&arn("assumed-role/dev/ada"))).unwrap();
        assert!(may(&dev, Permission::TasksRead) && !may(&dev, Permission::TasksOperate));
        assert!(dev.scope(Permission::TasksCreate).unwrap().contains("shop"));
        for nobody in ["user/ada", "assumed-role", ""] {
            assert_eq!(gateway.caller(Some(&arn(nobody))).unwrap_err().code(), Code::Forbidden, "{nobody}");
        }
        assert_eq!(gateway.caller(None).unwrap_err().code(), Code::Unauthenticated);
    }

    #[test]
    fn what_an_arn_is_mapped_to_must_exist() {
        for wrong in ["operater", "", "tasks:raed", "viewer *"] {
            assert!(matches!(gateway(&[("*", wrong)]), Err(GatewayError::Unknown { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_token_of_the_gateway_grants_by_its_claims_and_scopes() {
        let gateway = gateway(&[]).unwrap();
        let by = |claims: &[(&str, &str)], scopes: &[&str]| {
            let claims = claims.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            gateway.caller(Some(&GatewayClaims::Jwt { claims, scopes }))
        };
        let ada = by(
            &[
                ("sub", "u-1"),
                ("email", "ada@example.com"),
                ("email_verified", "true"),
                ("roles", "[ops offline]"),
                ("namespaces", "[shop]"),
            ],
            &["openid", "templates:validate"],
        )
        .unwrap();
        assert_eq!(ada.actor(None), "user:ada@example.com/u-1");
        assert!(may(&ada, Permission::TasksOperate) && may(&ada, Permission::TemplatesValidate));
        assert!(!ada.scope(Permission::TasksRead).unwrap().contains("billing"));
        let role = |roles: &str| by(&[("sub", "u-1"), ("roles", roles)], &[]).unwrap();
        for ambiguous in ["[Shop admin]", "[Shop,admin]", "[ops admin]", "[admin]"] {
            assert!(!may(&role(ambiguous), Permission::KeysCreate), "{ambiguous}");
        }
        assert!(
            may(&role("[ops admin]"), Permission::KeysRead) && may(&role("admin"), Permission::KeysCreate)
        );
        let unverified = by(&[("sub", "u-1"), ("email", "root@example.com")], &[]).unwrap();
        assert_eq!(unverified.principal.name, "u-1");
        let nowhere = by(&[("sub", "u-1"), ("roles", "admin"), ("namespaces", "[]")], &[]).unwrap();
        assert_eq!(nowhere.grant.permissions().count(), 0, "no namespace is not every namespace");
        for refused in
            [&[("roles", "admin")][..], &[("sub", "u-1"), ("permissions", "[tasks:raed]")], &[("sub", "")]]
        {
            assert_eq!(by(refused, &[]).unwrap_err().code(), Code::Unauthenticated, "{refused:?}");
        }
    }

    #[test]
    fn a_lambda_authorizer_says_who_may_do_what() {
        let gateway = gateway(&[("*", "admin")]).unwrap();
        let by = |context: Value| {
            gateway.caller(Some(&GatewayClaims::Authorizer(context.as_object().unwrap().clone())))
        };
        let ci = by(
            json!({ "principal": "ci", "permissions": "tasks:create tasks:read", "namespaces": ["shop"] }),
        )
        .unwrap();
        assert_eq!(ci.actor(None), "gateway:ci");
        assert!(
            ci.scope(Permission::TasksCreate).unwrap().contains("shop") && !may(&ci, Permission::TasksList)
        );
        for refused in
            [json!({}), json!({ "principal": 1 }), json!({ "principal": "a", "permissions": { "a": 1 } })]
        {
            assert!(by(refused.clone()).is_err(), "{refused}");
        }
    }
}
