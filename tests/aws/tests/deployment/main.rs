//! Tests of deployments created by Terraform and by SAM, with the packed functions and their real
//! permissions: events arrive, workflows complete, nothing is lost or done twice, and nothing is left behind.
//!
//! Needs the emulator (`make aws-tools`), Terraform, and the functions packed for this machine
//! (`scripts/build-functions.sh here`). `make test-aws` provides all of them.

mod aws;
mod deployment;
mod event_source;
mod hooks;
mod payments;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    deployment::{Deployment, Tool},
    event_source::EventSource,
    hooks::Hooks,
    payments::Payments,
};

/// The time limit of a workflow. The emulator starts each function process in a tenth of a second.
const SOON: Duration = Duration::from_secs(90);

/// An order event of the web shop with this order number.
fn order_placed(number: &str) -> Value {
    let example = include_str!("../../../../examples/order-fulfillment/events/order_placed.json");
    let mut event: Value = serde_json::from_str(example).unwrap();
    event["id"] = number.into();
    event["data"]["order"]["number"] = number.into();
    // The payment provider identifies the order by this token.
    event["data"]["payment_token"] = number.into();
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn terraform_makes_a_deployment_that_works() {
    let payments = Payments::start();
    let deployment = Deployment::make(Tool::Terraform, "tasker-tf", &payments).await;
    let aws = &deployment.aws;
    let hooks = Hooks::start();
    deployment.subscribe("silent", "webhook", &json!({ "url": hooks.silent_url })).unwrap();
    deployment.subscribe("hook", "webhook", &json!({ "url": hooks.url })).unwrap();
    for (kind, target, setting) in [
        ("webhook", json!({ "url": "http://10.0.0.1/" }), "TASKER_WEBHOOK_NETWORKS"),
        ("queue", json!({ "queue": deployment.told_queue }), "publish_queues"),
        ("queue", json!({ "queue": deployment.dead_letters("deliveries") }), "of Tasker itself"),
        ("topic", json!({ "topic": "arn:aws:sns:us-east-1:000000000000:news" }), "publish_topics"),
        ("event_bus", json!({ "bus": "default" }), "event_bus"),
    ] {
        let refused = deployment.subscribe("refused", kind, &target).unwrap_err();
        assert!(refused.contains(setting), "{kind}: {refused}");
    }

    // Over HTTP, as a CloudEvent, twice.
    for _ in 0..2 {
        deployment.send_event(&order_placed("TF-1001"));
    }
    // From EventBridge, through the deployment's rule.
    let mut placed = order_placed("TF-1002");
    let detail = placed["data"].take();
    aws.put_event(&deployment.bus, "/shop/web", "order.placed", &detail);
    // From a bucket, through its notification. The object's key is the order number.
    aws.put_object(&deployment.orders_bucket, "TF-1003", "{}");

    for number in ["TF-1001", "TF-1002", "TF-1003"] {
        let task = deployment.task_of_order(number, SOON).await;
        assert_eq!(task["status"], "complete", "{number}: {task}");
        assert_eq!(
            deployment.attempts(number, "process_payment").await,
            2,
            "the first charge is turned away"
        );
        assert_eq!(payments.requests(number), 2);
        assert_eq!(payments.charges(number), 1);
    }
    // `deliver` has called the webhook, whatever the silent one does.
    for event in hooks.received(3, SOON) {
        assert_eq!(event["type"], "tasker.task.completed", "{event}");
    }
    deployment.a_large_event_arrives(&hooks.url, SOON).await;
    assert!(hooks.received(4, SOON)[3].to_string().len() > 512 << 10);
    deployment.a_large_response_goes_by_reference().await;
    let swept = aws.logged(&deployment.function("sweep"), "long_steps=Some(0)");
    assert!(swept > 0, "the sweep does not access the queue of long steps");
    deployment.unsubscribe("silent");
    deployment.unsubscribe("hook");
    assert!(deployment.has_functions_logged_in().await);
    deployment.has_come_to_rest(SOON);
    assert_eq!(deployment.kept_reservations(), 3, "one for each order, in DynamoDB");
    assert_eq!(aws.backlog(&deployment.told_queue), 3, "the bus heard of every task that completed");

    // An unreadable message moves to the dead-letter queue; an event without a trigger becomes a dead letter
    // that can be replayed.
    aws.send(&deployment.queue("events"), "no event at all");
    deployment
        .send_event(&json!({ "specversion": "1.0", "id": "1", "source": "/elsewhere", "type": "unknown" }));
    let dead = deployment.dead_events(2, SOON).await;
    assert!(dead.iter().all(|event| event["state"] == "unmatched"), "{dead:?}");

    every_message_twice_and_out_of_order(&deployment, &payments).await;
    a_function_killed_in_the_middle_loses_nothing(&deployment, &payments).await;
    poison_ends_in_the_dead_letters(&deployment).await;
    // Last, because a killed host leaves a pending receive request that takes one message.
    a_host_that_is_told_to_stop_hands_its_steps_back(&deployment, &payments).await;

    deployment.unmake();
}

/// The test is the event source from here on, because the emulator's Lambda never delivers twice.
async fn every_message_twice_and_out_of_order(deployment: &Deployment, payments: &Payments) {
    deployment.aws.switch_event_sources(false);
    let numbers: Vec<String> = (0..10).map(|number| format!("TF-20{number:02}")).collect();
    for number in &numbers {
        deployment.send_event(&order_placed(number));
    }
    let mut source = EventSource::of(deployment).twice();
    source.run_until(SOON, || numbers.iter().all(|number| payments.charges(number) == 1));
    source.run_until_empty(SOON);
    for number in &numbers {
        let task = deployment.task_of_order(number, SOON).await;
        assert_eq!(task["status"], "complete", "{number}: {task}");
        assert_eq!(payments.requests(number), 2, "{number}: a handler ran twice for one execution");
    }
    assert!(source.invocations() > numbers.len(), "every batch was handed out twice");
}

async fn a_function_killed_in_the_middle_loses_nothing(deployment: &Deployment, payments: &Payments) {
    let numbers: Vec<String> = (0..4).map(|number| format!("TF-30{number:02}")).collect();
    for number in &numbers {
        deployment.send_event(&order_placed(number));
    }
    payments.answer_after(Duration::from_secs(2));
    let mut source = EventSource::of(deployment);
    let mut killed = 0;
    source.run_until(SOON * 2, || {
        if killed < 2 && payments.in_progress() > 0 {
            killed += deployment.kill("run-steps");
        }
        killed >= 2
    });
    assert!(killed >= 2, "no function was at work");
    payments.answer_after(Duration::ZERO);
    source.run_until(SOON * 3, || numbers.iter().all(|number| payments.charges(number) == 1));
    source.run_until_empty(SOON);
    for number in &numbers {
        let task = deployment.task_of_order(number, SOON).await;
        assert_eq!(task["status"], "complete", "{number}: {task}");
    }
    deployment.has_come_to_rest(SOON);
}

/// The host as a process, configured like its container: it takes steps that may exceed a function's time
/// limit.
async fn a_host_that_is_told_to_stop_hands_its_steps_back(deployment: &Deployment, payments: &Payments) {
    deployment.create_slow_order("TF-5001");
    payments.answer_after(Duration::from_secs(20));
    let long_steps = deployment.queue("steps-long");
    let mut source = EventSource::of(deployment);
    source.run_until(SOON, || deployment.aws.backlog(&long_steps) == 1);
    let mut host = deployment.start_host();
    source.run_until(SOON, || payments.in_progress() > 0);
    let told = Instant::now();
    let signalled = std::process::Command::new("kill").arg(host.0.id().to_string()).status().unwrap();
    assert!(signalled.success());
    assert!(host.0.wait().unwrap().success());
    // The host waits for its last receive request, which may return a message.
    assert!(told.elapsed() < Duration::from_secs(20), "it took {:?} to stop", told.elapsed());
    // The message is visible long before its visibility timeout.
    assert!(deployment.aws.backlog(&long_steps) > 0, "the step was not handed back");
    payments.answer_after(Duration::ZERO);
    let host = deployment.start_host();
    source.run_until(SOON, || payments.charges("TF-5001") == 1);
    source.run_until_empty(SOON);
    let task = deployment.task_of_order("TF-5001", SOON).await;
    assert_eq!(task["status"], "complete", "{task}");
    assert_eq!(deployment.aws.depths(&long_steps), [0; 3]);
    drop(host);
}

async fn poison_ends_in_the_dead_letters(deployment: &Deployment) {
    let aws = &deployment.aws;
    // A step that crashes every host in all its attempts: every delivery except the last is a crashed host.
    deployment.send_event(&order_placed("TF-4001"));
    let mut source = EventSource::of(deployment);
    let begun = Instant::now();
    loop {
        source.run_only("reports", Duration::from_secs(2));
        source.receive_and_drop("steps", 4);
        source.run_only("steps", Duration::from_secs(1));
        let task = deployment.task("TF-4001").await;
        if task["status"] == "blocked_by_failures" {
            break;
        }
        assert!(begun.elapsed() < SOON, "{task}");
    }
    let entries = deployment.get("/v1/dlq");
    let entry = entries.to_string();
    assert!(entry.contains("PoisonMessage") && entry.contains("validate_order"), "{entry}");

    aws.send(&deployment.queue("steps"), "no step at all");
    aws.send(&deployment.queue("reports"), "no report at all");
    source.receive_and_drop("steps", 4);
    source.receive_and_drop("reports", 4);
    let begun = Instant::now();
    let dead = |queue: &str| aws.backlog(&deployment.dead_letters(queue));
    while (dead("steps"), dead("reports")) != (1, 1) {
        assert!(
            begun.elapsed() < SOON,
            "the dead-letter queues hold {} and {}",
            dead("steps"),
            dead("reports")
        );
        source.run_once();
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sam_makes_a_deployment_that_works() {
    let payments = Payments::start();
    let mut deployment = Deployment::make(Tool::Sam, "tasker-sam", &payments).await;
    deployment.deploy_again();
    deployment.send_event(&order_placed("SM-1001"));
    let task = deployment.task_of_order("SM-1001", SOON).await;
    assert_eq!(task["status"], "complete", "{task}");
    assert_eq!(payments.requests("SM-1001"), 2);
    assert_eq!(deployment.kept_reservations(), 1);
    assert!(deployment.has_functions_logged_in().await);
    deployment.has_come_to_rest(SOON);

    // Functions that start and connect now use a new password.
    let aws = &deployment.aws;
    aws.invoke(&deployment.function("migrate"), &json!({ "rotate_login": true })).unwrap();
    for function in ["api", "orchestrate"] {
        assert!(deployment.kill(function) > 0, "{function}");
    }
    deployment.send_event(&order_placed("SM-1002"));
    let task = deployment.task_of_order("SM-1002", SOON).await;
    assert_eq!(task["status"], "complete", "{task}");
    deployment.has_come_to_rest(SOON);
    deployment.unmake();
}
