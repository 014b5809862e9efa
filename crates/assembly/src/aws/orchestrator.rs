//! An orchestrator on PostgreSQL, SQS, DynamoDB and S3, for a process that handles one invocation after another.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tasker_orchestrator::{Connections, Orchestrator, PendingCreations, Settings, events::Outlets};
use tasker_pool::{Login, Pool, connect};
use tasker_transport::{
    BlobStore, DeliveredQueue, HandOver, Outlet, Queue, RoutedQueue,
    aws::{EventBusOutlet, SdkConfig, SqsOutlet, SqsQueue, TopicOutlet, sdk_config},
};

use super::{
    blobs::open_blobs,
    database::Database,
    error::AwsError,
    leases::open_leases,
    variable::{VariableError, list, optional, parsed, required},
    webhooks::open_webhooks,
};
use crate::timing::{DELIVERY_LEASE, LONGEST_FUNCTION_STEP, MAX_RECEIVES, Timing};

/// An orchestrator without loops, and the data that a function passes to it.
pub struct OpenOrchestrator {
    /// The orchestrator.
    pub orchestrator: Orchestrator,
    /// The requests to create tasks that the orchestrator receives.
    pub creations: PendingCreations,
    /// The reports that Lambda delivers to this function.
    pub reports: Arc<DeliveredQueue>,
    /// The queue of long steps, if there is one.
    pub long_steps: Option<Arc<dyn Queue>>,
    /// The queue of events from outside, if it is named like the queue of reports.
    pub events: Option<Arc<dyn Queue>>,
}

/// Opens an orchestrator from environment variables.
///
/// # Errors
/// If a variable is missing or unusable, or the secret of the database cannot be read.
pub async fn open_orchestrator() -> Result<OpenOrchestrator, AwsError> {
    let config = sdk_config().await;
    let timing = Timing::sqs();
    let database = Database::of_environment(&config)?;
    // An invocation uses one connection, which is opened when it is first needed.
    let pool = connect(database.options().await?, 1);
    let login = database.has_secret().then(|| Arc::new(database) as Arc<dyn Login>);
    let reports_url = required("TASKER_REPORTS_QUEUE")?;
    let events = events_url(&reports_url).map(|url| queue(&config, &url, timing.report_visibility));
    let reports = queue(&config, &reports_url, timing.report_visibility);
    let reports = Arc::new(DeliveredQueue::new(reports));
    let blobs = open_blobs()?;
    let long_steps =
        optional("TASKER_LONG_STEPS_QUEUE").map(|url| queue(&config, &url, timing.step_visibility));
    let connections = Connections {
        pool: Pool::new(pool, login),
        steps: Arc::new(steps(&config, &timing, long_steps.as_ref())?),
        reports: reports.clone(),
        leases: Arc::new(open_leases(&config, &timing)?),
        outlets: outlets(&config, &blobs)?,
        blobs,
    };
    let environment = optional("TASKER_ENVIRONMENT").unwrap_or_else(|| "production".to_owned());
    let settings = Settings { environment, continuation: true, ..Settings::default() };
    let (orchestrator, creations) = Orchestrator::new(connections, settings);
    Ok(OpenOrchestrator { orchestrator, creations, reports, long_steps, events })
}

/// The URL of the queue of events from outside. The deployment's templates name all queues alike.
fn events_url(reports: &str) -> Option<String> {
    reports.strip_suffix("reports").map(|name| format!("{name}events"))
}

/// Opens the outlets for events. They reach what the deployment's templates grant.
fn outlets(config: &SdkConfig, blobs: &BlobStore) -> Result<Outlets, VariableError> {
    let granted = |variable| list(&optional(variable).unwrap_or_default()).map(str::to_owned).collect();
    let reports = required("TASKER_REPORTS_QUEUE")?;
    let events = events_url(&reports);
    let deliveries = required("TASKER_DELIVERIES_QUEUE")?;
    let webhooks = HandOver {
        checks: open_webhooks()?,
        deliveries: queue(config, &deliveries, DELIVERY_LEASE),
        blobs: blobs.clone(),
        lease: DELIVERY_LEASE,
    };
    let mut own = vec![required("TASKER_STEPS_QUEUE")?, deliveries, reports];
    own.extend(events);
    Ok(BTreeMap::from([
        ("webhook", Arc::new(webhooks) as Arc<dyn Outlet>),
        ("queue", Arc::new(SqsOutlet::new(config, granted("TASKER_PUBLISH_QUEUES"), &own))),
        ("topic", Arc::new(TopicOutlet::new(config, granted("TASKER_PUBLISH_TOPICS")))),
        ("event_bus", Arc::new(EventBusOutlet::new(config, granted("TASKER_EVENT_BUS")))),
    ]))
}

/// Opens the queues of steps: the common one, those of namespaces, and the one of long steps.
fn steps(
    config: &SdkConfig,
    timing: &Timing,
    long: Option<&Arc<dyn Queue>>,
) -> Result<RoutedQueue, VariableError> {
    let queue = |url: &str| queue(config, url, timing.step_visibility);
    let common = required("TASKER_STEPS_QUEUE")?;
    let mut steps = RoutedQueue::new(queue(&common));
    for (namespace, url) in of_namespaces(&common, &optional("TASKER_STEPS_QUEUES").unwrap_or_default()) {
        steps = steps.group(namespace, queue(&url));
    }
    if let Some(long) = long {
        let longest = parsed("TASKER_FUNCTION_SECONDS")?.map_or(LONGEST_FUNCTION_STEP, Duration::from_secs);
        steps = steps.longer_than(longest, long.clone());
    }
    Ok(steps)
}

/// The queues of these namespaces. Their URLs are not listed, because the environment of a function has 4 KB.
fn of_namespaces(common: &str, namespaces: &str) -> BTreeMap<String, String> {
    list(namespaces).map(|namespace| (namespace.to_owned(), format!("{common}-{namespace}"))).collect()
}

fn queue(config: &SdkConfig, url: &str, visibility: Duration) -> Arc<dyn Queue> {
    Arc::new(SqsQueue::new(config, url, visibility).with_dead_letters(MAX_RECEIVES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespaces_queue_is_named_after_the_common_one() {
        let common = "https://sqs.eu-central-1.amazonaws.com/123456789012/tasker-steps";
        let queues = of_namespaces(common, "mail,payments");
        assert_eq!(queues.len(), 2);
        assert_eq!(queues["payments"], format!("{common}-payments"));
        assert!(of_namespaces(common, "").is_empty());
        // The deployment names the queues so.
        let module = include_str!("../../../../infra/terraform/queues.tf");
        assert!(module.contains("\"steps-${namespace}\" => {"), "{module}");
    }
}
