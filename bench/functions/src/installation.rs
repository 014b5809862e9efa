//! The environment of the functions: queues, a table, a bucket and a key in an AWS emulator, a database, and
//! a published workflow. Every user gets separate counting proxies.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use aws_config::Region;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sqlx::PgPool;
use tasker_orchestrator::{
    Bundle, ComponentPublication, Connections, Orchestrator, PublishedHandler, Settings, TaskRequest,
};
use tasker_pool::{Pool, connect};
use tasker_runtime_host::compile_for;
use tasker_templates::template;
use tasker_test_support::{TestDatabase, emulator};
use tasker_transport::{
    BlobStore,
    aws::{DynamoDbLeases, SqsQueue, sdk_config},
    sha256_hex,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::{
    counting::{Counter, count_requests, count_round_trips},
    process,
};

/// The visibility timeout of messages and the term of leases.
const LEASE: Duration = Duration::from_secs(30);
const STEPS: &str = "steps";
const REPORTS: &str = "reports";
const DELIVERIES: &str = "deliveries";
const BUCKET: &str = "blobs";
const TABLE: &str = "leases";

/// How a host gets the steps of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chain {
    /// It goes on with the next one.
    Continued,
    /// Each comes in a message of its own.
    Apart,
}

impl Chain {
    pub(crate) const ALL: [Self; 2] = [Self::Apart, Self::Continued];

    /// The name of the workflow.
    fn workflow(self) -> &'static str {
        match self {
            Self::Continued => "linear_4",
            Self::Apart => "linear_4_apart",
        }
    }
}

/// One user of the installation, with counters for its requests.
pub(crate) struct Seat {
    /// The environment variables for a function.
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) requests: Counter,
    pub(crate) database: Counter,
    endpoint: String,
}

/// The work that a database has done.
pub(crate) struct DatabaseWork {
    /// Bytes of its write-ahead log.
    pub(crate) log_bytes: i64,
    /// Processor time of the whole server.
    pub(crate) processor: Duration,
    /// Calls of Tasker's functions, and the milliseconds spent in them.
    pub(crate) functions: BTreeMap<String, (i64, f64)>,
}

/// The installation.
pub(crate) struct Installation {
    runtime: Runtime,
    database: TestDatabase,
    orchestrator: Orchestrator,
    /// The cache with the compiled component that hosts start with.
    pub(crate) cache: TempDir,
    /// The public key of the publisher.
    publisher_key: String,
    /// The user that creates tasks, like the API function.
    pub(crate) creator: Seat,
}

impl Installation {
    /// Creates an installation and publishes the workflow `linear_4`, whose steps all use `add_up` of this component, both ways.
    pub(crate) fn new(component: &Path, workflow: &Path) -> Result<Self> {
        let runtime = Runtime::new()?;
        let database = runtime.block_on(TestDatabase::new());
        let cache = tempfile::Builder::new().prefix("tasker-bench-cache-").tempdir()?;
        for queue in [STEPS, REPORTS, DELIVERIES] {
            ask("AmazonSQS.CreateQueue", &json!({ "QueueName": queue }))?;
        }
        ask(
            "DynamoDB_20120810.CreateTable",
            &json!({
                "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{ "AttributeName": "lease", "AttributeType": "S" }],
                "KeySchema": [{ "AttributeName": "lease", "KeyType": "HASH" }],
            }),
        )?;
        let key =
            ask("TrentService.CreateKey", &json!({ "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY" }))?;
        let key = key["KeyMetadata"]["KeyId"].as_str().context("the key has an id")?;
        let public = ask("TrentService.GetPublicKey", &json!({ "KeyId": key }))?;
        let publisher_key = public["PublicKey"].as_str().context("the key has a public half")?.to_owned();
        ureq::put(format!("{}/{BUCKET}", emulator())).send_empty()?;

        let creator = Seat::new(&database.url(), cache.path(), &publisher_key)?;
        let orchestrator = runtime.block_on(open_orchestrator(&creator))?;
        let wasm = std::fs::read(component).with_context(|| format!("reading {}", component.display()))?;
        let digest = sha256_hex(&wasm);
        let compiled = compile_for(&digest, &wasm, std::env::consts::ARCH)?;
        let signed = ask(
            "TrentService.Sign",
            &json!({
                "KeyId": key, "Message": BASE64_STANDARD.encode(compiled.statement()), "MessageType": "RAW",
                "SigningAlgorithm": "ECDSA_SHA_256",
            }),
        )?;
        let signature = BASE64_STANDARD.decode(signed["Signature"].as_str().context("a signature")?)?;
        runtime.block_on(upload(compiled.name(), compiled.sealed(&signature)))?;
        let handler = PublishedHandler {
            name: "add_up".to_owned(),
            description: String::new(),
            input_schema: None,
            result_schema: None,
        };
        let text =
            std::fs::read_to_string(workflow).with_context(|| format!("reading {}", workflow.display()))?;
        let parsed =
            template::parse(&text).map_err(|problems| anyhow::anyhow!("{}", problems.render("it")))?;
        let mut apart = parsed.template.clone();
        Chain::Apart.workflow().clone_into(&mut apart.name);
        for step in &mut apart.steps {
            step.may_continue = false;
        }
        runtime.block_on(orchestrator.store_component(&digest, wasm.clone().into()))?;
        let bundle = Bundle {
            components: vec![ComponentPublication {
                digest,
                size_bytes: wasm.len() as u64,
                handlers: vec![handler],
            }],
            aliases: BTreeMap::new(),
            templates: vec![parsed.template, apart],
            triggers: Vec::new(),
            promote: true,
        };
        runtime.block_on(orchestrator.publish_bundle(&bundle))?;
        let installation = Self { runtime, database, orchestrator, cache, publisher_key, creator };
        installation.count_function_calls()?;
        Ok(installation)
    }

