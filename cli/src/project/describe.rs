//! Determines the handlers of a project's components, and the names that templates can use for them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tasker_orchestrator::{ComponentPublication, PublishedHandler};
use tasker_runtime_host::{ComponentDescription, Host};
use tasker_templates::{did_you_mean, identifier_fault};

use super::{components::BuiltComponent, documents::shown, templates::TemplateFile};
use crate::config::ProjectConfig;

/// The handlers of a project.
#[derive(Debug)]
pub(crate) struct Handlers<'a> {
    components: Vec<(&'a BuiltComponent, ComponentDescription)>,
    /// Additional names, each with the component's digest and its handler: `<digest>/<handler>`.
    pub(crate) aliases: BTreeMap<String, String>,
}

impl<'a> Handlers<'a> {
    /// Reads the handlers of these components. Fails if `[handlers]` of the project names a handler that none contains, or
    /// if a name has two meanings.
    pub(crate) async fn of(
        project: &ProjectConfig,
        components: &'a [BuiltComponent],
        host: &Host,
    ) -> Result<Self> {
        let mut described = Vec::new();
        for component in components {
            let description = host.describe(&component.wasm).await;
            let description =
                description.with_context(|| format!("{} is not usable", shown(&component.path)))?;
            described.push((component, description));
        }
        let mut handlers = Self { components: described, aliases: BTreeMap::new() };
        for (alias, handler) in &project.config.handlers {
            let (component, function) = handlers
                .find(handler)
                .with_context(|| format!("tasker.toml maps `{alias}` to `{handler}`"))?;
            let target = format!("{}/{function}", component.digest);
            handlers.aliases.insert(alias.clone(), target);
        }
        handlers.check_names()?;
        Ok(handlers)
    }

    /// Each handler with the file and description of its component.
    fn all(&self) -> impl Iterator<Item = (&str, &BuiltComponent, &ComponentDescription)> {
        self.components.iter().flat_map(|(built, component)| {
            component.handlers.iter().map(move |handler| (handler.name.as_str(), *built, component))
        })
    }

    /// Refuses a handler that cannot be named, because another component has one with its name and it has no other name.
    fn check_names(&self) -> Result<()> {
        for (name, file, component) in self.all() {
            if let Some(fault) = identifier_fault(name) {
                bail!("{}: the name of the handler `{name}` {fault}", shown(&file.path));
            }
            let other = self.all().find(|(other, _, of)| *other == name && of.digest != component.digest);
            let Some((_, other, _)) = other else { continue };
            let target = format!("{}/{name}", component.digest);
            if !self.aliases.values().any(|named| *named == target) {
                bail!(
                    "{} and {} both contain a handler `{name}`; rename one, or give each a name of its own under [handlers] \
                     of tasker.toml, such as `{}_{name} = \"{}/{name}\"`",
                    shown(&file.path),
                    shown(&other.path),
                    file.stem(),
                    file.stem(),
                );
            }
        }
        if let Some((alias, _)) = self.aliases.iter().find(|(alias, target)| {
            self.all().any(|(name, _, of)| name == **alias && **target != format!("{}/{name}", of.digest))
        }) {
            bail!(
                "tasker.toml gives the name `{alias}` to a handler, but a component contains another handler `{alias}`"
            );
        }
        Ok(())
    }

    /// Finds a handler by its name or as `COMPONENT/HANDLER`, where the component is the name of its file without `.wasm`.
    fn find(&self, wanted: &str) -> Result<(&ComponentDescription, String)> {
        let named = self.all().filter(|(name, ..)| *name == wanted);
        let in_component = self.all().filter(|(name, file, _)| format!("{}/{name}", file.stem()) == wanted);
        let mut found: Vec<_> = named.collect();
        if found.is_empty() {
            found = in_component.collect();
        }
        found.dedup_by_key(|(_, _, component)| &component.digest);
        match &found[..] {
            [(name, _, component)] => Ok((component, (*name).to_owned())),
            [] => {
                let names: Vec<String> = self.all().map(|(name, ..)| name.to_owned()).collect();
                let hint = did_you_mean(wanted, &names);
                bail!(
                    "no component of the project contains the handler `{wanted}`{hint}; there are {}",
                    names.join(", ")
                )
            }
            several => {
                let names: Vec<String> =
                    several.iter().map(|(name, file, _)| format!("`{}/{name}`", file.stem())).collect();
                bail!("several components contain a handler `{wanted}`: name {}", names.join(" or "))
            }
        }
    }

    /// Finds the handler that a template means by `callable`: its component, its bytes and its name there.
    pub(crate) fn resolve(
        &self,
        project: &ProjectConfig,
        callable: &str,
    ) -> Result<(&ComponentDescription, &BuiltComponent, String)> {
        let (component, function) =
            self.find(project.config.handlers.get(callable).map_or(callable, String::as_str))?;
        let built = self.components.iter().find(|(_, of)| of.digest == component.digest);
        let (built, _) = built.context("the component has disappeared")?;
        Ok((component, built, function))
    }

    /// The names that templates can use.
    pub(crate) fn callables(&self) -> BTreeSet<&str> {
        let ambiguous =
            |name: &str, digest: &str| self.all().any(|(other, _, of)| other == name && of.digest != digest);
        let own = self.all().filter(|(name, _, of)| !ambiguous(name, &of.digest)).map(|(name, ..)| name);
        own.chain(self.aliases.keys().map(String::as_str)).collect()
    }

    /// Prints a warning for each step whose handler no component of the project contains. It may have been published from
    /// elsewhere.
    pub(crate) fn warn_of_unknown(&self, templates: &[TemplateFile]) {
        let known = self.callables();
        let names: Vec<String> = known.iter().map(|&name| name.to_owned()).collect();
        for file in templates {
            for step in &file.template.steps {
                let callable = step.handler.callable.as_str();
                if !known.contains(callable) {
                    eprintln!(
                        "{}: warning UNKNOWN_HANDLER in step `{}`: no component of the project contains `{callable}`{}",
                        shown(&file.path),
                        step.name,
                        did_you_mean(callable, &names)
                    );
                }
            }
        }
    }

    /// The components with their files.
    pub(crate) fn components(&self) -> impl Iterator<Item = &(&'a BuiltComponent, ComponentDescription)> {
        self.components.iter()
    }

    /// What is published of the components.
    pub(crate) fn publications(&self) -> Result<Vec<ComponentPublication>> {
        let schema = |raw: &Option<Box<tasker_protocol::RawValue>>| -> Result<Option<Value>> {
            Ok(raw.as_ref().map(|raw| serde_json::from_str(raw.get())).transpose()?)
        };
        let publication = |(_, component): &(&BuiltComponent, ComponentDescription)| {
            let mut handlers = Vec::new();
            for handler in &component.handlers {
                handlers.push(PublishedHandler {
                    name: handler.name.clone(),
                    description: handler.description.clone(),
                    input_schema: schema(&handler.input_schema)?,
                    result_schema: schema(&handler.result_schema)?,
                });
            }
            Ok(ComponentPublication {
                digest: component.digest.clone(),
                size_bytes: component.size,
                handlers,
            })
        };
        self.components.iter().map(publication).collect()
    }
}
