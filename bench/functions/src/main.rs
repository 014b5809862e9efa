//! Measures the Lambda functions on this machine with the compiled programs, a simulated Runtime API, an AWS
//! emulator and a private PostgreSQL. Usage: `tasker-bench-functions PROGRAMS_FOLDER COMPONENT WORKFLOW`.
#![forbid(unsafe_code)]

mod cold_start;
mod counting;
mod event_source;
mod figures;
mod http;
mod in_emulator;
mod installation;
mod lineage;
#[cfg(test)]
mod loops;
mod process;
mod requests;
mod runtime_api;

use std::path::Path;

use anyhow::Result;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [programs, component, workflow] = arguments.as_slice() else {
        anyhow::bail!("usage: tasker-bench-functions PROGRAMS_FOLDER COMPONENT WORKFLOW");
    };
    let programs = Path::new(programs);
    let installation = installation::Installation::new(Path::new(component), Path::new(workflow))?;
    cold_start::measure(&installation, programs)?;
    in_emulator::measure(&installation, programs)?;
    requests::measure(&installation, programs)
}