    /// Creates the environment of another function.
    pub(crate) fn seat(&self) -> Result<Seat> {
        Seat::new(&self.database.url(), self.cache.path(), &self.publisher_key)
    }

    /// Creates tasks of the workflow, one at a time, like requests to the API function.
    pub(crate) fn create(&self, chain: Chain, count: usize) -> Result<()> {
        self.runtime.block_on(async {
            for number in 0..count {
                let request =
                    json!({ "name": chain.workflow(), "namespace": "bench", "context": { "n": number } });
                let request: TaskRequest = serde_json::from_value(request)?;
                self.orchestrator.create_task(request).await?;
                self.orchestrator.leave().await?;
            }
            Ok(())
        })
    }

    /// The number of tasks in each state.
    pub(crate) fn tasks(&self) -> Result<BTreeMap<String, i64>> {
        let rows: Vec<(String, i64)> = self.runtime.block_on(
            sqlx::query_as("SELECT state, count(*) FROM tasker.tasks GROUP BY state").fetch_all(self.pool()),
        )?;
        Ok(rows.into_iter().collect())
    }

    /// The work of the database so far.
    pub(crate) fn database_work(&self) -> Result<DatabaseWork> {
        self.runtime.block_on(async {
            // Backends publish their statistics after ten seconds of idleness at the latest.
            tokio::time::sleep(Duration::from_secs(11)).await;
            let server: String =
                sqlx::query_scalar("SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)")
                    .fetch_one(self.pool())
                    .await?;
            let log: i64 = sqlx::query_scalar("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
                .fetch_one(self.pool())
                .await?;
            let rows: Vec<(String, i64, f64)> = sqlx::query_as(
                "SELECT funcname::text, calls, total_time FROM pg_stat_user_functions
                 WHERE starts_with(schemaname, 'tasker_f_')",
            )
            .fetch_all(self.pool())
            .await?;
            let functions = rows.into_iter().map(|(name, calls, time)| (name, (calls, time))).collect();
            let processor = process::processor_time_of_children(server.parse()?);
            Ok(DatabaseWork { log_bytes: log, processor, functions })
        })
    }

    fn pool(&self) -> &PgPool {
        &self.database.pool
    }

    fn count_function_calls(&self) -> Result<()> {
        self.runtime.block_on(async {
            sqlx::raw_sql(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET track_functions = ''pl''', current_database()); END $$",
            )
            .execute(self.pool())
            .await?;
            anyhow::Ok(())
        })
    }
}

impl Seat {
    fn new(database: &str, cache: &Path, publisher_key: &str) -> Result<Self> {
        let (requests, round_trips) = (Counter::default(), Counter::default());
        let endpoint = count_requests(emulator(), &requests)?;
        let (before, server) = database.rsplit_once('@').context("the database's URL has a user")?;
        let (server, name) = server.split_once('/').context("the database's URL has a name")?;
        let server = count_round_trips(server, &round_trips)?;
        let environment = [
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_ENDPOINT_URL", endpoint.clone()),
            ("RUST_LOG", "warn".to_owned()),
            ("DATABASE_URL", format!("{before}@{server}/{name}")),
            ("TASKER_STEPS_QUEUE", queue_url(&endpoint, STEPS)),
            ("TASKER_REPORTS_QUEUE", queue_url(&endpoint, REPORTS)),
            ("TASKER_DELIVERIES_QUEUE", queue_url(&endpoint, DELIVERIES)),
            ("TASKER_LEASES_TABLE", TABLE.to_owned()),
            ("TASKER_KEYVALUE_TABLE", TABLE.to_owned()),
            ("TASKER_BLOBS", format!("s3://{BUCKET}")),
            ("TASKER_PUBLISHER_KEY", publisher_key.to_owned()),
            ("TASKER_CACHE_DIR", cache.display().to_string()),
        ];
        let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Self { environment, requests, database: round_trips, endpoint })
    }
}

/// Sends an uncounted request, in the protocol that SQS, DynamoDB and KMS share.
pub(crate) fn ask(target: &str, body: &Value) -> Result<Value> {
    let (service, version) = match target.split_once('.') {
        Some(("AmazonSQS", _)) => ("sqs", "1.0"),
        Some(("TrentService", _)) => ("kms", "1.1"),
        _ => ("dynamodb", "1.0"),
    };
    let credential = format!("Credential=test/20260101/us-east-1/{service}/aws4_request");
    let mut answer = ureq::post(emulator())
        .header("x-amz-target", target)
        .header("content-type", format!("application/x-amz-json-{version}"))
        .header("authorization", format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"))
        .send(body.to_string())
        .with_context(|| format!("sending {target} to the emulator"))?;
    let text = answer.body_mut().read_to_string()?;
    Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
}

/// The URL of a queue at this endpoint.
pub(crate) fn queue_url(endpoint: &str, queue: &str) -> String {
    format!("{endpoint}/000000000000/{queue}")
}

/// Opens the orchestrator like the API function.
async fn open_orchestrator(seat: &Seat) -> Result<Orchestrator> {
    let credentials = Credentials::new("test", "test", None, None, "the emulator accepts them");
    let config = sdk_config()
        .await
        .into_builder()
        .endpoint_url(&seat.endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let folder = Path::new(&seat.environment["TASKER_CACHE_DIR"]).join("payloads");
    let connections = Connections {
        pool: Pool::new(connect(seat.environment["DATABASE_URL"].parse()?, 1), None),
        steps: Arc::new(SqsQueue::new(&config, &seat.environment["TASKER_STEPS_QUEUE"], LEASE)),
        reports: Arc::new(SqsQueue::new(&config, &seat.environment["TASKER_REPORTS_QUEUE"], LEASE)),
        leases: Arc::new(DynamoDbLeases::new(&config, TABLE, LEASE, LEASE)),
        outlets: BTreeMap::new(),
        blobs: BlobStore::folder(&folder)?,
    };
    // As in the deployed functions.
    let settings = Settings { continuation: true, ..Settings::default() };
    let (orchestrator, creations) = Orchestrator::new(connections, settings);
    let creating = orchestrator.clone();
    tokio::spawn(async move { creating.run_creations(creations, CancellationToken::new()).await });
    Ok(orchestrator)
}

/// Uploads a compiled component under the key that hosts look up.
async fn upload(name: &str, compiled: Vec<u8>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    BlobStore::folder(folder.path())?.put_compiled(name, compiled.into()).await?;
    for part in std::fs::read_dir(folder.path())? {
        let part = part?;
        for file in std::fs::read_dir(part.path())? {
            let file = file?;
            let (part, file_name) = (part.file_name(), file.file_name());
            let key = format!("{}/{}", part.to_string_lossy(), file_name.to_string_lossy());
            ureq::put(format!("{}/{BUCKET}/{key}", emulator())).send(std::fs::read(file.path())?)?;
        }
    }
    Ok(())
}
