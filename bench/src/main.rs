//! Measures the whole system from outside: HTTP create → queue → sandboxed WASM → report → complete.
//!
//! Starts `tasker dev` on an empty database with fsync on, drives it over HTTP, and takes times both from the
//! database and from the client. Then does the same with `tasker serve` and `tasker worker` over PGMQ. Usage:
//! `tasker-bench TASKER_PROGRAM PROJECT_FOLDER RESULT_FILE [one_process | pgmq]`.
#![forbid(unsafe_code)]

mod latency;
mod machine;
mod report;
mod server;
mod shapes;
mod throughput;

use std::path::Path;

use anyhow::{Context, Result};
use server::{Installation, Server};

/// What is measured, by the names of the arguments.
const INSTALLATIONS: [(&str, Installation); 2] =
    [("one_process", Installation::OneProcess), ("pgmq", Installation::Pgmq)];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (program, project, results, only) = match arguments.as_slice() {
        [program, project, results] => (program, project, results, None),
        [program, project, results, only] => (program, project, results, Some(only.as_str())),
        _ => anyhow::bail!(
            "usage: tasker-bench TASKER_PROGRAM PROJECT_FOLDER RESULT_FILE [one_process | pgmq]"
        ),
    };
    if let Some(only) = only.filter(|only| INSTALLATIONS.iter().all(|(name, _)| name != only)) {
        anyhow::bail!("`{only}` cannot be measured alone; name `one_process` or `pgmq`");
    }
    let machine = machine::describe();
    println!("{machine}\n");
    let (program, project) = (Path::new(program), Path::new(project));
    let mut json = serde_json::json!({ "machine": machine });
    for (name, installation) in INSTALLATIONS {
        if only.is_none_or(|only| only == name) {
            json[name] = measure(program, project, installation)?;
        }
    }
    let path = Path::new(results);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, serde_json::to_string_pretty(&json)?).context("writing the results")?;
    println!("\nas JSON: {}", path.display());
    Ok(())
}

/// Measures an installation and prints its figures. Returns them as JSON.
fn measure(program: &Path, project: &Path, installation: Installation) -> Result<serde_json::Value> {
    let server = Server::start(program, project, installation)?;
    let latency = |shapes: Vec<shapes::Shape>| -> Result<Vec<_>> {
        shapes.iter().map(|shape| latency::measure(&server, shape)).collect()
    };
    let (title, published, large) = match installation {
        Installation::OneProcess => ("one process", shapes::published(), shapes::large()),
        Installation::Pgmq => ("one orchestrator and one worker over PGMQ", shapes::published(), Vec::new()),
    };
    let (published, large) = (latency(published)?, latency(large)?);
    let throughput = throughput::measure(&server)?;
    println!("{title}\n\n{}\n", report::table(&published, &large, &throughput));
    Ok(serde_json::json!({ "latency": published, "large": large, "throughput": throughput }))
}
