//! A long chain of steps passes through the packed functions as the deployment configures them, and only because it allows loops.

use std::{path::Path, process::Command};

use crate::{
    event_source,
    installation::{Chain, Installation},
    lineage,
    runtime_api::Function,
};

const STEPS: usize = 40;

/// The functions that may take part in a loop, by the Terraform module. `infra/same-rules.py` compares the SAM template.
fn allowed() -> Vec<&'static str> {
    let module = include_str!("../../../infra/terraform/functions.tf");
    let (before, _) = module.split_once("recursive_loop = \"Allow\"").unwrap();
    let (_, list) = before.rsplit_once("contains([").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    list.split(',').map(|name| name.trim().trim_matches('"')).collect()
}

/// The functions of the loop, each with its queue and whether Lambda lets it take part in loops.
fn start(installation: &Installation, allowed: &[&str]) -> Vec<(Function, &'static str)> {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/functions");
    let function = |name: &str, queue| {
        let program = functions.join(name).join("bootstrap");
        assert!(program.exists(), "the functions are not packed: run `scripts/build-functions.sh here`");
        let started = Function::start(&program, &installation.seat().unwrap().environment).unwrap();
        (if allowed.contains(&name) { started } else { started.without_loops() }, queue)
    };
    vec![function("run-steps", "steps"), function("orchestrate", "reports")]
}

/// Runs the functions until their queues are empty. Returns the length of the longest chain of invocations, or the error.
fn run(functions: &mut [(Function, &'static str)]) -> anyhow::Result<u32> {
    let mut longest = 0;
    loop {
        let mut idle = true;
        for (function, queue) in &mut *functions {
            while let Some(event) = event_source::receive(queue, 10)? {
                longest = longest.max(lineage::length(&event) + 1);
                let answer = function.invoke(&event)?;
                event_source::delete(queue, &event, &answer.value)?;
                idle = false;
            }
        }
        if idle {
            return Ok(longest);
        }
    }
}

#[test]
fn a_long_chain_passes_where_loops_are_allowed_and_is_cut_elsewhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let guests = folder.join("target/bench-guests");
    let built = Command::new("cargo")
        .args(["build", "--quiet", "--release", "--lib", "--target", "wasm32-wasip2", "--manifest-path"])
        .arg(folder.join("examples/benchmark-shapes/Cargo.toml"))
        .arg("--target-dir")
        .arg(&guests)
        .status()
        .unwrap();
    assert!(built.success());
    let step = |number: usize| {
        let after =
            if number == 0 { String::new() } else { format!("    dependencies: [s{}]\n", number - 1) };
        format!("  - name: s{number}\n    handler: {{ callable: add_up }}\n{after}")
    };
    let steps: String = (0..STEPS).map(step).collect();
    let template = format!(
        "name: linear_4\nnamespace_name: bench\nversion: 1.0.0\nidentity_strategy: always_unique\nsteps:\n{steps}"
    );
    let workflow = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(workflow.path(), template).unwrap();
    let component = guests.join("wasm32-wasip2/release/benchmark_shapes.wasm");
    let installation = Installation::new(&component, workflow.path()).unwrap();
    let complete = || installation.tasks().unwrap().get("complete").copied().unwrap_or(0);

    // With continuation a chain of steps is a much shorter chain of invocations.
    installation.create(Chain::Apart, 1).unwrap();
    let longest = run(&mut start(&installation, &allowed())).unwrap();
    assert_eq!(complete(), 1);
    assert!(longest as usize >= 2 * STEPS, "the chain has {longest} invocations: the lineage was lost");

    // Steps enough for the limit, through functions that allow no loop.
    installation.create(Chain::Apart, 1).unwrap();
    let cut = run(&mut start(&installation, &[])).unwrap_err().to_string();
    assert!(cut.contains("RecursiveInvocationException"), "{cut}");
    assert_eq!(complete(), 1, "the second task is cut");
}
