//! Receives the events of AWS services from a queue, and starts the tasks of the matching triggers.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{LambdaEvent, service_fn};
use tasker_assembly::aws::{OpenOrchestrator, open_orchestrator};
use tasker_function_lambda::{Batch, Error, Telemetry, log_failure, start_logs};
use tasker_transport::{
    aws::{IncomingMessage, cloud_events},
    outage_delay,
};

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let telemetry = &Telemetry::start("tasker-ingest");
    let OpenOrchestrator { orchestrator, events: queue, .. } = &open_orchestrator().await?;
    let ingest = async |event: LambdaEvent<SqsEvent>| -> Result<SqsBatchResponse, Error> {
        let events = event.payload.records.iter().flat_map(|record| {
            cloud_events(IncomingMessage {
                id: record.message_id.as_deref().unwrap_or_default(),
                source: record.event_source_arn.as_deref().unwrap_or_default(),
                body: record.body.as_deref().unwrap_or_default(),
            })
        });
        let events: Vec<_> = events.collect();
        let batch = Batch::read(event.payload);
        // The result of each event is recorded. If the whole call fails, SQS delivers all of them again.
        let received = orchestrator.triggers.receive_events(events).await;
        let left = orchestrator.leave().await;
        let unfinished: Vec<_> = match received {
            Ok(_) => Vec::new(),
            Err(error) => {
                tracing::warn!(%error, "events could not be received; SQS delivers them again");
                let receipts: Vec<_> =
                    batch.deliveries.iter().map(|delivery| delivery.receipt.clone()).collect();
                let most = batch.deliveries.iter().map(|delivery| delivery.receive_count).max();
                if let (Some(queue), Some(most)) = (queue, most)
                    && let Err(error) = queue.hand_back(&receipts, outage_delay(most)).await
                {
                    tracing::warn!(%error, "events become visible again only after their visibility timeout");
                }
                receipts
            }
        };
        log_failure(left);
        Ok(batch.response(&unfinished))
    };
    lambda_runtime::run(service_fn(async |event| telemetry.visit(ingest(event)).await)).await
}
