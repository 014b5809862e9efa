//! An orchestrator and two hosts on SQS, DynamoDB and S3, each behind a proxy, with a database of their own.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, LazyLock},
    time::Duration,
};

use aws_config::{Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_sqs::types::QueueAttributeName;
use sqlx::{AssertSqlSafe, Row};
use tasker_assembly::{
    Claim, RunningOrchestrator, Timing, Transport, WorkerSettings, open_host, start_worker,
    timing::MAX_RECEIVES,
};
use tasker_orchestrator::{ComponentPublication, PublishedHandler, Settings};
use tasker_outbound::Networks;
use tasker_runtime_host::HostConfig;
use tasker_test_support::{TestDatabase, emulator};
use tasker_transport::{
    BlobStore,
    aws::{DynamoDbLeases, SqsQueue, sdk_config},
};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::proxy::Proxy;

/// The region of all resources.
const REGION: &str = "us-east-1";
/// The number of hosts.
const HOSTS: usize = 2;
/// How many steps a host runs at once.
const CONCURRENT: usize = 8;

/// The component with counted handlers, built once.
static COUNTED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cli/tests/system/handlers");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--lib", "--target", "wasm32-wasip2", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        // Cargo's settings for this test binary must not affect the component.
        .env_remove("RUSTFLAGS")
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the handlers did not build");
    std::fs::read(package.join("target/wasm32-wasip2/release/system_test_handlers.wasm"))
        .expect("the component is there")
});

/// The services that can be away.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    pub(crate) sqs: Proxy,
    pub(crate) dynamodb: Proxy,
    pub(crate) s3: Proxy,
}

/// The installation. It ends with the test.
pub(crate) struct Installation {
    pub(crate) services: Services,
    pub(crate) orchestrator: RunningOrchestrator,
    database: TestDatabase,
    /// A client that no proxy keeps from the queues.
    sqs: aws_sdk_sqs::Client,
    dead_letters: Vec<String>,
}

impl Installation {
    /// Starts one whose step messages stay invisible for this time, and publishes the counted handlers.
    pub(crate) async fn start(visibility: Duration) -> Self {
        let database = TestDatabase::new().await;
        let to: SocketAddr = emulator().trim_start_matches("http://").parse().expect("an address");
        let services = Services {
            sqs: Proxy::start(to).await,
            dynamodb: Proxy::start(to).await,
            s3: Proxy::start(to).await,
        };
        let name = uuid::Uuid::new_v4().to_string();
        let direct = config(emulator(), visibility).await;
        let sqs = aws_sdk_sqs::Client::new(&direct);
        let (steps, dead_steps) = make_queue(&sqs, &format!("{name}-steps")).await;
        let (reports, dead_reports) = make_queue(&sqs, &format!("{name}-reports")).await;
        make_lease_table(&direct, &name).await;
        let bucket = ureq::put(format!("{}/{name}", emulator())).send_empty();
        assert!(bucket.is_ok(), "no bucket was made: {bucket:?}");

        let timing = Timing::until_acknowledged(visibility);
        let (to_sqs, to_dynamodb) = (
            config(&services.sqs.url(), visibility).await,
            config(&services.dynamodb.url(), visibility).await,
        );
        // Each process has clients of its own.
        let transport = || Transport {
            steps: queue(&to_sqs, &steps, timing.step_visibility),
            reports: queue(&to_sqs, &reports, timing.report_visibility),
            leases: Arc::new(DynamoDbLeases::new(&to_dynamodb, &name, timing.lease_term, timing.settled_for)),
            finisher: None,
        };
        let blobs = || bucket_of(&services.s3.url(), &name, visibility);
        let stop = CancellationToken::new();
        let settings = Settings { sweep_interval: Duration::from_secs(1), ..Settings::default() };
        let orchestrator = RunningOrchestrator::start(
            database.pool.clone().into(),
            &transport(),
            blobs(),
            settings,
            Networks::default(),
            Claim::Shared,
            stop.clone(),
        )
        .await
        .expect("the orchestrator starts");
        let component = blobs().put_component(COUNTED.clone().into()).await.expect("the component is stored");
        let counted = PublishedHandler {
            name: "counted".to_owned(),
            description: String::new(),
            input_schema: None,
            result_schema: None,
        };
        let publication = ComponentPublication {
            digest: component.clone(),
            size_bytes: COUNTED.len() as u64,
            handlers: vec![counted],
        };
        let catalog = &orchestrator.orchestrator.catalog;
        catalog.publish_components(&[publication], &BTreeMap::new(), true).await.expect("it is published");
        let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outage-components");
        for number in 1..=HOSTS {
            let host_config = host_config(format!("host-{number}"), compiled.clone());
            let host = open_host(host_config, &blobs()).expect("the host starts");
            host.prepare(&component).await.expect("the component is compiled");
            let settings = WorkerSettings { max_concurrent: CONCURRENT, drain: Duration::ZERO };
            start_worker(host, transport(), blobs(), settings, stop.clone());
        }
        Self { services, orchestrator, database, sqs, dead_letters: vec![dead_steps, dead_reports] }
    }

