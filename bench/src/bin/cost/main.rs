//! The model behind `docs/cost.md`: the cost of a million steps, and what saturates first. `make cost` prints
//! its tables.
#![forbid(unsafe_code)]

mod dollars;
mod prices;
mod simulation;
mod work;

use dollars::Batches;
use prices::{NEW_ACCOUNT, US_EAST_1};
use simulation::{Deployment, SimulatedMonth};
use work::{APART, CONTINUED, Counted, ESTIMATED, Handler};

const BUSY: Handler = Handler { busy_ms: 20.0, waiting_ms: 0.0 };
const WAITING: Handler = Handler { busy_ms: 5.0, waiting_ms: 1000.0 };

/// Handlers, and what is counted for their steps. A host goes on with a step only within half a second.
const HANDLERS: [(&str, Handler, &Counted); 3] = [
    ("20 ms busy", BUSY, &CONTINUED),
    ("the same, no continuation", BUSY, &APART),
    ("1 s waiting", WAITING, &APART),
];

const AS_WRITTEN: Deployment =
    Deployment { name: "as written", hosts: 100.0, orchestrators: 10.0, cores: 2.0, raised: false };
const RAISED: Deployment =
    Deployment { name: "raised", hosts: 1000.0, orchestrators: 100.0, cores: 16.0, raised: true };

fn main() {
    println!("dollars per million steps; batch: as the simulation finds them in the deployment `raised`\n");
    println!(
        "{:>8} {:<25} {:>9} {:>9} {:>12} {:>6} {:>9} {:>9} {:>6} {:>9} {:>8} {:>9} {:>9} {:>6}",
        "steps/s",
        "handler",
        "batches",
        "run-steps",
        "orchestrate",
        "SQS",
        "DynamoDB",
        "database",
        "logs",
        "standing",
        "Tasker",
        "Standard",
        "Express",
        "ACUs"
    );
    for rate in [1.0, 100.0, 1000.0, 10_000.0] {
        for (name, handler, work) in HANDLERS {
            let outcome = simulation::run(RAISED, &NEW_ACCOUNT, work, &ESTIMATED, handler, rate);
            let batches = Batches { host: outcome.host_batch, orchestrator: outcome.orchestrator_batch };
            let bill = dollars::tasker(work, &ESTIMATED, &US_EAST_1, handler, rate, batches);
            println!(
                "{rate:>8} {name:<25} {:>9} {:>9.2} {:>12.2} {:>6.2} {:>9.2} {:>9.2} {:>6.2} {:>9.2} {:>8.2} {:>9.2} {:>9.2} {:>6.1}",
                format!("{:.1}, {:.1}", batches.host, batches.orchestrator),
                bill.host,
                bill.orchestrator,
                bill.sqs,
                bill.dynamodb,
                bill.database,
                bill.logs,
                bill.standing,
                bill.total(),
                dollars::standard(&US_EAST_1, handler),
                dollars::express(&US_EAST_1, handler, rate),
                bill.acus,
            );
        }
    }

    println!("\nunder load, seven minutes from a standing start\n");
    println!(
        "{:<11} {:<25} {:>8} {:>8} {:>12} {:>13} {:>10}  most used",
        "deployment", "handler", "steps/s", "done/s", "batches", "executions", "caught up"
    );
    for deployment in [AS_WRITTEN, RAISED] {
        for (name, handler, work) in HANDLERS {
            // The last rate exceeds every deployment and shows the maximum of each.
            for rate in [1.0, 100.0, 1000.0, 10_000.0, 40_000.0] {
                let outcome = simulation::run(deployment, &NEW_ACCOUNT, work, &ESTIMATED, handler, rate);
                print_load(deployment, name, rate, &outcome);
            }
        }
    }
}

fn print_load(deployment: Deployment, handler: &str, rate: f64, outcome: &SimulatedMonth) {
    let after = outcome.caught_up_after.map_or("never".to_owned(), |seconds| format!("{seconds:.0} s"));
    let uses: Vec<String> =
        outcome.uses.iter().take(2).map(|(what, share)| format!("{what} {:.0} %", share * 100.0)).collect();
    println!(
        "{:<11} {handler:<25} {rate:>8} {:>8.0} {:>5.1} {:>6.1} {:>6.0} {:>6.0} {after:>10}  {}",
        deployment.name,
        outcome.steps_per_second,
        outcome.host_batch,
        outcome.orchestrator_batch,
        outcome.hosts,
        outcome.orchestrators,
        uses.join(", "),
    );
}
