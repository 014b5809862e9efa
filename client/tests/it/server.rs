//! The real API on a real database, with a template `order` of one step and `chain` of two.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::Router;
use tasker_api::{Authentication, router};
use tasker_client::{Client, ClientBuilder};
use tasker_orchestrator::{
    ComponentPublication, Connections, Orchestrator, PublishedHandler, Settings,
    access::{Caller, NewKey},
};
use tasker_templates::template::parse;
use tasker_test_support::TestDatabase;
use tasker_transport::{BlobStore, MemoryLeases, MemoryQueue};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const ORDER: &str = "{ name: order, version: 1.0.0, identity_strategy: always_unique,
    steps: [{ name: a, handler: { callable: work } }] }";
const CHAIN: &str = "{ name: chain, namespace_name: shop, version: 1.0.0, steps: [
    { name: a, handler: { callable: work } },
    { name: b, dependencies: [a], handler: { callable: work }, retry: { retryable: false } }] }";

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) orchestrator: Orchestrator,
    pub(crate) database: TestDatabase,
    stop: CancellationToken,
    _blobs: TempDir,
}

impl Server {
    /// Everybody is let in.
    pub(crate) async fn start() -> Self {
        Self::start_with(Authentication::Off, |router| router).await
    }

    /// With something in front of the router.
    pub(crate) async fn start_with(
        authentication: Authentication,
        front: impl FnOnce(Router) -> Router,
    ) -> Self {
        let database = TestDatabase::new().await;
        let blobs = tempfile::tempdir().unwrap();
        let minute = Duration::from_secs(60);
        let connections = Connections {
            pool: database.pool.clone().into(),
            steps: Arc::new(MemoryQueue::new("steps", minute, 1000)),
            reports: Arc::new(MemoryQueue::new("reports", minute, 1000)),
            leases: Arc::new(MemoryLeases::new(minute, minute)),
            outlets: BTreeMap::new(),
            blobs: BlobStore::folder(blobs.path()).unwrap(),
        };
        let (orchestrator, creations) = Orchestrator::new(connections, Settings::default());
        let (creating, stop) = (orchestrator.clone(), CancellationToken::new());
        let stopped = stop.clone();
        tokio::spawn(async move { creating.run_creations(creations, stopped).await });
        publish(&orchestrator).await;
        let router = front(router(orchestrator.clone(), authentication, stop.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, orchestrator, database, stop, _blobs: blobs }
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder(&self.url)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// Creates an API key with this role. Returns its text.
    pub(crate) async fn key(&self, role: &str) -> String {
        let key = NewKey { name: format!("a-{role}"), roles: vec![role.to_owned()], ..NewKey::default() };
        self.orchestrator.keys.create(&key, &Caller::local()).await.unwrap().secret
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn publish(orchestrator: &Orchestrator) {
    let work = PublishedHandler {
        name: "work".into(),
        description: String::new(),
        input_schema: None,
        result_schema: None,
    };
    let component = ComponentPublication { digest: "0".repeat(64), size_bytes: 1, handlers: vec![work] };
    orchestrator.catalog.publish_components(&[component], &BTreeMap::new(), true).await.unwrap();
    for template in [ORDER, CHAIN] {
        orchestrator.catalog.publish_template(&parse(template).unwrap().template).await.unwrap();
    }
}
