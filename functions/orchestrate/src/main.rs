//! Reports in, steps out: applies what hosts report, in one call to the database for the batch, and sends what follows.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{LambdaEvent, service_fn};
use tasker_function_environment::{Batch, Error, OpenOrchestrator, open_orchestrator, start_logs};

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let OpenOrchestrator { orchestrator, reports, .. } = &open_orchestrator().await?;
    let apply = async |event: LambdaEvent<SqsEvent>| -> Result<SqsBatchResponse, Error> {
        let mut batch = Batch::read(event.payload);
        reports.offer(batch.deliveries.drain(..));
        let applied = orchestrator.visit_reports().await;
        let unfinished = reports.take_unfinished();
        // What was applied stays applied; only what comes after it is left to the sweep.
        if let Err(error) = applied {
            tracing::warn!(%error, "not everything that follows was done; the sweep does the rest");
        }
        Ok(batch.answer(&unfinished))
    };
    lambda_runtime::run(service_fn(apply)).await
}
