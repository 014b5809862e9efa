//! Loading components: once, verified, and with actionable errors.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;
use tasker_protocol::FailureOrigin;
use tasker_runtime_host::{
    CompileError, CompiledComponent, ComponentError, ComponentKind, ComponentSource, ComponentSourceError,
    FolderSource, Host, HostConfig, NoSecrets, PublisherKey, SealedComponent, compile_for,
};

use crate::support::{
    PROBE, assert_failed, completed, config, digest_of, dispatch, dispatch_of, handler_module, host,
    host_with, run,
};

/// A source that counts its requests.
struct Counting(Vec<u8>, AtomicUsize);

#[async_trait]
impl ComponentSource for Counting {
    async fn fetch(&self, _digest: &str) -> Result<Vec<u8>, ComponentSourceError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Ok(self.0.clone())
    }
}

/// A component that compiles fast and returns 7.
fn small(salt: u32) -> Vec<u8> {
    handler_module(
        &format!("(data (i32.const 128) \"7\") (data (i32.const 200) \"{salt}\")"),
        "(i32.store8 (i32.const 64) (i32.const 0)) (i32.store8 (i32.const 72) (i32.const 0))
         (i32.store (i32.const 76) (i32.const 128)) (i32.store (i32.const 80) (i32.const 1)) (i32.const 64)",
    )
}

fn fresh(folder: &Path) -> HostConfig {
    HostConfig { cache_dir: folder.to_owned(), max_concurrent: 20, ..HostConfig::default() }
}

#[tokio::test]
async fn a_component_is_described_with_its_digest_and_its_handlers() {
    let described = host().describe(&PROBE).await.unwrap();
    assert_eq!(described.digest, digest_of(&PROBE));
    assert_eq!(described.kind, ComponentKind::Component);
    assert_eq!(described.handlers[0].name, "echo");
    assert_eq!(described.handlers[0].input_schema.as_ref().unwrap().get(), "{}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_is_fetched_and_compiled_once_however_many_ask_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let wasm = small(1);
    let source = Arc::new(Counting(wasm.clone(), AtomicUsize::new(0)));
    let host = Host::new(fresh(folder.path()), source.clone(), Arc::new(NoSecrets)).unwrap();
    let runs: Vec<_> = (0..20)
        .map(|_| {
            let (host, dispatch) = (host.clone(), dispatch_of(&wasm, "any", &json!(null)));
            tokio::spawn(async move { run(&host, &dispatch).await })
        })
        .collect();
    for execution in runs {
        assert_eq!(completed(&execution.await.unwrap()), 7);
    }
    assert_eq!(source.1.load(Ordering::SeqCst), 1);
}

/// Two hosts stand for two processes that share only the folder.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_that_share_a_cache_compile_once() {
    let folder = tempfile::tempdir().unwrap();
    let wasm = small(2);
    let source = Arc::new(Counting(wasm.clone(), AtomicUsize::new(0)));
    let hosts: Vec<_> = (0..2)
        .map(|_| Host::new(fresh(folder.path()), source.clone(), Arc::new(NoSecrets)).unwrap())
        .collect();
    let digest = digest_of(&wasm);
    let (first, second) = tokio::join!(hosts[0].prepare(&digest), hosts[1].prepare(&digest));
    first.and(second).unwrap();
    assert_eq!(source.1.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_damaged_cache_entry_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let wasm = small(3);
    let dispatch = dispatch_of(&wasm, "any", &json!(null));
    assert_eq!(completed(&run(&host_with(fresh(folder.path()), vec![wasm.clone()]), &dispatch).await), 7);
    let entry = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "aot"))
        .unwrap();
    let sound = std::fs::read(&entry).unwrap();
    for damaged in [&sound[..sound.len() / 2], b"", b"\x7fELF"] {
        std::fs::write(&entry, damaged).unwrap();
        let host = host_with(fresh(folder.path()), vec![wasm.clone()]);
        assert_eq!(completed(&run(&host, &dispatch).await), 7);
        assert_eq!(std::fs::read(&entry).unwrap().len(), sound.len(), "the entry was not replaced");
    }
}

#[tokio::test]
async fn a_component_with_other_content_than_its_digest_names_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let digest = digest_of(&small(4));
    std::fs::write(folder.path().join(format!("{digest}.wasm")), small(5)).unwrap();
    let source = Arc::new(FolderSource::new(folder.path()));
    let host = Host::new(config(), source, Arc::new(NoSecrets)).unwrap();
    assert!(matches!(host.prepare(&digest).await, Err(ComponentError::DigestMismatch { .. })));
    let error = host.prepare(&digest_of(b"nothing")).await.unwrap_err();
    assert!(matches!(error, ComponentError::Source(ComponentSourceError::NotFound { .. })));
    for path in ["../../etc/passwd", "", "AA"] {
        assert!(host.prepare(path).await.is_err());
    }
}

