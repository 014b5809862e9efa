//! Applies a batch of hosts' reports in one call to the database, and sends the steps that follow.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{LambdaEvent, service_fn};
use tasker_assembly::aws::{OpenOrchestrator, open_orchestrator};
use tasker_function_lambda::{Batch, Error, Telemetry, log_failure, start_logs};

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let telemetry = &Telemetry::start("tasker-orchestrate");
    let OpenOrchestrator { orchestrator, reports, .. } = &open_orchestrator().await?;
    let apply = async |event: LambdaEvent<SqsEvent>| -> Result<SqsBatchResponse, Error> {
        let mut batch = Batch::read(event.payload);
        reports.offer(batch.deliveries.drain(..));
        let applied = orchestrator.visit_reports().await;
        let unfinished = reports.take_unfinished();
        log_failure(applied);
        Ok(batch.response(&unfinished))
    };
    lambda_runtime::run(service_fn(async |event| telemetry.visit(apply(event)).await)).await
}
