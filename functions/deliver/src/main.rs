//! Calls webhooks: delivers a batch of events, all at once, and reports each outcome to the orchestrator.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{LambdaEvent, service_fn};
use tasker_assembly::{aws::open_courier, timing::LAST_WORDS};
use tasker_function_lambda::{Batch, Error, Telemetry, start_logs, time_left};
use tokio::time::Instant;

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let telemetry = &Telemetry::start("tasker-deliver");
    let courier = &open_courier().await?;
    let deliver = async |event: LambdaEvent<SqsEvent>| -> Result<SqsBatchResponse, Error> {
        let ends_at = Instant::now() + time_left(event.context.deadline).saturating_sub(LAST_WORDS);
        let mut batch = Batch::read(event.payload);
        let unfinished = courier.run(std::mem::take(&mut batch.deliveries), ends_at).await;
        Ok(batch.response(&unfinished))
    };
    lambda_runtime::run(service_fn(async |event| telemetry.visit(deliver(event)).await)).await
}
