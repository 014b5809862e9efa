//! The stages of an execution: admit → load → gather inputs → build the sandbox → run → classify → conclude.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use tasker_protocol::{Ending, Execution, Failure, LogLine, StepDispatch, Usage};
use tasker_telemetry::SpanKind;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument as _;
use wasmtime::Store;
use wasmtime_wasi::I32Exit;

use super::calls::Calls;
use super::classify;
use super::command;
use super::control::ExecutionControl;
use super::failure;
use super::inputs::{Inputs, attributes};
use super::measured::{self, Running};
use super::meter::Meter;
use super::outcome;
use super::state::{State, Values, most_handles};
use super::traced::Traced;
use crate::about::during;
use crate::admission::Admitted;
use crate::bindings::step_values::{self, DependencyResult, StepContext};
use crate::capability::http::HttpState;
use crate::capability::key_value::KeyValues;
use crate::capability::wasi::{Answer, StandardInput};
use crate::component::library::Loaded;
use crate::component::linker::Program;
use crate::shared::{Sandboxes, Shared};

/// Bytes that one call may copy out of a guest in addition to a result of maximum size: the largest chunk of
/// an outgoing HTTP body.
const COPY_SLACK: u64 = 1 << 20;

/// Runs one attempt of one step. Always returns an `Execution` to report.
/// `admitted` is its memory, if it was taken before.
pub(crate) async fn execute(
    host: &Shared,
    dispatch: &StepDispatch,
    control: &ExecutionControl,
    admitted: Option<Admitted>,
) -> Execution {
    let started_at = Utc::now();
    let _running = Running::begin(dispatch, started_at);
    let traced = Traced::of(dispatch);
    let attempted = attempt(host, dispatch, control, admitted, traced.as_ref()).instrument(during(dispatch));
    let execution = match attempted.await {
        Ok(run) => {
            measured::instantiated(run.waited);
            run.conclude(started_at)
        }
        Err(refusal) => Execution {
            started_at,
            finished_at: Utc::now(),
            ending: Ending::Failed(refusal),
            usage: Usage::default(),
            logs: Vec::new(),
        },
    };
    measured::ended(&execution.ending);
    if let Some(traced) = traced {
        traced.ended(&host.name, dispatch, &execution);
    }
    execution
}

/// A finished run.
struct FinishedRun {
    ending: Ending,
    usage: Usage,
    logs: Vec<LogLine>,
    /// The time from the arrival of the dispatch to the start of the sandbox.
    waited: Duration,
}

impl FinishedRun {
    fn conclude(self, arrived_at: DateTime<Utc>) -> Execution {
        let started_at = arrived_at + self.waited;
        Execution {
            started_at,
            finished_at: started_at + Duration::from_micros(self.usage.wall_us),
            ending: self.ending,
            usage: self.usage,
            logs: self.logs,
        }
    }
}

async fn attempt(
    host: &Shared,
    dispatch: &StepDispatch,
    control: &ExecutionControl,
    admitted: Option<Admitted>,
    traced: Option<&Traced>,
) -> Result<FinishedRun, Failure> {
    let arrived = Instant::now();
    let _memory = match admitted {
        Some(admitted) => admitted,
        None => admit(host, dispatch, control).await?,
    };
    let _permit = slot(host, control).await?;
    let (sandboxes, loaded) = load(host, dispatch, control).await?;
    check_instances(dispatch, &loaded)?;
    let inputs = Inputs::gather(dispatch, traced)?;
    let calls = traced.and_then(Traced::calls);
    let mut sandbox = Sandbox::build(host, &sandboxes, dispatch, control, &loaded, &inputs, calls)?;
    let waited = sandbox.meter.start() - arrived;
    let stop = sandbox.run(&loaded, dispatch, &inputs, control).await;
    if let Some(resident) = &loaded.resident {
        resident.execution_ends();
    }
    Ok(classify(stop, sandbox, dispatch, waited))
}

/// Durations come from templates; a year is the maximum, so that the sum cannot overflow.
fn after(moment: Instant, duration: Duration) -> Instant {
    moment + duration.min(Duration::from_hours(24 * 365))
}

/// Waits for the memory that the execution may use.
async fn admit(
    host: &Shared,
    dispatch: &StepDispatch,
    control: &ExecutionControl,
) -> Result<Admitted, Failure> {
    let limit = dispatch.limits.memory_bytes;
    if !host.admission.fits(limit) {
        return Err(failure::too_large(&dispatch.step_name, limit, host.admission.total()));
    }
    if let Some(admitted) = host.admission.try_admit(limit) {
        return Ok(admitted);
    }
    let admitted = unless_cancelled(control, host.admission.admit(limit)).await?;
    admitted.ok_or_else(failure::shutting_down)
}

/// Waits for a slot in the pool.
async fn slot(host: &Shared, control: &ExecutionControl) -> Result<OwnedSemaphorePermit, Failure> {
    if let Ok(permit) = host.permits.clone().try_acquire_owned() {
        return Ok(permit);
    }
    let permit = unless_cancelled(control, host.permits.clone().acquire_owned()).await?;
    permit.map_err(|_| failure::shutting_down())
}

