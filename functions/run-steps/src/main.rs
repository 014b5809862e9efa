//! Runs a batch of steps, each in its own sandbox, and returns the steps to the queue that it cannot finish in time.

use std::{sync::Arc, time::Instant};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{LambdaEvent, service_fn};
use tasker_assembly::{
    aws::{StepHost, open_host},
    timing::{LAST_WORDS, MAX_RECEIVES},
};
use tasker_function_lambda::{Batch, Error, Telemetry, start_logs, time_left};
use tasker_runtime_host::{Worker, WorkerConnections};
use tasker_transport::DeliveredQueue;

/// The maximum batch that Lambda delivers without a batching window.
const MAX_BATCH: usize = 10;

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let telemetry = &Telemetry::start("tasker-run-steps");
    let open: &StepHost = &open_host(MAX_RECEIVES, MAX_BATCH).await?;
    let run = async |event: LambdaEvent<SqsEvent>| -> Result<SqsBatchResponse, Error> {
        let ends_at = Instant::now() + time_left(event.context.deadline).saturating_sub(LAST_WORDS);
        let mut batch = Batch::read(event.payload);
        let behind = batch.queue.as_deref().map(|name| open.queue_beside(name));
        let steps = Arc::new(DeliveredQueue::new(behind.unwrap_or_else(|| open.connections.steps.clone())));
        let deliveries = std::mem::take(&mut batch.deliveries);
        steps.hold(&deliveries);
        let connections = WorkerConnections { steps: steps.clone(), ..open.connections.clone() };
        Worker::run_batch(open.host.clone(), connections, deliveries, ends_at).await;
        Ok(batch.response(&steps.take_unfinished()))
    };
    lambda_runtime::run(service_fn(async |event| telemetry.visit(run(event)).await)).await
}
