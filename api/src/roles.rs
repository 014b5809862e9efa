//! What roles and permissions grant that an identity provider names.

use std::collections::BTreeMap;

use tasker_orchestrator::access::{Grant, GrantError, Role};

/// Further roles: what each grants, as permissions and names of built-in roles.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roles {
    further: BTreeMap<String, Vec<String>>,
    /// Whether a permission that does not exist is an error. Otherwise it is ignored.
    is_strict: bool,
}

impl Roles {
    /// # Errors
    /// A role grants what does not exist.
    pub(crate) fn new(further: BTreeMap<String, Vec<String>>, is_strict: bool) -> Result<Self, GrantError> {
        for granted in further.values() {
            let (roles, permissions) = parts(granted);
            Grant::read(&roles, &permissions, None)?;
        }
        Ok(Self { further, is_strict })
    }

    /// What these roles and permissions grant. Unknown roles are ignored: identity providers add their own. Tells `unknown` of
    /// permissions that do not exist.
    ///
    /// # Errors
    /// A permission does not exist, and these are strict.
    pub(crate) fn grant(
        &self,
        roles: Vec<String>,
        permissions: Vec<String>,
        namespaces: Option<&[String]>,
        unknown: impl Fn(&GrantError),
    ) -> Result<Grant, GrantError> {
        let (mut granted_roles, mut granted) = (Vec::new(), Vec::new());
        for role in roles {
            match self.further.get(&role) {
                Some(grants) => {
                    let (roles, permissions) = parts(grants);
                    granted_roles.extend(roles);
                    granted.extend(permissions);
                }
                None if Role::from_name(&role).is_some() => granted_roles.push(role),
                None => {}
            }
        }
        for permission in permissions {
            match Grant::read(&[], std::slice::from_ref(&permission), None) {
                Ok(_) => granted.push(permission),
                Err(error) => {
                    unknown(&error);
                    if self.is_strict {
                        return Err(error);
                    }
                }
            }
        }
        Grant::read(&granted_roles, &granted, namespaces)
    }

    /// Whether there is a role of this name.
    pub(crate) fn has(&self, role: &str) -> bool {
        self.further.contains_key(role) || Role::from_name(role).is_some()
    }
}

/// The built-in roles and the permissions among what a role grants. Only permissions have a colon.
fn parts(granted: &[String]) -> (Vec<String>, Vec<String>) {
    granted.iter().cloned().partition(|name| !name.contains(':'))
}