/// Loads the component and compiles it if necessary. Loads it again if the sandboxes were replaced meanwhile.
async fn load(
    host: &Shared,
    dispatch: &StepDispatch,
    control: &ExecutionControl,
) -> Result<(Arc<Sandboxes>, Arc<Loaded>), Failure> {
    loop {
        let sandboxes = host.sandboxes();
        if let Some(loaded) = sandboxes.library.loaded(&dispatch.handler.component) {
            return Ok((sandboxes, loaded));
        }
        let loaded = unless_cancelled(control, sandboxes.library.get(&dispatch.handler.component)).await?;
        let loaded = loaded.map_err(|error| failure::component(dispatch, &error))?;
        if host.is_current(&sandboxes) {
            return Ok((sandboxes, loaded));
        }
    }
}

/// Waits for `work` before the sandbox exists, until cancellation.
async fn unless_cancelled<T>(
    control: &ExecutionControl,
    work: impl Future<Output = T>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        done = work => Ok(done),
        () = control.cancelled() => Err(failure::cancelled(Duration::ZERO)),
    }
}

fn check_instances(dispatch: &StepDispatch, loaded: &Loaded) -> Result<(), Failure> {
    if loaded.core_instances > dispatch.limits.instances {
        return Err(failure::instances(&dispatch.step_name, &dispatch.limits, loaded.core_instances));
    }
    Ok(())
}

/// Why a run stopped.
enum Stop {
    /// The handler returned.
    Answered(Result<step_values::Outcome, step_values::Failure>),
    /// The command exited with this code.
    Exited(i32),
    /// The engine stopped it. `instantiated`: the call had started.
    Crashed { error: wasmtime::Error, instantiated: bool },
    /// It exceeded its time limit.
    WallTime,
    /// It was cancelled and did not stop in time.
    Cancelled,
}

/// A store with its state and time limits.
struct Sandbox {
    store: Store<State>,
    meter: Arc<Meter>,
    /// The latest end of the run.
    ends: Instant,
    grace: Duration,
    calls: Option<Calls>,
}

impl Sandbox {
    fn build(
        host: &Shared,
        sandboxes: &Sandboxes,
        dispatch: &StepDispatch,
        control: &ExecutionControl,
        loaded: &Loaded,
        inputs: &Inputs<'_>,
        calls: Option<Calls>,
    ) -> Result<Self, Failure> {
        let limits = dispatch.limits;
        let meter = Arc::new(Meter::new(Duration::from_millis(limits.cpu_ms), host.turns.clone()));
        let ends = after(meter.start(), Duration::from_millis(limits.wall_ms));
        let mut state = State::new(limits, meter.clone(), control.clone(), ends);
        if loaded.imports.config {
            state.values = Some(Values {
                namespace: dispatch.namespace.clone(),
                configuration: dispatch.configuration.clone(),
                grants: dispatch.grants.clone(),
                secrets: host.secrets.clone(),
            });
        }
        if loaded.imports.http {
            state.http = Some(HttpState::new(
                &host.http,
                &dispatch.grants,
                &state.logs,
                inputs.of_traced(),
                calls.clone(),
            ));
        }
        if loaded.imports.key_value {
            state.key_values = Some(KeyValues {
                store: host.key_values.get().cloned(),
                namespace: dispatch.namespace.clone(),
                granted: dispatch.grants.key_value.clone(),
                logs: state.logs.clone(),
                swaps: 0,
                calls: calls.clone(),
            });
        }
        if let Program::Command(_) = loaded.program {
            state.command = Some(StandardInput {
                context: command::context(dispatch, inputs)?,
                answer: Answer::new(limits.result_bytes, state.budget.clone()),
            });
        }
        let mut store = Store::new(&sandboxes.engine, state);
        store.limiter(|state| &mut state.limiter);
        // A guest has no more to copy than its memory holds.
        let copied = limits.result_bytes.saturating_add(COPY_SLACK).min(limits.memory_bytes);
        store.set_hostcall_fuel(usize::try_from(copied).unwrap_or(usize::MAX));
        // Limits the handles of the component's own resources; the table limits those of the host's.
        store.set_max_component_handles(most_handles(&limits).saturating_mul(2));
        // Two ticks ahead, so that a run shorter than one tick is never interrupted.
        store.set_epoch_deadline(2);
        store.epoch_deadline_callback(|context| context.data().meter.tick());
        let grace = host.cancel_grace;
        Ok(Self { store, meter, ends, grace, calls })
    }

