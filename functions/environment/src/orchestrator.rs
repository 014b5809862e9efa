//! An orchestrator on RDS, SQS, DynamoDB and S3.

use std::{collections::BTreeMap, collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_config::SdkConfig;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;
use tasker_orchestrator::{Connections, Login, Orchestrator, PendingCreations, Settings, connect};
use tasker_transport::{
    DeliveredQueue, Outlet, Queue, RoutedQueue, WebhookOutlet,
    aws::{DynamoDbLeases, EventBusOutlet, SqsOutlet, SqsQueue, TopicOutlet, read_secret, sdk_config},
};
use url::Url;

use crate::{
    Error, LEASE, MAX_RECEIVES, SETTLED_FOR, open_blobs,
    variable::{VariableError, json, optional, required},
};

/// How long a report stays its orchestrator's, at most.
const REPORT_VISIBILITY: Duration = Duration::from_secs(30);
/// What a function may take, in seconds, unless the environment says otherwise. Longer steps go elsewhere.
const FUNCTION_SECONDS: u64 = 295;

/// The secret of a database, as RDS writes it.
#[derive(Serialize, Deserialize)]
pub struct Credentials {
    /// The role.
    pub username: String,
    /// Its password.
    pub password: String,
}

/// An orchestrator without loops, and what a function hands to it.
pub struct OpenOrchestrator {
    /// The orchestrator.
    pub orchestrator: Orchestrator,
    /// Requests to create tasks that come through it.
    pub creations: PendingCreations,
    /// The reports that this function is handed.
    pub reports: Arc<DeliveredQueue>,
}

/// The database, and its secret where it has one.
struct Database {
    config: SdkConfig,
    url: Url,
    secret: Option<String>,
}

impl Database {
    fn of_environment(config: &SdkConfig) -> Result<Self, VariableError> {
        let url = required("DATABASE_URL")?
            .parse()
            .map_err(|error| VariableError::unreadable("DATABASE_URL", &error))?;
        Ok(Self { config: config.clone(), url, secret: optional("TASKER_DATABASE_SECRET") })
    }

    /// With what the secret holds now.
    async fn options(&self) -> Result<PgConnectOptions, Error> {
        let mut url = self.url.clone();
        if let Some(secret) = &self.secret {
            let Credentials { username, password } =
                serde_json::from_str(&read_secret(&self.config, secret).await?)
                    .map_err(|error| VariableError::unreadable("TASKER_DATABASE_SECRET", &error))?;
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let done = url
                .set_username(&encode(&username))
                .and_then(|()| url.set_password(Some(&encode(&password))));
            done.map_err(|()| VariableError::unreadable("DATABASE_URL", &"it names no host"))?;
        }
        Ok(url.as_str().parse().map_err(|error| VariableError::unreadable("DATABASE_URL", &error))?)
    }
}

#[async_trait]
impl Login for Database {
    async fn renewed(&self) -> Result<PgConnectOptions, Error> {
        self.options().await
    }
}

/// Opens an orchestrator as the environment describes it.
pub async fn open_orchestrator() -> Result<OpenOrchestrator, Error> {
    let config = sdk_config().await;
    let database = Database::of_environment(&config)?;
    // One connection, made when it is first needed.
    let pool = connect(database.options().await?, 1);
    let queue = |url: &str, visibility| {
        Arc::new(SqsQueue::new(&config, url, visibility).with_dead_letters(MAX_RECEIVES)) as Arc<dyn Queue>
    };

    let mut steps = RoutedQueue::new(queue(&required("TASKER_STEPS_QUEUE")?, LEASE));
    for (namespace, url) in json::<HashMap<String, String>>("TASKER_STEPS_QUEUES")? {
        steps = steps.group(namespace, queue(&url, LEASE));
    }
    if let Some(url) = optional("TASKER_LONG_STEPS_QUEUE") {
        let seconds = match optional("TASKER_FUNCTION_SECONDS") {
            Some(seconds) => seconds
                .parse()
                .map_err(|error| VariableError::unreadable("TASKER_FUNCTION_SECONDS", &error))?,
            None => FUNCTION_SECONDS,
        };
        steps = steps.longer_than(Duration::from_secs(seconds), queue(&url, LEASE));
    }
    let reports = Arc::new(DeliveredQueue::new(queue(&required("TASKER_REPORTS_QUEUE")?, REPORT_VISIBILITY)));
    let table = required("TASKER_LEASES_TABLE")?;
    let connections = Connections {
        pool,
        login: database.secret.is_some().then(|| Arc::new(database) as Arc<dyn Login>),
        steps: Arc::new(steps),
        reports: reports.clone(),
        leases: Arc::new(DynamoDbLeases::new(&config, &table, LEASE * 9 / 10, SETTLED_FOR)),
        outlets: BTreeMap::from([
            ("webhook", Arc::new(WebhookOutlet::new()) as Arc<dyn Outlet>),
            ("queue", Arc::new(SqsOutlet::new(&config))),
            ("topic", Arc::new(TopicOutlet::new(&config))),
            ("event_bus", Arc::new(EventBusOutlet::new(&config))),
        ]),
        blobs: open_blobs()?,
    };
    let environment = optional("TASKER_ENVIRONMENT").unwrap_or_else(|| "production".to_owned());
    let settings = Settings { environment, ..Settings::default() };
    let (orchestrator, creations) = Orchestrator::new(connections, settings);
    Ok(OpenOrchestrator { orchestrator, creations, reports })
}
