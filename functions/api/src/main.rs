//! The REST API behind API Gateway's HTTP API or a function URL.

mod authentication;
mod size;

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use lambda_http::{
    Request, RequestExt as _,
    http::{Response, header::ACCEPT_ENCODING},
    request::RequestContext,
};
use tasker_api::{AnswerBy, Peer};
use tasker_assembly::{
    aws::{OpenOrchestrator, open_orchestrator},
    timing::LAST_ANSWER,
};
use tasker_function_lambda::{Error, Telemetry, log_failure, start_logs, time_left};
use tokio_util::sync::CancellationToken;

use authentication::{claims, doors};
use size::{MAX_REQUEST_BYTES, within_limit};

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logs();
    let telemetry = Arc::new(Telemetry::start("tasker-api"));
    let OpenOrchestrator { orchestrator, creations, .. } = open_orchestrator().await?;
    let stop = CancellationToken::new();
    let (creating, stopped) = (orchestrator.clone(), stop.clone());
    tokio::spawn(async move { creating.run_creations(creations, stopped).await });
    let leaving = orchestrator.clone();
    let blobs = orchestrator.blobs().clone();
    let router = tasker_api::router_with_bodies(orchestrator, doors()?, stop, MAX_REQUEST_BYTES);
    lambda_http::run(lambda_http::service_fn(move |mut request: Request| {
        // A request that waits for a task must not end with the function.
        if let Some(deadline) = request.lambda_context_ref().map(|context| context.deadline) {
            let left = time_left(deadline).saturating_sub(LAST_ANSWER);
            request.extensions_mut().insert(AnswerBy(Instant::now() + left));
        }
        // Lambda returns a response as text in JSON, and one that is too long goes to the blob store as text.
        request.headers_mut().remove(ACCEPT_ENCODING);
        if let Some(peer) = peer(&request) {
            request.extensions_mut().insert(peer);
        }
        if let Some(claims) = request.request_context_ref().and_then(claims) {
            request.extensions_mut().insert(claims);
        }
        let (mut router, leaving, blobs) = (router.clone(), leaving.clone(), blobs.clone());
        let telemetry = Arc::clone(&telemetry);
        let answering = async move {
            let answer = lambda_http::tower::Service::call(&mut router, request).await?;
            let (head, body) = answer.into_parts();
            let body = body.collect().await?.to_bytes().into();
            let answer = within_limit(Response::from_parts(head, body), &blobs).await;
            log_failure(leaving.leave().await);
            Ok::<_, Error>(answer?.map(Full::<Bytes>::from))
        };
        async move { telemetry.visit(answering).await }
    }))
    .await
}

/// The address of the client, as API Gateway or the function URL saw it.
fn peer(request: &Request) -> Option<Peer> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok().map(Peer),
        _ => None,
    }
}
