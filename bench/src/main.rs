//! Measures the whole system from outside: HTTP create → queue → sandboxed WASM → report → complete.
//!
//! Starts `tasker dev` on an empty database with fsync on, drives it over HTTP, and takes times both from the
//! database and from the client. Usage: `tasker-bench TASKER_PROGRAM PROJECT_FOLDER RESULT_FILE`.
#![forbid(unsafe_code)]

mod latency;
mod machine;
mod report;
mod server;
mod shapes;
mod throughput;

use std::path::Path;

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, project, results] = arguments.as_slice() else {
        anyhow::bail!("usage: tasker-bench TASKER_PROGRAM PROJECT_FOLDER RESULT_FILE");
    };
    let machine = machine::describe();
    println!("{machine}\n");
    let server = server::Server::start(Path::new(program), Path::new(project))?;
    let mut rows = Vec::new();
    for shape in shapes::published() {
        rows.push(latency::measure(&server, &shape)?);
    }
    let large: Vec<_> =
        shapes::large().iter().map(|shape| latency::measure(&server, shape)).collect::<Result<_>>()?;
    let throughput = throughput::measure(&server)?;
    let text = report::table(&rows, &large, &throughput);
    println!("{text}");
    let json = serde_json::json!({
        "machine": machine, "latency": rows, "large": large, "throughput": throughput,
    });
    let path = Path::new(results);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, serde_json::to_string_pretty(&json)?).context("writing the results")?;
    println!("\nas JSON: {}", path.display());
    Ok(())
}
