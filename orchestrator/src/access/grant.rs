//! Grants: what a credential allows, as text (`tasks:read`, `tasks:*`, `tasks:read@shop`) and as permissions.

use std::collections::{BTreeMap, BTreeSet};

use tasker_templates::did_you_mean;

use super::{permission::Permission, role::Role, scope::Scope};

/// Permissions, each with the namespaces in which it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grant(BTreeMap<Permission, Scope>);

/// Why a text is no permission or role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GrantError {
    /// The list that it is in: `roles` or `permissions`.
    pub field: &'static str,
    message: String,
}

impl Grant {
    /// Every permission in every namespace.
    pub fn everything() -> Self {
        Self(Permission::ALL.iter().map(|permission| (*permission, Scope::All)).collect())
    }

    /// Reads roles and permissions, limited to these namespaces if there are any.
    ///
    /// # Errors
    /// Which of them is unknown.
    pub fn read(
        roles: &[String],
        permissions: &[String],
        namespaces: Option<&[String]>,
    ) -> Result<Self, GrantError> {
        let mut grant = Self::default();
        for name in roles {
            let role = Role::from_name(name).ok_or_else(|| {
                let message = unknown("role", name, &Role::ALL.map(|role| role.as_str().to_owned()));
                GrantError { field: "roles", message }
            })?;
            role.permissions().into_iter().for_each(|permission| grant.add(permission, Scope::All));
        }
        for text in permissions {
            grant.add_text(text)?;
        }
        if let Some(namespaces) = namespaces {
            let limit = Scope::Namespaces(namespaces.iter().cloned().collect());
            grant.0.values_mut().for_each(|scope| *scope = scope.and(&limit));
        }
        Ok(grant)
    }

    /// The permissions as texts that [`Grant::read`] takes.
    pub fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for (permission, scope) in self.permissions() {
            match scope {
                Scope::All => texts.push(permission.to_string()),
                Scope::Namespaces(names) => {
                    texts.extend(
                        names
                            .iter()
                            .filter(|name| !name.is_empty())
                            .map(|name| format!("{permission}@{name}")),
                    );
                }
            }
        }
        texts
    }

    fn add_text(&mut self, text: &str) -> Result<(), GrantError> {
        let refused = |message: String| GrantError { field: "permissions", message };
        let (name, scope) = match text.split_once('@') {
            None => (text, Scope::All),
            Some((name, namespace)) if !namespace.is_empty() => {
                (name, Scope::Namespaces(BTreeSet::from([namespace.to_owned()])))
            }
            Some(_) => return Err(refused(format!("`{text}` names no namespace after `@`"))),
        };
        let found: Vec<Permission> = match name.strip_suffix(":*") {
            Some(resource) => Permission::ALL
                .iter()
                .copied()
                .filter(|permission| permission.resource() == resource)
                .collect(),
            None => Permission::from_name(name).into_iter().collect(),
        };
        if name == "*" {
            return Err(refused(
                "`*` is too much: name resources (`tasks:*`), or use the role `admin`".to_owned(),
            ));
        }
        if found.is_empty() {
            let known: Vec<String> = Permission::ALL.iter().map(ToString::to_string).collect();
            return Err(refused(unknown("permission", name, &known)));
        }
        for permission in found {
            self.add(permission, scope.clone());
        }
        Ok(())
    }

    fn add(&mut self, permission: Permission, scope: Scope) {
        let entry = self.0.entry(permission).or_insert_with(|| Scope::Namespaces(BTreeSet::new()));
        *entry = match (&*entry, scope) {
            (Scope::All, _) | (_, Scope::All) => Scope::All,
            (Scope::Namespaces(one), Scope::Namespaces(other)) => {
                Scope::Namespaces(one.union(&other).cloned().collect())
            }
        };
    }

    /// The namespaces in which a permission holds. None if it holds nowhere. A permission on what belongs to no namespace
    /// holds only without a limit.
    pub fn scope(&self, permission: Permission) -> Option<&Scope> {
        let scope = self.0.get(&permission)?;
        match scope {
            Scope::All => Some(scope),
            Scope::Namespaces(names) => (permission.is_of_namespaces() && !names.is_empty()).then_some(scope),
        }
    }

    /// The first permission that holds here and not, or in fewer namespaces, in another grant.
    pub fn exceeds(&self, other: &Self) -> Option<Permission> {
        self.0.keys().copied().find(|&permission| match (self.scope(permission), other.scope(permission)) {
            (None, _) | (Some(_), Some(Scope::All)) => false,
            (Some(Scope::Namespaces(wanted)), Some(Scope::Namespaces(had))) => !wanted.is_subset(had),
            (Some(_), _) => true,
        })
    }

    /// The permissions that hold somewhere, with their namespaces.
    pub fn permissions(&self) -> impl Iterator<Item = (Permission, &Scope)> {
        self.0.keys().filter_map(|&permission| Some((permission, self.scope(permission)?)))
    }
}

