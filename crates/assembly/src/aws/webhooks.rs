//! Webhooks: the function `deliver` calls them, outside the VPC. It learns of deliveries by a queue.

use std::sync::Arc;

use tasker_outbound::Networks;
use tasker_transport::{
    Courier, WebhookOutlet,
    aws::{SqsQueue, sdk_config},
};

use super::{
    error::AwsError,
    variable::{VariableError, parsed, required},
};
use crate::timing::Timing;

/// The variable that lists networks, separated by commas, that webhooks may reach beside public addresses.
const NETWORKS: &str = "TASKER_WEBHOOK_NETWORKS";

/// Opens the courier of the function that calls webhooks.
///
/// # Errors
/// If a variable is missing or unusable.
pub async fn open_courier() -> Result<Arc<Courier>, AwsError> {
    let config = sdk_config().await;
    let reports = required("TASKER_REPORTS_QUEUE")?;
    let reports = SqsQueue::new(&config, &reports, Timing::sqs().report_visibility);
    Ok(Arc::new(Courier::new(open_webhooks()?, Arc::new(reports))))
}

/// Opens the outlet that calls webhooks, or that checks their targets.
pub(super) fn open_webhooks() -> Result<Arc<WebhookOutlet>, VariableError> {
    Ok(Arc::new(WebhookOutlet::new(parsed::<Networks>(NETWORKS)?.unwrap_or_default())))
}