#[tokio::test]
async fn an_unknown_component_fails_the_step_for_good() {
    let execution = run(&host(), &dispatch_of(b"nothing", "any", &json!(null))).await;
    assert_failed(&execution, FailureOrigin::Host, "ComponentUnavailable", false, "publish it");
}

#[tokio::test]
async fn a_missing_import_is_named() {
    let wasm = wat::parse_str(
        r#"(component
            (import "wasi:nn/graph@0.2.0" (instance))
            (import "acme:billing/ledger" (instance)))"#,
    )
    .unwrap();
    let error = host().describe(&wasm).await.unwrap_err();
    assert!(matches!(&error, ComponentError::MissingImports { imports } if imports.len() == 2), "{error}");
    assert!(error.to_string().contains("`wasi:nn/graph@0.2.0`, `acme:billing/ledger`"), "{error}");
    assert!(!error.retryable());
}

#[tokio::test]
async fn what_holds_no_handler_is_refused() {
    let host = host();
    let empty = wat::parse_str("(component)").unwrap();
    assert!(matches!(host.describe(&empty).await, Err(ComponentError::NoHandlers)));
    assert!(matches!(host.describe(b"no wasm").await, Err(ComponentError::Compile(_))));
    let none = handler_module("", "unreachable");
    assert!(matches!(host.describe(&none).await, Err(ComponentError::NoHandlers)));
    let other = wat::parse_str(
        r#"(component
            (core module $m (func (export "describe") (result i32) i32.const 0))
            (core instance $i (instantiate $m))
            (func $describe (result u32) (canon lift (core func $i "describe")))
            (instance $handler (export "describe" (func $describe)))
            (export "tasker:handler/step-handler@1.0.0" (instance $handler)))"#,
    )
    .unwrap();
    assert!(matches!(host.describe(&other).await, Err(ComponentError::WrongWorld(_))));
}

#[tokio::test]
async fn a_component_that_is_too_large_is_refused() {
    let host = host_with(HostConfig { max_component_bytes: 100, ..config() }, Vec::new());
    assert!(matches!(host.describe(&PROBE).await, Err(ComponentError::TooLarge { .. })));
    assert_failed(
        &run(
            &host_with(
                HostConfig {
                    max_component_bytes: 100,
                    cache_dir: tempfile::tempdir().unwrap().keep(),
                    ..config()
                },
                Vec::new(),
            ),
            &dispatch("echo", &json!(1)),
        )
        .await,
        FailureOrigin::Host,
        "ComponentUnusable",
        false,
        "`max_component_bytes`",
    );
}

#[tokio::test]
async fn a_component_that_hangs_when_described_is_ended() {
    let wasm = handler_module("(func $start (loop $again (br $again))) (start $start)", "unreachable");
    let error = host().describe(&wasm).await.unwrap_err();
    assert!(matches!(error, ComponentError::Describe { .. }), "{error}");
}

#[tokio::test]
async fn the_least_recently_used_component_makes_room() {
    let components: Vec<_> = (10..14).map(small).collect();
    let host = host_with(HostConfig { max_loaded_components: 2, ..config() }, components.clone());
    for wasm in components.iter().chain(&components) {
        assert_eq!(completed(&run(&host, &dispatch_of(wasm, "any", &json!(null))).await), 7);
    }
}

/// This test binary stands for `tasker compile-component`.
#[tokio::test]
async fn components_are_compiled_in_a_process_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("compiler");
    let this = std::env::current_exe().unwrap();
    let script = format!(
        "#!/bin/sh\nINPUT=\"$2\" OUTPUT=\"$3\" exec '{}' --exact --ignored components::compile_as_the_child_does\n",
        this.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let config = HostConfig { compiler: Some(program), ..fresh(folder.path()) };
    let wasm = small(6);
    let host = host_with(config, vec![wasm.clone()]);
    assert_eq!(completed(&run(&host, &dispatch_of(&wasm, "any", &json!(null))).await), 7);
    let error = host.describe(b"\0asm\x0d\0\x01\0junk").await.unwrap_err();
    assert!(matches!(error, ComponentError::Compile(CompileError::Invalid(_))), "{error}");
}

#[test]
#[ignore = "runs as the child process of the test above"]
fn compile_as_the_child_does() {
    if let (Some(input), Some(output)) = (std::env::var_os("INPUT"), std::env::var_os("OUTPUT")) {
        tasker_runtime_host::compile_command(Path::new(&input), Path::new(&output)).unwrap();
    }
}

