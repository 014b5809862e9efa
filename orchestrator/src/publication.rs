//! Publishes a bundle: components, templates and triggers, in this order, because each needs what comes before it.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tasker_templates::{template::Template, trigger::Trigger};
use tasker_transport::sha256_hex;
use utoipa::ToSchema;

use crate::{
    catalog::{Bundle, ComponentPublication, Publication, TemplateName, callable_names},
    error::Error,
    orchestrator::Orchestrator,
    text::{check_identifier, check_name},
};

/// What a publication did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicationReport {
    /// The digests of the components whose bytes are not in the blob store. Nothing is published while there are any.
    pub missing_components: Vec<String>,
    /// The templates, in the bundle's order.
    pub templates: Vec<PublishedPart>,
    /// The triggers, in the bundle's order.
    pub triggers: Vec<PublishedPart>,
}

/// A template or a trigger of a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublishedPart {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Of a template: its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether it is new.
    pub outcome: Publication,
}

impl Orchestrator {
    /// Stores the bytes of a component for a bundle.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if they have another digest; [`Error::Refused`] where this process may not write components.
    pub async fn store_component(&self, digest: &str, wasm: Bytes) -> Result<(), Error> {
        let found = sha256_hex(&wasm);
        if found != digest {
            let message = format!("is {digest}, and the SHA-256 of the component is {found}");
            return Err(Error::InvalidRequest { field: "digest", message });
        }
        match self.blobs().put_component(wasm).await {
            Err(error) if error.is_forbidden() => {
                let message =
                    "this server may not write components to the blob store; publish with `tasker deploy`";
                Err(Error::Refused(message.to_owned()))
            }
            other => Ok(other.map(drop)?),
        }
    }

    /// Publishes a bundle. Publishing the same bundle again changes nothing.
    ///
    /// # Errors
    /// [`Error::UnknownComponents`], and those of [`Orchestrator::preview_bundle`]: then nothing is published. Whoever publishes
    /// another bundle at the same time may leave this one published in part: repeat it.
    pub async fn publish_bundle(&self, bundle: &Bundle) -> Result<PublicationReport, Error> {
        let PublicationReport { missing_components, .. } = self.preview_bundle(bundle).await?;
        if !missing_components.is_empty() {
            return Err(Error::UnknownComponents(missing_components));
        }
        self.catalog.publish_components(&bundle.components, &bundle.aliases, bundle.promote).await?;
        let mut templates = Vec::new();
        for template in &bundle.templates {
            templates.push(of_template(template, self.catalog.publish_template(template).await?));
        }
        let mut triggers = Vec::new();
        for trigger in &bundle.triggers {
            triggers.push(of_trigger(trigger, self.triggers.publish_trigger(trigger).await?));
        }
        Ok(PublicationReport { missing_components, templates, triggers })
    }

    /// Returns what publishing a bundle would do. Changes nothing.
    ///
    /// # Errors
    /// [`Error::VersionTaken`], [`Error::InvalidTrigger`], [`Error::NoSuchTemplate`] and [`Error::UnknownHandlers`] of a trigger,
    /// [`Error::Refused`] of handlers that have one name, [`Error::InvalidRequest`] of a step that may not run for so long, of parts
    /// that are in the bundle twice, and of what cannot be stored.
    pub async fn preview_bundle(&self, bundle: &Bundle) -> Result<PublicationReport, Error> {
        check(bundle)?;
        self.catalog.check_storable("components", &bundle.components).await?;
        let provided = callable_names(&bundle.components, &bundle.aliases)?;
        let mut missing_components = Vec::new();
        for component in &bundle.components {
            if !self.blobs().has_component(&component.digest).await? {
                missing_components.push(component.digest.clone());
            }
        }
        let mut templates = Vec::new();
        for template in &bundle.templates {
            self.catalog.check_storable("templates", template).await?;
            templates.push(of_template(template, self.catalog.compare_template(template).await?));
        }
        let mut triggers = Vec::new();
        for trigger in &bundle.triggers {
            self.catalog.check_storable("triggers", trigger).await?;
            self.check_task_of(trigger, bundle, &provided).await?;
            triggers.push(of_trigger(trigger, self.triggers.compare_trigger(trigger).await?));
        }
        Ok(PublicationReport { missing_components, templates, triggers })
    }

    /// Checks that the template of a trigger's task is in the bundle or published, with all of its handlers.
    async fn check_task_of(
        &self,
        trigger: &Trigger,
        bundle: &Bundle,
        provided: &[String],
    ) -> Result<(), Error> {
        let (namespace, task) = (trigger.task_namespace(), &trigger.task);
        let of_bundle: Vec<&Template> = bundle
            .templates
            .iter()
            .filter(|template| {
                let is_version = task.version.as_ref().is_none_or(|version| *version == template.version);
                template.namespace_name == namespace && template.name == task.name && is_version
            })
            .collect();
        if of_bundle.is_empty() {
            let name = TemplateName {
                namespace: namespace.to_owned(),
                name: task.name.clone(),
                version: task.version.clone(),
            };
            let published = self.catalog.published(&name).await?;
            return self.catalog.check_handlers(&published, provided).await;
        }
        for template in of_bundle {
            self.catalog.check_handlers(template, provided).await?;
        }
        Ok(())
    }
}

/// Refuses names and digests that are not allowed, and parts that are there twice.
fn check(bundle: &Bundle) -> Result<(), Error> {
    for ComponentPublication { digest, handlers, .. } in &bundle.components {
        let is_digest = digest.len() == 64
            && digest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if !is_digest {
            let digest = digest.escape_debug();
            let message = format!("have the digest `{digest}`; it is 64 lower-case hexadecimal digits");
            return Err(Error::InvalidRequest { field: "components", message });
        }
        for handler in handlers {
            check_identifier("components", &handler.name)?;
        }
    }
    bundle.aliases.iter().try_for_each(|(alias, handler)| {
        check_name("aliases", alias)?;
        check_name("aliases", handler)
    })?;
    let mut versions = BTreeSet::new();
    for template in &bundle.templates {
        check_name("version", &template.version)?;
        if !versions.insert((&template.namespace_name, &template.name, &template.version)) {
            return Err(twice("templates", &template.namespace_name, &template.name));
        }
    }
    let mut triggers = BTreeSet::new();
    for trigger in &bundle.triggers {
        if !triggers.insert((&trigger.namespace, &trigger.name)) {
            return Err(twice("triggers", &trigger.namespace, &trigger.name));
        }
    }
    Ok(())
}

fn twice(field: &'static str, namespace: &str, name: &str) -> Error {
    Error::InvalidRequest { field, message: format!("contain `{namespace}/{name}` twice") }
}

fn of_template(template: &Template, outcome: Publication) -> PublishedPart {
    let (namespace, name) = (template.namespace_name.clone(), template.name.clone());
    PublishedPart { namespace, name, version: Some(template.version.clone()), outcome }
}

fn of_trigger(trigger: &Trigger, outcome: Publication) -> PublishedPart {
    PublishedPart { namespace: trigger.namespace.clone(), name: trigger.name.clone(), version: None, outcome }
}