    /// Publishes a template.
    pub(crate) async fn publish(&self, yaml: &str) {
        let parsed = tasker_templates::template::parse(yaml).unwrap_or_else(|problems| panic!("{problems}"));
        let published = self.orchestrator.orchestrator.catalog.publish_template(&parsed.template).await;
        published.expect("the template is published");
    }

    /// Returns the number that a query selects.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        let row = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_one(&self.database.pool).await;
        row.expect(query).get(0)
    }

    /// Returns the rows of a query as text.
    pub(crate) async fn lines(&self, query: &str) -> Vec<String> {
        let rows = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_all(&self.database.pool).await;
        rows.expect(query).iter().map(|row| row.get(0)).collect()
    }

    /// Returns the number of messages in the dead-letter queues.
    pub(crate) async fn dead_letters(&self) -> u32 {
        let mut dead = 0;
        for queue in &self.dead_letters {
            let name = QueueAttributeName::ApproximateNumberOfMessages;
            let asked =
                self.sqs.get_queue_attributes().queue_url(queue).attribute_names(name.clone()).send().await;
            let counted = asked.expect("the emulator answers").attributes.expect("attributes");
            dead += counted[&name].parse::<u32>().expect("a number");
        }
        dead
    }
}

fn queue(config: &SdkConfig, url: &str, visibility: Duration) -> Arc<SqsQueue> {
    Arc::new(SqsQueue::new(config, url, visibility).with_dead_letters(MAX_RECEIVES))
}

/// The configuration of AWS clients. A request may take about as much of the visibility as in a deployment.
async fn config(endpoint: &str, visibility: Duration) -> SdkConfig {
    static USUAL: OnceCell<SdkConfig> = OnceCell::const_new();
    let usual = USUAL.get_or_init(sdk_config).await.clone();
    let limits = TimeoutConfig::builder()
        .connect_timeout(visibility / 10)
        .operation_attempt_timeout(visibility / 4)
        .operation_timeout(visibility / 2)
        .build();
    let retries = RetryConfig::standard().with_initial_backoff(visibility / 30);
    let credentials = Credentials::new("test", "test", None, None, "test");
    usual
        .into_builder()
        .timeout_config(limits)
        .retry_config(retries)
        .endpoint_url(endpoint)
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// Opens a bucket. A request may take as long as one of [`config`].
fn bucket_of(endpoint: &str, name: &str, visibility: Duration) -> BlobStore {
    let limit = format!("{}ms", visibility.as_millis() / 2);
    let options = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", REGION),
        ("timeout", &limit),
    ];
    let options = options.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let url = Url::parse(&format!("s3://{name}")).expect("a URL");
    BlobStore::open_with(&url, options).expect("the bucket opens")
}

fn host_config(name: String, cache_dir: PathBuf) -> HostConfig {
    // The test has more hosts than the machine has memory for.
    let max_memory_bytes = Some(u64::MAX >> 1);
    HostConfig { name, cache_dir, max_concurrent: CONCURRENT, max_memory_bytes, ..HostConfig::default() }
}

/// Makes a queue with a dead-letter queue, like those of a deployment. Returns the URLs of both.
async fn make_queue(sqs: &aws_sdk_sqs::Client, name: &str) -> (String, String) {
    let dead_name = format!("{name}-dead");
    let dead = sqs.create_queue().queue_name(&dead_name).send().await.expect("a queue is made");
    let redrive = serde_json::json!({
        "deadLetterTargetArn": format!("arn:aws:sqs:{REGION}:000000000000:{dead_name}"),
        "maxReceiveCount": MAX_RECEIVES,
    });
    let made = sqs
        .create_queue()
        .queue_name(name)
        .attributes(QueueAttributeName::RedrivePolicy, redrive.to_string())
        .send()
        .await
        .expect("a queue is made");
    (made.queue_url.expect("a URL"), dead.queue_url.expect("a URL"))
}

async fn make_lease_table(config: &SdkConfig, name: &str) {
    let key = KeySchemaElement::builder().attribute_name("lease").key_type(KeyType::Hash).build();
    let lease =
        AttributeDefinition::builder().attribute_name("lease").attribute_type(ScalarAttributeType::S).build();
    let made = aws_sdk_dynamodb::Client::new(config)
        .create_table()
        .table_name(name)
        .key_schema(key.expect("a key"))
        .attribute_definitions(lease.expect("an attribute"))
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await;
    made.expect("a table is made");
}