/// Passes strings between the memories of the parts.
#[tokio::test]
async fn a_component_composed_of_components_runs() {
    let memory = r#"(memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))"#;
    let text = format!(
        r#"(component
            (component $inner
                (core module $m {memory} (func (export "length") (param i32 i32) (result i32) (local.get 1)))
                (core instance $i (instantiate $m))
                (func (export "length") (param "text" string) (result u32)
                    (canon lift (core func $i "length") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
            (component $outer
                (import "length" (func $part (param "text" string) (result u32)))
                (core module $memory {memory})
                (core instance $memory (instantiate $memory))
                (core func $length (canon lower (func $part) (memory (core memory $memory "memory"))))
                (core module $m
                    (import "part" "length" (func $length (param i32 i32) (result i32)))
                    (func (export "run") (result i32)
                        (i32.ne (call $length (i32.const 0) (i32.const 5)) (i32.const 5))))
                (core instance $part (export "length" (func $length)))
                (core instance $i (instantiate $m (with "part" (instance $part))))
                (func (export "run") (result (result)) (canon lift (core func $i "run"))))
            (instance $part (instantiate $inner))
            (instance $whole (instantiate $outer (with "length" (func $part "length"))))
            (instance $run (export "run" (func $whole "run")))
            (export "wasi:cli/run@0.2.0" (instance $run)))"#
    );
    let wasm = wat::parse_str(text).unwrap();
    let execution =
        run(&host_with(config(), vec![wasm.clone()]), &dispatch_of(&wasm, "run", &json!(null))).await;
    assert_eq!(completed(&execution), json!(null));
}

/// A source without components, only with a precompiled one.
struct Compiled {
    name: String,
    bytes: Vec<u8>,
    key: PublisherKey,
}

#[async_trait::async_trait]
impl ComponentSource for Compiled {
    async fn fetch(&self, digest: &str) -> Result<Vec<u8>, ComponentSourceError> {
        Err(ComponentSourceError::NotFound { digest: digest.to_owned() })
    }

    async fn fetch_compiled(&self, name: &str) -> Result<Option<SealedComponent>, ComponentSourceError> {
        let sealed = SealedComponent { bytes: self.bytes.clone(), key: self.key.clone() };
        Ok((name == self.name).then_some(sealed))
    }
}

/// A publisher with a new key.
struct Publisher {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Publisher {
    fn new() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_ASN1_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self { pair: EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap(), random }
    }

    fn key(&self) -> PublisherKey {
        let header = hex("3059301306072a8648ce3d020106082a8648ce3d030107034200");
        let der = [&header, self.pair.public_key().as_ref()].concat();
        PublisherKey::from_base64(&BASE64_STANDARD.encode(der)).unwrap()
    }

    fn sealed(&self, compiled: &CompiledComponent) -> Vec<u8> {
        let signature = self.pair.sign(&self.random, compiled.statement().as_bytes()).unwrap();
        compiled.sealed(signature.as_ref())
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[tokio::test]
async fn what_a_publisher_has_compiled_runs_if_it_signed_it() {
    let wasm = small(8);
    let dispatch = dispatch_of(&wasm, "any", &json!(null));
    let (ours, theirs) = (Publisher::new(), Publisher::new());
    let compiled = compile_for(&digest_of(&wasm), &wasm, std::env::consts::ARCH).unwrap();
    let sealed = ours.sealed(&compiled);
    let host = |bytes: Vec<u8>, key: PublisherKey| {
        let folder = tempfile::tempdir().unwrap();
        let source = Compiled { name: compiled.name().to_owned(), bytes, key };
        (Host::new(fresh(folder.path()), Arc::new(source), Arc::new(NoSecrets)).unwrap(), folder)
    };

    let (sound, folder) = host(sealed.clone(), ours.key());
    assert_eq!(completed(&run(&sound, &dispatch).await), 7);
    // It is cached now: another process with the same folder needs no source.
    let offline =
        Host::new(fresh(folder.path()), Arc::new(FolderSource::new("/nowhere")), Arc::new(NoSecrets));
    assert_eq!(completed(&run(&offline.unwrap(), &dispatch).await), 7);

    let mut changed = sealed.clone();
    *changed.last_mut().unwrap() ^= 1;
    for (bytes, key) in [(changed, ours.key()), (sealed, theirs.key())] {
        let (host, _folder) = host(bytes, key);
        let error = host.prepare(&digest_of(&wasm)).await.unwrap_err();
        assert!(matches!(error, ComponentError::BrokenSeal { .. }), "{error}");
        let execution = run(&host, &dispatch).await;
        assert_failed(&execution, FailureOrigin::Host, "ComponentUnusable", false, "seal");
    }
}

#[test]
fn components_are_compiled_for_either_processor() {
    let wasm = small(9);
    let compile = |architecture: &str| compile_for("d", &wasm, architecture);
    let (arm, x86) = (compile("aarch64").unwrap(), compile("x86_64").unwrap());
    assert!(arm.name().ends_with("aarch64") && x86.name().ends_with("x86_64"));
    let code = |compiled: &CompiledComponent| compiled.sealed(b"");
    assert_ne!(code(&arm), code(&x86));
    assert!(compile("pdp11").is_err());
}
