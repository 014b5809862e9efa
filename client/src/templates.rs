//! Templates: what tasks can be started of.

use reqwest::Method;

use crate::{
    client::Client,
    document::Document,
    error::Result,
    list::List,
    types::{
        DrawnGraph, HandlerDetail, Handlers, HandlersOfNamespace, Namespace, PublicationReport,
        PublicationRequest, StoredComponent, TemplateSummary, TemplateVerdict, TemplateVersions,
    },
};

impl Client {
    /// The published template versions, sorted by name.
    pub fn templates(&self) -> List<TemplateSummary> {
        self.list_at(&["v1", "templates"])
    }

    /// A published template version, as written. Fails with `no_such_template`.
    pub async fn template(&self, namespace: &str, name: &str, version: &str) -> Result<Document> {
        self.route(Method::GET, &["v1", "templates", namespace, name, version]).send().await
    }

    /// The versions of a template, and how many tasks each had in the last 24 hours. Fails with `no_such_template`.
    pub async fn template_versions(&self, namespace: &str, name: &str) -> Result<TemplateVersions> {
        self.route(Method::GET, &["v1", "templates", namespace, name]).send().await
    }

    /// The JSON Schema of a template version's input.
    pub async fn template_schema(&self, namespace: &str, name: &str, version: &str) -> Result<Document> {
        self.route(Method::GET, &["v1", "templates", namespace, name, version, "schema"]).send().await
    }

    /// The drawing of a template version.
    pub async fn template_graph(&self, namespace: &str, name: &str, version: &str) -> Result<DrawnGraph> {
        self.route(Method::GET, &["v1", "templates", namespace, name, version, "graph"]).send().await
    }

    /// Checks the file of a template, in YAML or JSON, without publishing it.
    pub async fn validate_template(&self, text: &str) -> Result<TemplateVerdict> {
        let request = self.route(Method::POST, &["v1", "templates", "validate"]);
        request.body("application/yaml", text).send().await
    }

    /// Stores the bytes of a component, whose SHA-256 in lower-case hexadecimal is `digest`. Fails with `invalid_request` if they are
    /// not a component, or have another digest.
    pub async fn store_component(&self, digest: &str, wasm: impl Into<Vec<u8>>) -> Result<StoredComponent> {
        let request = self.route(Method::PUT, &["v1", "components", digest]);
        request.body("application/wasm", wasm).send().await
    }

    /// Publishes components, templates and triggers. With `dry_run`, only says what that would do.
    pub async fn publish(&self, bundle: &PublicationRequest, dry_run: bool) -> Result<PublicationReport> {
        let request = self.route(Method::POST, &["v1", "publications"]).query("dry_run", dry_run);
        request.json(bundle).send().await
    }

    /// The namespaces with published templates, sorted by name.
    pub fn namespaces(&self) -> List<Namespace> {
        self.list_at(&["v1", "namespaces"])
    }

    /// A namespace.
    pub async fn namespace(&self, name: &str) -> Result<Namespace> {
        self.route(Method::GET, &["v1", "namespaces", name]).send().await
    }

    /// The names of all templates, by namespace. The route calls templates handlers, as earlier versions of Tasker did.
    pub async fn handlers(&self) -> Result<Handlers> {
        self.route(Method::GET, &["v1", "handlers"]).send().await
    }

    /// The templates of a namespace. Fails with `no_such_namespace`.
    pub async fn handlers_of(&self, namespace: &str) -> Result<HandlersOfNamespace> {
        self.route(Method::GET, &["v1", "handlers", namespace]).send().await
    }

    /// The latest version of a template, or this one: its steps and its dependency graph. Fails with `no_such_handler`.
    pub async fn handler(&self, namespace: &str, name: &str, version: Option<&str>) -> Result<HandlerDetail> {
        let request = self.route(Method::GET, &["v1", "handlers", namespace, name]);
        request.query("version", version.unwrap_or("latest")).send().await
    }
}
