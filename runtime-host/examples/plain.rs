//! Measures plain wasmtime at what the host does: a new instance of a component per call, as `wasmtime serve` makes one per
//! request. `cargo run --release -p tasker-runtime-host --example plain -- <component.wasm> [handler] [input.json]`.
//!
//! Twice: with instances allocated on demand, and with wasmtime's pool at its defaults. Unlike the host, it has no deadline,
//! no limits, no captured logs and no grants: the guest's output is dropped. It runs Rust handlers without HTTP only.

use std::time::{Duration, Instant};

use bindings::HandlersPre;
use bindings::tasker::handler::step_values::{Outcome, StepContext};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../handler-sdk/wit",
        world: "tasker:handler/handlers",
        exports: { default: async },
    });
}

const RUNS: usize = 20_000;

/// Fewer runs if they take longer: a language runtime takes milliseconds without a pool.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// What Rust handlers import besides WASI. The measured ones do not call it.
const UNUSED: [(&str, &[&str]); 2] = [
    ("wasi:logging/logging@0.1.0-draft", &["log"]),
    ("tasker:handler/execution@1.0.0", &["heartbeat", "cancelled", "remaining-time-ms"]),
];

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

#[tokio::main]
async fn main() -> wasmtime::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path =
        arguments.next().ok_or_else(|| wasmtime::Error::msg("usage: plain COMPONENT [HANDLER] [INPUT]"))?;
    let handler = arguments.next().unwrap_or_else(|| "sum".to_owned());
    let input = arguments.next().unwrap_or_else(|| "{}".to_owned());
    let wasm = std::fs::read(path)?;
    let pool = InstanceAllocationStrategy::Pooling(PoolingAllocationConfig::new());
    for (name, strategy) in
        [("on demand", InstanceAllocationStrategy::OnDemand), ("pool with wasmtime's defaults", pool)]
    {
        let mut config = Config::new();
        config.allocation_strategy(strategy);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, &wasm)?;
        let mut linker = Linker::<State>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        for (interface, functions) in UNUSED {
            let mut interface = linker.instance(interface)?;
            for function in functions {
                interface.func_new(function, |_, _, _, _| {
                    Err(wasmtime::Error::msg("the handler calls a function that this program does not have"))
                })?;
            }
        }
        let prepared = HandlersPre::new(linker.instantiate_pre(&component)?)?;
        let (handler, input) = (handler.clone(), input.clone());
        // In a task, where the host's executions run, too.
        let times = tokio::spawn(async move { measure(&engine, &prepared, &handler, &input).await });
        report(name, times.await.map_err(wasmtime::Error::new)??);
    }
    Ok(())
}

async fn measure(
    engine: &Engine,
    prepared: &HandlersPre<State>,
    handler: &str,
    input: &str,
) -> wasmtime::Result<Vec<Duration>> {
    let context = StepContext {
        task_id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        namespace: "bench".to_owned(),
        task_name: "plain".to_owned(),
        task_version: "1.0.0".to_owned(),
        step_name: "step".to_owned(),
        attempt: 1,
        max_attempts: 3,
        correlation_id: String::new(),
        task_input: input.to_owned(),
        configuration: "{}".to_owned(),
        dependency_results: Vec::new(),
        cursor: None,
        checkpoint: None,
        trace_parent: None,
        attributes: Vec::new(),
    };
    let mut times = Vec::with_capacity(RUNS);
    let until = Instant::now() + TIME_LIMIT;
    while times.len() < RUNS && Instant::now() < until {
        let start = Instant::now();
        let state = State { wasi: WasiCtx::builder().build(), table: ResourceTable::new() };
        let mut store = Store::new(engine, state);
        let instance = prepared.instantiate_async(&mut store).await?;
        let outcome =
            instance.tasker_handler_step_handler().call_handle(&mut store, handler, &context).await?;
        drop(store);
        times.push(start.elapsed());
        match outcome {
            Ok(Outcome::Complete(_)) => {}
            other => return Err(wasmtime::Error::msg(format!("`{handler}` returned {other:?}"))),
        }
    }
    Ok(times)
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[(share * (times.len() - 1) as f64) as usize].as_secs_f64() * 1e6;
    println!("plain wasmtime, {what}: p50 {:.1} µs, p90 {:.1} µs, p99 {:.1} µs", at(0.5), at(0.9), at(0.99));
}
