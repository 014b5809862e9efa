//! Measures the cost of one execution: `cargo run --release -p tasker-runtime-host --example invoke --
//! <component.wasm> [handler] [input.json]`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tasker_protocol::{Ending, Grants, HandlerReference, Limits, Payload, RawValue, StepDispatch, VERSION};
use tasker_runtime_host::{ExecutionControl, FolderSource, Host, HostConfig, NoSecrets};
use uuid::Uuid;

const RUNS: usize = 20_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which component?")?;
    let handler = arguments.next().unwrap_or_else(|| "sum".to_owned());
    let input = arguments.next().unwrap_or_else(|| {
        r#"{"order":17,"items":[{"price":1.5},{"price":2.25},{"price":3}],"customer":"Ada"}"#.to_owned()
    });

    let cache = tempfile::tempdir()?;
    let config = HostConfig { cache_dir: cache.path().to_owned(), ..HostConfig::default() };
    let host = Host::new(config, Arc::new(FolderSource::new(".")), Arc::new(NoSecrets))?;
    let wasm = std::fs::read(&path)?;
    let start = Instant::now();
    let component = host.describe(&wasm).await?;
    println!("compile, load and describe: {:?}", start.elapsed());

    let dispatch = StepDispatch {
        version: VERSION,
        task_id: Uuid::now_v7(),
        step_index: 0,
        execution: 1,
        template_step: 0,
        batch: None,
        attempt: 1,
        release_id: Uuid::nil(),
        max_attempts: 3,
        step_name: "step".to_owned(),
        namespace: "bench".to_owned(),
        task_name: "invoke".to_owned(),
        task_version: "1.0.0".to_owned(),
        correlation_id: Uuid::now_v7().to_string(),
        handler: HandlerReference {
            callable: handler.clone(),
            component: component.digest,
            function: handler,
        },
        input: Payload::Inline(RawValue::from_string(input)?),
        configuration: RawValue::from_string("{}".to_owned())?,
        dependency_results: Vec::new(),
        cursor: None,
        checkpoint: None,
        limits: Limits::default(),
        grants: Grants::default(),
        traceparent: None,
        sent_at: None,
        next: Vec::new(),
    };
    let first = host.execute(&dispatch, &ExecutionControl::default()).await;
    if let Ending::Failed(failure) = first.ending {
        return Err(format!("{failure:#?}").into());
    }

    let (host_one, dispatch_one) = (host.clone(), dispatch.clone());
    report("one after another", tokio::spawn(async move { measure(&host_one, &dispatch_one).await }).await?);
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let (host, dispatch) = (host.clone(), dispatch.clone());
            tokio::spawn(async move { measure(&host, &dispatch).await })
        })
        .collect();
    let start = Instant::now();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await?);
    }
    let per_second = times.len() as f64 / start.elapsed().as_secs_f64();
    report("two at a time", times);
    println!("{per_second:.0} executions per second");
    Ok(())
}

async fn measure(host: &Host, dispatch: &StepDispatch) -> Vec<Duration> {
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        let execution = host.execute(dispatch, &ExecutionControl::default()).await;
        times.push(start.elapsed());
        drop(execution);
    }
    times
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[(share * (times.len() - 1) as f64) as usize].as_secs_f64() * 1e6;
    println!("{what}: p50 {:.1} µs, p90 {:.1} µs, p99 {:.1} µs", at(0.5), at(0.9), at(0.99));
}