fn unknown(what: &str, name: &str, known: &[String]) -> String {
    format!("there is no {what} `{name}`{}", did_you_mean(name, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(roles: &[&str], permissions: &[&str], namespaces: Option<&[&str]>) -> Result<Grant, GrantError> {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let namespaces = namespaces.map(owned);
        Grant::read(&owned(roles), &owned(permissions), namespaces.as_deref())
    }

    fn shop() -> Scope {
        Scope::Namespaces(BTreeSet::from(["shop".to_owned()]))
    }

    #[test]
    fn permissions_hold_where_their_text_and_the_limit_allow() {
        let grant = read(&[], &["tasks:read@shop", "tasks:list", "dlq:*@shop"], None).unwrap();
        assert_eq!(grant.scope(Permission::TasksRead), Some(&shop()));
        assert_eq!(grant.scope(Permission::TasksList), Some(&Scope::All));
        assert_eq!(grant.scope(Permission::DlqUpdate), Some(&shop()));
        assert_eq!(grant.scope(Permission::TasksCreate), None);
        let limited = read(&["operator"], &["tasks:read@billing"], Some(&["shop"])).unwrap();
        assert_eq!(limited.scope(Permission::TasksRead), Some(&shop()));
        assert_eq!(limited.scope(Permission::TasksCancel), Some(&shop()));
        let nowhere = read(&[], &["tasks:read@billing"], Some(&["shop"])).unwrap();
        assert_eq!(nowhere.scope(Permission::TasksRead), None);
        let nothing = read(&["admin"], &[], Some(&[])).unwrap();
        assert_eq!(nothing.permissions().count(), 0, "no namespace is not every namespace");
    }

    #[test]
    fn what_belongs_to_no_namespace_is_not_for_limited_credentials() {
        let limited = read(&["admin"], &[], Some(&["shop"])).unwrap();
        for permission in Permission::ALL {
            assert_eq!(limited.scope(*permission).is_some(), permission.is_of_namespaces(), "{permission}");
        }
    }

    #[test]
    fn the_texts_of_a_grant_are_read_back() {
        for grant in [
            Grant::everything(),
            read(&["operator"], &[], Some(&["shop", "billing@eu"])).unwrap(),
            read(&[], &["tasks:read@shop", "events:read"], None).unwrap(),
        ] {
            let again = Grant::read(&[], &grant.texts(), None).unwrap();
            assert_eq!(again.permissions().collect::<Vec<_>>(), grant.permissions().collect::<Vec<_>>());
        }
        assert_eq!(read(&["admin"], &[], Some(&[])).unwrap().texts(), Vec::<String>::new());
    }

    #[test]
    fn a_mistyped_name_is_refused() {
        for (roles, permissions, expected) in [
            (&["vewer"][..], &[][..], "did you mean `viewer`?"),
            (&[], &["task:read"], "did you mean `tasks:read`?"),
            (&[], &["*"], "use the role `admin`"),
            (&[], &["*:*"], "there is no permission `*:*`"),
            (&[], &["tasks:read@"], "names no namespace"),
            (&[], &[""], "there is no permission ``"),
        ] {
            let refused = read(roles, permissions, None).unwrap_err().to_string();
            assert!(refused.contains(expected), "{roles:?} {permissions:?}: {refused}");
        }
    }

    #[test]
    fn nobody_gives_more_than_they_have() {
        let operator = read(&["operator"], &[], None).unwrap();
        assert_eq!(read(&["viewer"], &[], None).unwrap().exceeds(&operator), None);
        assert!(read(&["admin"], &[], None).unwrap().exceeds(&operator).is_some());
        let limited = read(&["operator"], &[], Some(&["shop"])).unwrap();
        assert_eq!(limited.exceeds(&operator), None);
        assert!(operator.exceeds(&limited).is_some());
        assert!(read(&["operator"], &[], Some(&["shop", "billing"])).unwrap().exceeds(&limited).is_some());
    }

    #[test]
    fn every_resource_of_the_roles_is_reached_by_a_wildcard() {
        let all: BTreeSet<String> =
            Permission::ALL.iter().map(|permission| format!("{}:*", permission.resource())).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(read(&[], &all, None).unwrap(), Grant::everything());
        assert_eq!(read(&["admin"], &[], None).unwrap(), Grant::everything());
    }
}
