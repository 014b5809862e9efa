//! The REST API behind API Gateway's HTTP API or a function URL, which authenticate its callers.

use tasker_assembly::aws::{OpenOrchestrator, open_orchestrator};
use tasker_function_lambda::{Error, log_failure, start_logs};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let OpenOrchestrator { orchestrator, creations, .. } = open_orchestrator().await?;
    let stop = CancellationToken::new();
    let (creating, stopped) = (orchestrator.clone(), stop.clone());
    tokio::spawn(async move { creating.run_creations(creations, stopped).await });
    let leaving = orchestrator.clone();
    let router = tasker_api::router(orchestrator, stop);
    lambda_http::run(lambda_http::service_fn(move |request| {
        let (mut router, leaving) = (router.clone(), leaving.clone());
        async move {
            let answer = lambda_http::tower::Service::call(&mut router, request).await;
            log_failure(leaving.leave().await);
            Ok::<_, Error>(answer?)
        }
    }))
    .await
}