    /// Instantiates the component and calls the handler, with the time limits applied.
    async fn run(
        &mut self,
        loaded: &Loaded,
        dispatch: &StepDispatch,
        inputs: &Inputs<'_>,
        control: &ExecutionControl,
    ) -> Stop {
        let (meter, ends, grace) = (self.meter.clone(), self.ends, self.grace);
        let calls = self.calls.as_ref();
        let run = async {
            match &loaded.program {
                Program::Handlers(_) => handle(&mut self.store, loaded, dispatch, inputs, calls).await,
                Program::Command(_) => command(&mut self.store, loaded, calls).await,
            }
        };
        let cancelled = async {
            control.cancelled().await;
            tokio::time::sleep(grace).await;
        };
        tokio::select! {
            // Poll the run first: one that never waits does not poll the timers.
            biased;
            stop = meter.measure(run) => stop,
            () = cancelled => Stop::Cancelled,
            () = tokio::time::sleep_until(ends.into()) => Stop::WallTime,
        }
    }
}

/// Runs a component that exports the contract.
async fn handle(
    store: &mut Store<State>,
    loaded: &Loaded,
    dispatch: &StepDispatch,
    inputs: &Inputs<'_>,
    calls: Option<&Calls>,
) -> Stop {
    let Program::Handlers(pre) = &loaded.program else { return Stop::Exited(0) };
    let handlers = match instantiated(calls, pre.instantiate_async(&mut *store)).await {
        Ok(handlers) => handlers,
        Err(error) => return Stop::Crashed { error, instantiated: false },
    };
    let dependencies: Vec<DependencyResult<'_>> = inputs
        .dependencies
        .iter()
        .map(|(step, result)| DependencyResult { step, result: result.get() })
        .collect();
    let attributes: Vec<(&str, &str)> = attributes(dispatch).collect();
    let context = StepContext {
        task_id: inputs.task_id(),
        namespace: &dispatch.namespace,
        task_name: &dispatch.task_name,
        task_version: &dispatch.task_version,
        step_name: &dispatch.step_name,
        attempt: dispatch.attempt,
        max_attempts: dispatch.max_attempts,
        correlation_id: &dispatch.correlation_id,
        task_input: inputs.task_input.get(),
        configuration: dispatch.configuration.get(),
        dependency_results: &dependencies,
        cursor: dispatch.cursor.as_deref().map(RawValue::get),
        checkpoint: inputs.checkpoint.map(RawValue::get),
        trace_parent: inputs.trace_parent(),
        attributes: &attributes,
    };
    let handler = handlers.tasker_handler_step_handler();
    match handler.call_handle(store, &dispatch.handler.function, context).await {
        Ok(answer) => Stop::Answered(answer),
        Err(error) => Stop::Crashed { error, instantiated: true },
    }
}

/// Waits for an instance.
async fn instantiated<T>(
    calls: Option<&Calls>,
    work: impl Future<Output = wasmtime::Result<T>>,
) -> wasmtime::Result<T> {
    let call = calls.and_then(|calls| calls.begin(SpanKind::Internal, "instantiate"));
    let done = work.await;
    if let Some(call) = call {
        call.ended(Vec::new(), done.as_ref().err().map(|error| format!("{error:#}")));
    }
    done
}

/// Runs a WASI command.
async fn command(store: &mut Store<State>, loaded: &Loaded, calls: Option<&Calls>) -> Stop {
    let Program::Command(pre) = &loaded.program else { return Stop::Exited(0) };
    let command = match instantiated(calls, pre.instantiate_async(&mut *store)).await {
        Ok(command) => command,
        Err(error) => return Stop::Crashed { error, instantiated: false },
    };
    match command.wasi_cli_run().call_run(store).await {
        Ok(Ok(())) => Stop::Exited(0),
        Ok(Err(())) => Stop::Exited(1),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(code)) => Stop::Exited(*code),
            None => Stop::Crashed { error, instantiated: true },
        },
    }
}

/// The ending and usage for a stopped run. Drops the sandbox.
fn classify(stop: Stop, sandbox: Sandbox, dispatch: &StepDispatch, waited: Duration) -> FinishedRun {
    let (meter, grace) = (sandbox.meter, sandbox.grace);
    let wall = meter.start().elapsed();
    let state = sandbox.store.into_data();
    let step = &dispatch.step_name;
    let ending = match stop {
        Stop::Answered(answer) => outcome::ending(dispatch, answer),
        Stop::Exited(code) => match &state.command {
            Some(command) => command::ending(dispatch, code, &command.answer, &state.logs),
            None => Ending::Failed(outcome::invalid_answer("it exited instead of returning")),
        },
        Stop::Crashed { error, instantiated } => {
            Ending::Failed(classify::crash(dispatch, &error, instantiated, &state.logs))
        }
        Stop::WallTime => Ending::Failed(failure::wall_time(step, &dispatch.limits)),
        Stop::Cancelled => Ending::Failed(failure::cancelled(grace)),
    };
    let (logs, dropped_log_bytes) = state.logs.take();
    let usage = Usage {
        wall_us: micros(wall),
        cpu_us: micros(meter.spent()),
        peak_memory_bytes: state.budget.peak(),
        dropped_log_bytes,
    };
    FinishedRun { ending, usage, logs, waited }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
