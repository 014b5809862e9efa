//! Lambda's event source, played by the test: receives messages, invokes functions and deletes processed
//! messages. Unlike the emulator's, it can deliver everything twice and out of order.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{aws::Received, deployment::Deployment};

/// The visibility timeout, in seconds. Short, so that a killed function does not hide its messages for long.
const HIDDEN: u32 = 5;

/// The function of each queue.
const SOURCES: [(&str, &str); 4] =
    [("events", "ingest"), ("steps", "run-steps"), ("reports", "orchestrate"), ("deliveries", "deliver")];

pub(crate) struct EventSource<'a> {
    deployment: &'a Deployment,
    twice: bool,
    invocations: usize,
}

impl<'a> EventSource<'a> {
    pub(crate) fn of(deployment: &'a Deployment) -> Self {
        Self { deployment, twice: false, invocations: 0 }
    }

    /// Delivers every batch to two concurrent invocations, the second time in reverse order.
    pub(crate) fn twice(self) -> Self {
        Self { twice: true, ..self }
    }

    pub(crate) fn invocations(&self) -> usize {
        self.invocations
    }

    /// Polls each queue once.
    pub(crate) fn run_once(&mut self) {
        for (queue, function) in SOURCES {
            self.invocations += hand_out(self.deployment, queue, function, self.twice).0;
        }
    }

    /// Polls until the condition holds, which is also checked while functions run.
    pub(crate) fn run_until(&mut self, limit: Duration, mut done: impl FnMut() -> bool) {
        let begun = Instant::now();
        let (deployment, twice) = (self.deployment, self.twice);
        let stop = std::sync::atomic::AtomicBool::new(false);
        let invocations = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for (queue, function) in SOURCES {
                let (stop, invocations) = (&stop, &invocations);
                scope.spawn(move || {
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        let (count, messages) = hand_out(deployment, queue, function, twice);
                        invocations.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
                        if messages == 0 {
                            std::thread::sleep(Duration::from_millis(50));
                        }
                    }
                });
            }
            while !done() && begun.elapsed() < limit {
                std::thread::sleep(Duration::from_millis(20));
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        self.invocations += invocations.into_inner();
        assert!(done(), "not within {limit:?}");
    }

    /// Polls until no queue has visible or in-flight messages.
    pub(crate) fn run_until_empty(&mut self, limit: Duration) {
        let deployment = self.deployment;
        self.run_until(limit, || {
            SOURCES.iter().all(|(queue, _)| deployment.aws.depths(&deployment.queue(queue)) == [0; 3])
        });
    }

    /// Polls only one queue for this time.
    pub(crate) fn run_only(&mut self, queue: &str, time: Duration) {
        let (_, function) = SOURCES.iter().find(|(known, _)| *known == queue).unwrap();
        let begun = Instant::now();
        while begun.elapsed() < time {
            self.invocations += hand_out(self.deployment, queue, function, false).0;
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Receives messages and drops them, like a function that crashes each time.
    pub(crate) fn receive_and_drop(&self, queue: &str, times: usize) {
        let url = self.deployment.queue(queue);
        for _ in 0..times {
            self.deployment.aws.receive(&url, 0);
        }
    }
}

/// Delivers one batch to its function. Returns the numbers of invocations and messages.
fn hand_out(deployment: &Deployment, queue: &str, function: &str, twice: bool) -> (usize, usize) {
    let url = deployment.queue(queue);
    let messages = deployment.aws.receive(&url, HIDDEN);
    if messages.is_empty() {
        return (0, 0);
    }
    let name = url.rsplit('/').next().unwrap();
    let backwards: Vec<Received> = messages.iter().rev().cloned().collect();
    let batches = if twice { vec![messages.clone(), backwards] } else { vec![messages.clone()] };
    let done: HashSet<String> = std::thread::scope(|scope| {
        let running: Vec<_> = batches
            .iter()
            .map(|batch| scope.spawn(|| invoke(deployment, &deployment.function(function), name, batch)))
            .collect();
        running.into_iter().flat_map(|running| running.join().unwrap()).collect()
    });
    for message in messages.iter().filter(|message| done.contains(&message.id)) {
        deployment.aws.delete(&url, &message.receipt);
    }
    (batches.len(), messages.len())
}

/// Invokes a function. Returns the messages that it has processed.
fn invoke(deployment: &Deployment, function: &str, queue: &str, batch: &[Received]) -> Vec<String> {
    let record = |message: &Received| {
        json!({ "messageId": message.id, "receiptHandle": message.receipt, "body": message.body,
                "attributes": { "ApproximateReceiveCount": message.count }, "messageAttributes": {},
                "eventSource": "aws:sqs", "awsRegion": crate::aws::REGION,
                "eventSourceARN": format!("arn:aws:sqs:{}:000000000000:{queue}", crate::aws::REGION) })
    };
    let event = json!({ "Records": batch.iter().map(record).collect::<Vec<Value>>() });
    let Ok(answer) = deployment.aws.invoke(function, &event) else { return Vec::new() };
    let failed: HashSet<&str> = answer["batchItemFailures"]
        .as_array()
        .map(|failures| failures.iter().filter_map(|failure| failure["itemIdentifier"].as_str()).collect())
        .unwrap_or_default();
    batch
        .iter()
        .filter(|message| !failed.contains(message.id.as_str()))
        .map(|message| message.id.clone())
        .collect()
}
