//! Measures what authentication costs: the same requests and loads with none, with an API key, and with a token, in turn.

use std::{path::Path, time::Instant};

use anyhow::Result;
use serde::Serialize;

use crate::{
    access::Access,
    latency::Percentiles,
    server::{Installation, Server},
    shapes::NAMESPACE,
    throughput::{self, Load, TEMPLATE},
};

/// How often all are measured in turn, so that a slower minute of the machine meets all of them.
const ROUNDS: usize = 7;
/// The requests of a round, one after the other.
const REQUESTS: usize = 1000;
/// The tasks of a round's load.
const TASKS: usize = 3000;

/// The figures of one way of authentication: medians of the rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Door {
    access: Access,
    /// A request that reads a task, in milliseconds.
    read: f64,
    /// A request that creates a task, in milliseconds.
    create: f64,
    /// Steps per second under load.
    steps_per_second: f64,
}

/// Measures all of them. Prints the figures.
pub(crate) fn measure(program: &Path, project: &Path) -> Result<Vec<Door>> {
    let mut servers = Vec::new();
    for access in [Access::Off, Access::Key, Access::Token] {
        let server = Server::start_with_access(program, project, Installation::OneProcess, &[], access)?;
        servers.push((access, server, [Vec::new(), Vec::new(), Vec::new()]));
    }
    for round in 0..=ROUNDS {
        for (access, server, figures) in &mut servers {
            let found = [creations(server)?, reads(server)?, load(server)?];
            // The first round fills caches.
            if round > 0 {
                for (figures, found) in figures.iter_mut().zip(found) {
                    figures.push(found);
                }
            }
            eprintln!("round {round}: {access:?} {found:?}");
        }
    }
    let doors: Vec<Door> = servers
        .into_iter()
        .map(|(access, _, figures)| {
            let [create, read, steps_per_second] = figures.map(|figures| Percentiles::of(figures).p50);
            Door { access, read, create, steps_per_second }
        })
        .collect();
    println!("{}", table(&doors));
    Ok(doors)
}

/// The median time to create a task, in milliseconds.
fn creations(server: &Server) -> Result<f64> {
    let agent = Server::agent();
    timed(&mut |request| {
        server.create(&agent, NAMESPACE, TEMPLATE, &format!(r#"{{"n":{request}}}"#)).map(drop)
    })
}

/// The median time to read a task, in milliseconds.
fn reads(server: &Server) -> Result<f64> {
    let agent = Server::agent();
    let task = server.create(&agent, NAMESPACE, TEMPLATE, r#"{"n":0}"#)?;
    server.wait(&agent, &task)?;
    timed(&mut |_| server.read(&agent, &task).map(drop))
}

fn timed(request: &mut dyn FnMut(usize) -> Result<()>) -> Result<f64> {
    let mut times = Vec::with_capacity(REQUESTS);
    for number in 0..REQUESTS {
        let begin = Instant::now();
        request(number)?;
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(Percentiles::of(times).p50)
}

fn load(server: &Server) -> Result<f64> {
    Ok(throughput::run(server, &Load { tasks: TASKS, ..Load::default() })?.steps_per_second_overall)
}

fn table(doors: &[Door]) -> String {
    let mut text =
        "| authentication | create | read | steps/s | compared with none |\n|---|---|---|---|---|\n"
            .to_owned();
    for door in doors {
        let against = |of: fn(&Door) -> f64| 100.0 * (of(door) / of(&doors[0]) - 1.0);
        text.push_str(&format!(
            "| {:?} | {:.3} ms | {:.3} ms | {:.0} | {:+.1} %, {:+.1} %, {:+.1} % |\n",
            door.access,
            door.create,
            door.read,
            door.steps_per_second,
            against(|door| door.create),
            against(|door| door.read),
            against(|door| door.steps_per_second)
        ));
    }
    text
}
