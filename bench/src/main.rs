//! Measures the whole system from outside: HTTP create → queue → sandboxed WASM → report → complete.
//!
//! Starts `tasker dev` on an empty database with fsync on, drives it over HTTP, and takes times both from the
//! database and from the client. Then does the same with `tasker serve` and `tasker worker` over PGMQ. Usage:
//! `tasker-bench TASKER_PROGRAM PROJECT_FOLDER RESULT_FILE [one_process | pgmq | peers]`. `peers` measures both with the
//! shapes only that `bench/peers` measures of other systems.
//!
//! `tasker-bench TASKER_PROGRAM PROJECT_FOLDER RESULT_FILE curves [NAME...]` measures how the figures change as load, tasks and
//! database grow, `doors` what authentication and listeners cost, `search` how long tasks take to find among many, and `tasker-bench page RESULT_FILE MARKDOWN_FILE` renders that result as a page with plots.
#![forbid(unsafe_code)]

mod access;
mod curves;
mod doors;
mod latency;
mod listeners;
mod machine;
mod processes;
mod report;
mod search;
mod server;
mod shapes;
mod throughput;

use std::path::Path;

use anyhow::Result;
use server::{Installation, Server};

/// The installations, by the names of the arguments.
const INSTALLATIONS: [(&str, Installation); 2] = [
    ("one_process", Installation::OneProcess),
    ("pgmq", Installation::Pgmq { orchestrators: 1, workers: 1 }),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [program, project, results, curves, names @ ..] if curves == "curves" => {
            return curves::run(Path::new(program), Path::new(project), Path::new(results), names);
        }
        [program, project, results, doors] if doors == "doors" => {
            let (program, project) = (Path::new(program), Path::new(project));
            let doors = doors::measure(program, project)?;
            let listeners = listeners::measure(program, project)?;
            let found =
                serde_json::json!({ "machine": machine::describe(), "doors": doors, "listeners": listeners });
            return report::save(Path::new(results), &found);
        }
        [program, project, results, search] if search == "search" => {
            let found = search::measure(Path::new(program), Path::new(project))?;
            return report::save(
                Path::new(results),
                &serde_json::json!({ "machine": machine::describe(), "search": found }),
            );
        }
        [page, results, file] if page == "page" => {
            return curves::write_page(Path::new(results), Path::new(file));
        }
        _ => {}
    }
    let (program, project, results, only) = match arguments.as_slice() {
        [program, project, results] => (program, project, results, None),
        [program, project, results, only] => (program, project, results, Some(only.as_str())),
        _ => anyhow::bail!(
            "usage: tasker-bench TASKER_PROGRAM PROJECT_FOLDER RESULT_FILE [one_process | pgmq | peers | doors | search | curves [NAME...]]\n       \
             tasker-bench page RESULT_FILE MARKDOWN_FILE"
        ),
    };
    let peers = only == Some("peers");
    let only = only.filter(|_| !peers);
    if let Some(only) = only.filter(|only| INSTALLATIONS.iter().all(|(name, _)| name != only)) {
        anyhow::bail!("`{only}` cannot be measured alone; name `one_process`, `pgmq`, `peers` or `curves`");
    }
    let machine = machine::describe();
    println!("{machine}\n");
    let (program, project) = (Path::new(program), Path::new(project));
    let mut json = serde_json::json!({ "machine": machine });
    for (name, installation) in INSTALLATIONS {
        if only.is_none_or(|only| only == name) {
            json[name] = measure(program, project, installation, peers)?;
        }
    }
    report::save(Path::new(results), &json)?;
    println!("\nas JSON: {results}");
    Ok(())
}

/// Measures an installation and prints its figures. Returns them as JSON.
fn measure(
    program: &Path,
    project: &Path,
    installation: Installation,
    peers: bool,
) -> Result<serde_json::Value> {
    let server = Server::start(program, project, installation)?;
    let latency = |shapes: Vec<shapes::Shape>| -> Result<Vec<_>> {
        shapes.iter().map(|shape| latency::measure(&server, shape)).collect()
    };
    let title = match installation {
        Installation::OneProcess => "one process",
        Installation::Pgmq { .. } => "one orchestrator and one worker over PGMQ",
    };
    let (published, large) = match installation {
        _ if peers => (shapes::peers(), Vec::new()),
        Installation::OneProcess => (shapes::published(), shapes::large()),
        Installation::Pgmq { .. } => (shapes::published(), Vec::new()),
    };
    let (published, large) = (latency(published)?, latency(large)?);
    let throughput = throughput::measure(&server)?;
    println!("{title}\n\n{}\n", report::table(&published, &large, &throughput));
    Ok(serde_json::json!({ "latency": published, "large": large, "throughput": throughput }))
}
