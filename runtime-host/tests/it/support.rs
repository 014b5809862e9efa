//! Shared by the tests: a host, the probe component, and dispatches for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use serde_json::{Value, json};
use tasker_protocol::{
    Ending, Execution, Failure, FailureOrigin, HandlerReference, Payload, RawValue, StepDispatch, VERSION,
};
use tasker_runtime_host::{
    ComponentSource, ComponentSourceError, ExecutionControl, Host, HostConfig, SecretSource,
    SecretUnavailable,
};
use uuid::Uuid;

/// The component of `tests/guests/probe`, built once.
pub(crate) static PROBE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/probe/Cargo.toml");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--target", "wasm32-wasip2", "--manifest-path"])
        .arg(&manifest)
        .arg("--target-dir")
        .arg(&target)
        // Cargo's settings for this test binary must not affect the guest.
        .env_remove("RUSTFLAGS")
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the guest did not build");
    std::fs::read(target.join("wasm32-wasip2/release/probe.wasm")).expect("the guest is there")
});

/// A component source from memory.
pub(crate) struct Shelf(pub(crate) Vec<Vec<u8>>);

#[async_trait]
impl ComponentSource for Shelf {
    async fn fetch(&self, digest: &str) -> Result<Vec<u8>, ComponentSourceError> {
        let found = self.0.iter().find(|wasm| digest_of(wasm) == digest).cloned();
        found.ok_or_else(|| ComponentSourceError::NotFound { digest: digest.to_owned() })
    }
}

/// A secret source with one secret and one that cannot be read.
pub(crate) struct OneSecret;

#[async_trait]
impl SecretSource for OneSecret {
    async fn secret(&self, _namespace: &str, name: &str) -> Result<Option<String>, SecretUnavailable> {
        match name {
            "payment-key" => Ok(Some("s3cret".to_owned())),
            "far-away" => Err(SecretUnavailable("arn:aws:secretsmanager:somewhere".into())),
            _ => Ok(None),
        }
    }
}

pub(crate) fn digest_of(wasm: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(wasm).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// A cache folder that all tests of this run share, so that each component is compiled once.
pub(crate) fn shared_cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

pub(crate) fn config() -> HostConfig {
    HostConfig { cache_dir: shared_cache(), max_concurrent: 20, ..HostConfig::default() }
}

/// A host with the probe and these components.
pub(crate) fn host_with(config: HostConfig, components: Vec<Vec<u8>>) -> Host {
    let mut shelf = components;
    shelf.push(PROBE.clone());
    Host::new(config, Arc::new(Shelf(shelf)), Arc::new(OneSecret)).expect("the host starts")
}

pub(crate) fn host() -> Host {
    host_with(config(), Vec::new())
}

pub(crate) fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("values serialise")
}

/// A dispatch for a handler of a component.
pub(crate) fn dispatch_of(wasm: &[u8], function: &str, input: &Value) -> StepDispatch {
    StepDispatch {
        version: VERSION,
        task_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
        step_index: 0,
        execution: 1,
        template_step: 0,
        batch: None,
        attempt: 1,
        max_attempts: 3,
        step_name: "probe".to_owned(),
        namespace: "tests".to_owned(),
        task_name: "probing".to_owned(),
        task_version: "1.0.0".to_owned(),
        release_id: Uuid::nil(),
        correlation_id: "c-1".to_owned(),
        handler: HandlerReference {
            callable: format!("probe.{function}"),
            component: digest_of(wasm),
            function: function.to_owned(),
        },
        input: Payload::Inline(raw(input)),
        configuration: raw(&json!({})),
        dependency_results: Vec::new(),
        cursor: None,
        checkpoint: None,
        limits: tasker_protocol::Limits::default(),
        grants: tasker_protocol::Grants::default(),
        traceparent: None,
        sent_at: None,
        next: Vec::new(),
    }
}

/// A dispatch for a handler of the probe.
pub(crate) fn dispatch(function: &str, input: &Value) -> StepDispatch {
    dispatch_of(&PROBE, function, input)
}

/// Runs a dispatch to its end.
pub(crate) async fn run(host: &Host, dispatch: &StepDispatch) -> Execution {
    host.execute(dispatch, &ExecutionControl::default()).await
}

/// The result of a run that must complete.
#[track_caller]
pub(crate) fn completed(execution: &Execution) -> Value {
    match &execution.ending {
        Ending::Complete(result) => serde_json::from_str(result.inline().expect("inline")).expect("JSON"),
        other => panic!("expected completion, got {other:#?} with logs {:#?}", execution.logs),
    }
}

/// The failure of a run that must fail.
#[track_caller]
pub(crate) fn failed(execution: &Execution) -> &Failure {
    match &execution.ending {
        Ending::Failed(failure) => failure,
        other => panic!("expected a failure, got {other:#?}"),
    }
}

/// Asserts the relevant fields of a failure.
#[track_caller]
pub(crate) fn assert_failed(
    execution: &Execution,
    origin: FailureOrigin,
    error_type: &str,
    retryable: bool,
    says: &str,
) {
    let failure = failed(execution);
    assert_eq!(
        (failure.origin, failure.error_type.as_str(), failure.retryable),
        (origin, error_type, retryable),
        "{failure:#?}"
    );
    assert!(failure.message.contains(says), "the message does not contain `{says}`: {}", failure.message);
}

/// A component that exports the contract, from the text of a core module. `items` are module items; `handle`
/// is the body of the function that runs a step (parameter: an `i32`, the context; result: the address of the
/// outcome).
pub(crate) fn handler_module(items: &str, handle: &str) -> Vec<u8> {
    handler_module_of_pages(2, items, handle)
}

/// The same, with a memory of `pages` pages of 64 KiB.
pub(crate) fn handler_module_of_pages(pages: u32, items: &str, handle: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (memory (export "memory") {pages})
            (global $next (mut i32) (i32.const 4096))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                (global.set $next (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
            (func (export "tasker:handler/step-handler@1.0.0#describe") (result i32) (i32.const 16))
            (func (export "tasker:handler/step-handler@1.0.0#handle") (param i32) (result i32) {handle})
            {items})"#
    );
    with_contract(wat::parse_str(text).expect("the module is well formed"))
}

/// A module with the type of the contract embedded.
pub(crate) fn with_contract(mut module: Vec<u8>) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../handler-sdk/wit");
    let (package, _) = resolve.push_dir(&wit).expect("the contract parses");
    let world = resolve.select_world(&[package], Some("handlers")).expect("the contract has its world");
    wit_component::embed_component_metadata(
        &mut module,
        &resolve,
        world,
        wit_component::StringEncoding::UTF8,
    )
    .expect("the type is embedded");
    module
}
