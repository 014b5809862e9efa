//! Reads the handlers of a component when it is published.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::value::RawValue;
use tasker_protocol::{Limits, raw_json};
use wasmtime::Store;

use crate::ComponentError;
use crate::bindings::step_values;
use crate::component::linker::Program;
use crate::execution::control::ExecutionControl;
use crate::execution::meter::Meter;
use crate::execution::state::State;
use crate::shared::Shared;

/// The time limit of `describe`.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum number of handlers in one component. Far more than real components have.
const MAX_HANDLERS: usize = 1000;

/// The longest handler name, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// The name of a command's only handler.
const COMMAND_HANDLER: &str = "run";

/// A component and its handlers.
#[derive(Debug, Clone, Serialize)]
pub struct ComponentDescription {
    /// Its identifier: lower-case hexadecimal SHA-256 of its bytes.
    pub digest: String,
    /// Its size, in bytes.
    pub size: u64,
    /// How it is run.
    pub kind: ComponentKind,
    /// Its handlers, in the order that it lists them.
    pub handlers: Vec<HandlerDescription>,
}

/// How a component is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ComponentKind {
    /// Exports `tasker:handler/step-handler`.
    Component,
    /// A WASI command. Its only handler accepts any name.
    Command,
}

/// A handler.
#[derive(Debug, Clone, Serialize)]
pub struct HandlerDescription {
    /// Its name, unique in its component.
    pub name: String,
    /// Its purpose, in one sentence.
    pub description: String,
    /// The JSON Schema of the task input that it reads.
    pub input_schema: Option<Box<RawValue>>,
    /// The JSON Schema of its result.
    pub result_schema: Option<Box<RawValue>>,
}

/// Loads a component and calls its `describe`.
pub(crate) async fn describe(host: &Shared, wasm: &[u8]) -> Result<ComponentDescription, ComponentError> {
    let _turn = host.describing.acquire().await.map_err(|_| ComponentError::ShuttingDown)?;
    let (sandboxes, digest, loaded) = loop {
        let sandboxes = host.sandboxes();
        let (digest, loaded) = sandboxes.library.add(wasm).await?;
        if host.is_current(&sandboxes) {
            break (sandboxes, digest, loaded);
        }
    };
    let size = wasm.len() as u64;
    match &loaded.program {
        Program::Command(_) => {
            let handler = HandlerDescription {
                name: COMMAND_HANDLER.to_owned(),
                description: "A WASI command: context on standard input, outcome on standard output."
                    .to_owned(),
                input_schema: None,
                result_schema: None,
            };
            Ok(ComponentDescription { digest, size, kind: ComponentKind::Command, handlers: vec![handler] })
        }
        Program::Handlers(pre) => {
            let limits = Limits::default();
            let meter = Arc::new(Meter::new(TIMEOUT, host.turns.clone()));
            let ends = Instant::now() + TIMEOUT;
            let state = State::new(limits, meter.clone(), ExecutionControl::default(), ends);
            let logs = state.logs.clone();
            let mut store = Store::new(&sandboxes.engine, state);
            store.limiter(|state| &mut state.limiter);
            store.set_hostcall_fuel(8 << 20);
            store.set_max_component_handles(limits.handles as usize);
            store.set_epoch_deadline(2);
            store.epoch_deadline_callback(|context| context.data().meter.tick());
            let ask = async {
                let handlers = pre.instantiate_async(&mut store).await?;
                handlers.tasker_handler_step_handler().call_describe(&mut store).await
            };
            let answer = tokio::time::timeout_at(ends.into(), meter.measure(ask)).await;
            let described = match answer {
                Ok(Ok(described)) => described,
                Ok(Err(error)) => {
                    let tail = logs.error_tail().unwrap_or_default();
                    return Err(failed("Crash", format!("{} {tail}", error.root_cause())));
                }
                Err(_) => {
                    return Err(failed(
                        "WallTimeExceeded",
                        format!("no result after {} s", TIMEOUT.as_secs()),
                    ));
                }
            };
            let handlers = check(described)?;
            Ok(ComponentDescription { digest, size, kind: ComponentKind::Component, handlers })
        }
    }
}

fn failed(error_type: &str, message: String) -> ComponentError {
    ComponentError::Describe { error_type: error_type.to_owned(), message }
}

/// Checks the names. Templates refer to handlers by name, so names must be unique and printable.
fn check(described: Vec<step_values::HandlerDescription>) -> Result<Vec<HandlerDescription>, ComponentError> {
    let invalid = |what: String| Err(ComponentError::InvalidDescription(what));
    if described.is_empty() {
        return Err(ComponentError::NoHandlers);
    }
    if described.len() > MAX_HANDLERS {
        return invalid(format!("it lists {} handlers, more than {MAX_HANDLERS}", described.len()));
    }
    let mut handlers: Vec<HandlerDescription> = Vec::with_capacity(described.len());
    for handler in described {
        let name = handler.name;
        if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
            return invalid(format!(
                "a handler is called {name:?}: a name has 1 to {MAX_NAME_BYTES} bytes and no control characters"
            ));
        }
        if handlers.iter().any(|other| other.name == name) {
            return invalid(format!("two handlers are called `{name}`"));
        }
        let schema = |what: &str, text: Option<String>| {
            text.map(raw_json).transpose().map_err(|error| {
                ComponentError::InvalidDescription(format!(
                    "the {what} schema of `{name}` is not JSON: {error}"
                ))
            })
        };
        let input_schema = schema("input", handler.input_schema)?;
        let result_schema = schema("result", handler.result_schema)?;
        handlers.push(HandlerDescription {
            name,
            description: handler.description,
            input_schema,
            result_schema,
        });
    }
    Ok(handlers)
}
