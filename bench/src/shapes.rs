//! The measured workflows.

use serde::Serialize;

/// The namespace of the measured workflows.
pub(crate) const NAMESPACE: &str = "bench";

/// A workflow.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Shape {
    /// The name of its template.
    pub(crate) name: &'static str,
    /// The number of steps.
    pub(crate) steps: usize,
    /// The figure that Tasker Core publishes for this shape, in milliseconds.
    pub(crate) published_ms: Option<&'static str>,
    /// The number of runs.
    pub(crate) runs: usize,
    #[serde(skip)]
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Defined in the project's templates.
    File,
    /// One step, then all others in parallel, then one that waits for all.
    FanOut,
    /// A chain of steps.
    Chain,
    /// A chain of n diamonds, with 2^n paths.
    Ladder,
    /// One step that creates a worker per row, and one that waits for all.
    Batch,
}

/// The shapes of the published figures.
pub(crate) fn published() -> Vec<Shape> {
    let shape = |name, steps, published| Shape {
        name,
        steps,
        published_ms: Some(published),
        runs: 300,
        kind: Kind::File,
    };
    vec![
        shape("linear_4", 4, "257"),
        shape("diamond_4", 4, "200–259"),
        shape("dag_7", 7, "382"),
        shape("tree_8", 8, "389–426"),
        // One of two branches runs.
        shape("conditional_5", 4, "251–262"),
        // 1,000 rows, five workers.
        shape("batch_1000", 7, "358–368"),
    ]
}

/// The shapes that other systems are measured with, too.
pub(crate) fn peers() -> Vec<Shape> {
    published().into_iter().filter(|shape| shape.name == "linear_4").chain([fan_out_100()]).collect()
}

fn fan_out_100() -> Shape {
    Shape { name: "fan_out_100", steps: 102, published_ms: None, runs: 200, kind: Kind::FanOut }
}

/// Large shapes without published figures.
pub(crate) fn large() -> Vec<Shape> {
    vec![
        fan_out_100(),
        Shape { name: "fan_out_1000", steps: 1002, published_ms: None, runs: 5, kind: Kind::FanOut },
        Shape { name: "chain_10000", steps: 10_000, published_ms: None, runs: 1, kind: Kind::Chain },
        Shape { name: "ladder_61", steps: 184, published_ms: None, runs: 20, kind: Kind::Ladder },
        Shape { name: "batch_10000", steps: 10_002, published_ms: None, runs: 3, kind: Kind::Batch },
    ]
}

/// Chains of growing length.
pub(crate) fn chains() -> Vec<Shape> {
    let chain = |name, steps, runs| Shape { name, steps, published_ms: None, runs, kind: Kind::Chain };
    vec![
        chain("chain_10", 10, 200),
        chain("chain_100", 100, 30),
        chain("chain_1000", 1000, 5),
        chain("chain_10000", 10_000, 1),
    ]
}

/// Batches of growing width. Each has two steps more than workers.
pub(crate) fn batches() -> Vec<Shape> {
    let batch = |name, workers: usize, runs| Shape {
        name,
        steps: workers + 2,
        published_ms: None,
        runs,
        kind: Kind::Batch,
    };
    vec![
        batch("batch_of_10", 10, 200),
        batch("batch_of_100", 100, 50),
        batch("batch_of_1000", 1000, 10),
        batch("batch_of_10000", 10_000, 3),
        batch("batch_of_100000", 100_000, 1),
    ]
}

impl Shape {
    /// The template of a large shape.
    pub(crate) fn template(&self) -> String {
        let mut text = format!(
            "name: {}\nnamespace_name: {NAMESPACE}\nversion: 1.0.0\nidentity_strategy: always_unique\nsteps:\n",
            self.name
        );
        let mut step = |name: &str, dependencies: &str| {
            text.push_str(&format!(
                "  - {{ name: {name}, handler: {{ callable: add_up }}, dependencies: [{dependencies}] }}\n"
            ));
        };
        match self.kind {
            Kind::File => {}
            Kind::FanOut => {
                step("start", "");
                let names: Vec<String> = (0..self.steps - 2).map(|index| format!("s{index}")).collect();
                for name in &names {
                    step(name, "start");
                }
                step("end", &names.join(", "));
            }
            Kind::Ladder => {
                step("top0", "");
                for rung in 0..self.steps / 3 {
                    step(&format!("left{rung}"), &format!("top{rung}"));
                    step(&format!("right{rung}"), &format!("top{rung}"));
                    step(&format!("top{}", rung + 1), &format!("left{rung}, right{rung}"));
                }
            }
            Kind::Batch => text.push_str(&format!(
                "  - name: cut\n    type: batchable\n    batch_config: {{ parallelism: 1000, worker_template: process }}\n    \
                 handler: {{ callable: cut_rows, initialization: {{ rows: {workers}, workers: {workers} }} }}\n  \
                 - {{ name: process, type: batch_worker, handler: {{ callable: sum_rows }}, dependencies: [cut] }}\n  \
                 - {{ name: end, handler: {{ callable: add_results }}, dependencies: [process] }}\n",
                workers = self.steps - 2
            )),
            Kind::Chain => {
                step("s0", "");
                (1..self.steps).for_each(|index| step(&format!("s{index}"), &format!("s{}", index - 1)));
            }
        }
        text
    }
}
