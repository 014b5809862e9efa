//! Conformance tests that run against every provider.

mod finish;
mod key_values;

use std::{sync::Arc, time::Duration};

use tasker_test_support::{FUNCTION_SET, TestDatabase};
use tasker_transport::{
    Claim, Delivery, Durability, KeyValueStore as _, LeaseStore, MemoryLeases, MemoryQueue, Message,
    PgmqQueue, PostgresKeyValues, PostgresLeases, Queue, QueueError, Receipt, STEPS_QUEUE,
};

/// Short enough for a test to wait for its end, long enough for a busy machine.
const VISIBILITY: Duration = Duration::from_secs(2);
const NO_WAIT: Duration = Duration::ZERO;
const SOON: Duration = Duration::from_secs(20);

/// Generates one test per rule and provider.
macro_rules! conformance {
    ($($rule:ident),+ $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $rule() {
                let queue: Arc<dyn Queue> = Arc::new(super::MemoryQueue::new("test", super::VISIBILITY, 1000));
                super::$rule(queue).await;
            })+
            use super::{Arc, Queue};
        }
        mod pgmq {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $rule() {
                let database = super::TestDatabase::new().await;
                let queue = super::PgmqQueue::receiver(database.pool.clone(), super::STEPS_QUEUE, super::VISIBILITY, super::Durability::Memory);
                let queue: Arc<dyn Queue> = Arc::new(queue);
                super::$rule(queue).await;
            })+
            use super::{Arc, Queue};
        }
        #[cfg(feature = "aws")]
        mod sqs {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $rule() {
                super::$rule(super::sqs().await).await;
            })+
        }
    };
}

conformance!(
    a_message_arrives_once_while_it_is_held,
    a_batch_arrives_whole,
    a_backlog_is_what_nobody_has_received,
    a_depth_tells_what_messages_wait_for,
    a_message_that_is_not_acknowledged_comes_again,
    an_acknowledged_message_does_not_come_again,
    an_extended_message_stays_hidden,
    a_delayed_message_is_not_seen_before_its_time,
    a_message_handed_back_comes_at_once,
    a_stale_receipt_does_nothing,
    a_waiting_receiver_is_woken_by_a_message,
    a_receiver_gives_up_after_its_wait,
    a_receiver_that_is_gone_keeps_nothing,
    a_receiver_that_goes_at_any_moment_keeps_nothing,
    two_receivers_never_hold_one_message,
    any_text_survives,
    a_body_that_is_too_long_is_refused,
);

/// SDK configuration for the emulator.
#[cfg(feature = "aws")]
async fn aws() -> aws_config::SdkConfig {
    let credentials = aws_sdk_sqs::config::Credentials::new("test", "test", None, None, "test");
    let config = tasker_transport::aws::sdk_config().await.into_builder();
    config
        .endpoint_url(tasker_test_support::emulator())
        .region(aws_config::Region::new("eu-central-1"))
        .credentials_provider(aws_sdk_sqs::config::SharedCredentialsProvider::new(credentials))
        .build()
}

/// A new SQS queue.
#[cfg(feature = "aws")]
async fn sqs() -> Arc<dyn Queue> {
    let config = aws().await;
    let name = uuid::Uuid::new_v4().to_string();
    let created = aws_sdk_sqs::Client::new(&config).create_queue().queue_name(name).send().await;
    let url = created.expect("a queue is made").queue_url.expect("it has a URL");
    Arc::new(tasker_transport::aws::SqsQueue::new(&config, &url, VISIBILITY))
}

/// A new DynamoDB table with these key attributes, all strings.
#[cfg(feature = "aws")]
async fn table(partition_key: &str, sort_key: Option<&str>) -> (aws_config::SdkConfig, String) {
    use aws_sdk_dynamodb::types::{
        AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    };
    let config = aws().await;
    let name = uuid::Uuid::new_v4().to_string();
    let mut request = aws_sdk_dynamodb::Client::new(&config).create_table().table_name(&name);
    for (attribute, role) in [(Some(partition_key), KeyType::Hash), (sort_key, KeyType::Range)] {
        let Some(attribute) = attribute else { continue };
        let key = KeySchemaElement::builder().attribute_name(attribute).key_type(role).build();
        let definition = AttributeDefinition::builder()
            .attribute_name(attribute)
            .attribute_type(ScalarAttributeType::S)
            .build();
        request =
            request.key_schema(key.expect("a key")).attribute_definitions(definition.expect("an attribute"));
    }
    request.billing_mode(BillingMode::PayPerRequest).send().await.expect("a table is made");
    (config, name)
}

/// Leases in a new DynamoDB table.
#[cfg(feature = "aws")]
async fn dynamodb() -> Arc<dyn LeaseStore> {
    let (config, name) = table("lease", None).await;
    Arc::new(tasker_transport::aws::DynamoDbLeases::new(&config, &name, TERM, SOON))
}

async fn send(queue: &Arc<dyn Queue>, bodies: &[&str]) {
    let messages = bodies.iter().map(|&body| Message::now(body.to_owned())).collect();
    queue.send(messages).await.expect("sends");
}

async fn receive(queue: &Arc<dyn Queue>, wait: Duration) -> Vec<Delivery> {
    queue.receive(100, wait).await.expect("receives")
}

fn bodies(deliveries: &[Delivery]) -> Vec<&str> {
    let mut bodies: Vec<&str> = deliveries.iter().map(|delivery| delivery.body.as_str()).collect();
    bodies.sort_unstable();
    bodies
}

async fn a_message_arrives_once_while_it_is_held(queue: Arc<dyn Queue>) {
    send(&queue, &["a"]).await;
    let received = receive(&queue, SOON).await;
    assert_eq!(bodies(&received), ["a"]);
    assert_eq!(received[0].receive_count, 1);
    assert!(receive(&queue, NO_WAIT).await.is_empty());
}

async fn a_batch_arrives_whole(queue: Arc<dyn Queue>) {
    let sent: Vec<String> = (0..250).map(|number| format!("{number:03}")).collect();
    send(&queue, &sent.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut received = Vec::new();
    while received.len() < sent.len() {
        let batch = receive(&queue, SOON).await;
        assert!(!batch.is_empty() && batch.len() <= 100, "got {}", batch.len());
        received.extend(batch);
    }
    assert_eq!(bodies(&received), sent.iter().map(String::as_str).collect::<Vec<_>>());
}

async fn a_message_that_is_not_acknowledged_comes_again(queue: Arc<dyn Queue>) {
    send(&queue, &["a"]).await;
    receive(&queue, SOON).await;
    let again = receive(&queue, SOON).await;
    assert_eq!(bodies(&again), ["a"]);
    assert_eq!(again[0].receive_count, 2);
}

async fn a_backlog_is_what_nobody_has_received(queue: Arc<dyn Queue>) {
    assert_eq!(queue.backlog().await.expect("counts"), 0);
    send(&queue, &["a", "b", "c"]).await;
    assert_eq!(queue.receive(1, SOON).await.expect("receives").len(), 1);
    assert_eq!(queue.backlog().await.expect("counts"), 2);
}

async fn a_depth_tells_what_messages_wait_for(queue: Arc<dyn Queue>) {
    send(&queue, &["a", "b", "c"]).await;
    let later = Message { delay: Duration::from_secs(60), ..Message::now("d".to_owned()) };
    queue.send(vec![later]).await.expect("sends");
    assert_eq!(queue.receive(1, SOON).await.expect("receives").len(), 1);
    let depth = queue.depth().await.expect("counts");
    assert_eq!((depth.ready, depth.delayed, depth.in_flight), (2, 1, 1));
    assert!(depth.oldest.is_none_or(|age| age < Duration::from_secs(60)), "{depth:?}");
}

async fn an_acknowledged_message_does_not_come_again(queue: Arc<dyn Queue>) {
    send(&queue, &["a", "b"]).await;
    let received = receive(&queue, SOON).await;
    let done = received.iter().find(|delivery| delivery.body == "a").expect("a is there");
    queue.acknowledge(std::slice::from_ref(&done.receipt)).await.expect("acknowledges");
    assert_eq!(bodies(&receive(&queue, SOON).await), ["b"]);
}

async fn an_extended_message_stays_hidden(queue: Arc<dyn Queue>) {
    send(&queue, &["a"]).await;
    let receipts = [receive(&queue, SOON).await.remove(0).receipt];
    tokio::time::sleep(VISIBILITY * 3 / 4).await;
    assert_eq!(queue.extend(&receipts).await.expect("extends"), receipts);
    assert!(receive(&queue, VISIBILITY / 2).await.is_empty(), "seen although extended");
    assert_eq!(bodies(&receive(&queue, SOON).await), ["a"]);
}

async fn a_delayed_message_is_not_seen_before_its_time(queue: Arc<dyn Queue>) {
    let delay = Duration::from_millis(700);
    let sent = tokio::time::Instant::now();
    let message = |body: &str, delay| Message { body: body.to_owned(), delay, group: None, work: None };
    queue.send(vec![message("later", delay), message("now", NO_WAIT)]).await.expect("sends");
    assert_eq!(bodies(&receive(&queue, SOON).await), ["now"]);
    assert_eq!(bodies(&receive(&queue, SOON).await), ["later"]);
    // PostgreSQL's clock and ours run alike but are read at different times.
    assert!(
        sent.elapsed() >= delay.checked_sub(Duration::from_millis(20)).unwrap(),
        "came after {:?}",
        sent.elapsed()
    );
    assert!(sent.elapsed() < delay + VISIBILITY, "came only after {:?}", sent.elapsed());
}

async fn a_message_handed_back_comes_at_once(queue: Arc<dyn Queue>) {
    send(&queue, &["a"]).await;
    let receipts = [receive(&queue, SOON).await.remove(0).receipt];
    queue.hand_back(&receipts, NO_WAIT).await.expect("hands back");
    let again = receive(&queue, VISIBILITY / 2).await;
    assert_eq!(bodies(&again), ["a"]);
}

async fn a_stale_receipt_does_nothing(queue: Arc<dyn Queue>) {
    send(&queue, &["a"]).await;
    let stale = [receive(&queue, SOON).await.remove(0).receipt];
    let current = [receive(&queue, SOON).await.remove(0).receipt];
    assert!(queue.extend(&stale).await.expect("extends").is_empty());
    queue.acknowledge(&stale).await.expect("passes over");
    queue.hand_back(&stale, NO_WAIT).await.expect("passes over");
    assert!(receive(&queue, NO_WAIT).await.is_empty(), "a stale receipt made the message visible");
    assert_eq!(
        queue.extend(&current).await.expect("extends"),
        current,
        "a stale receipt took the message away"
    );
}

async fn a_waiting_receiver_is_woken_by_a_message(queue: Arc<dyn Queue>) {
    let receiver = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { receive(&queue, SOON).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let sent = tokio::time::Instant::now();
    send(&queue, &["a"]).await;
    assert_eq!(bodies(&receiver.await.expect("receives")), ["a"]);
    assert!(sent.elapsed() < Duration::from_secs(2), "woken only after {:?}", sent.elapsed());
}

async fn a_receiver_gives_up_after_its_wait(queue: Arc<dyn Queue>) {
    let started = tokio::time::Instant::now();
    let wait = Duration::from_millis(300);
    assert!(receive(&queue, wait).await.is_empty());
    assert!(started.elapsed() >= wait);
}

async fn a_receiver_that_is_gone_keeps_nothing(queue: Arc<dyn Queue>) {
    let wait = Duration::from_secs(2);
    let gone = tokio::time::timeout(Duration::from_millis(300), receive(&queue, wait)).await;
    assert!(gone.is_err(), "it did not wait");
    // The provider may not have noticed the cancellation yet.
    send(&queue, &["a"]).await;
    queue.end_receiving().await;
    assert_eq!(bodies(&receive(&queue, NO_WAIT).await), ["a"]);
}

async fn a_receiver_that_goes_at_any_moment_keeps_nothing(queue: Arc<dyn Queue>) {
    let sent: Vec<String> = (0..25).map(|number| format!("{number:02}")).collect();
    send(&queue, &sent.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for milliseconds in [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48] {
        let patience = Duration::from_millis(milliseconds);
        let mut held = tokio::time::timeout(patience, receive(&queue, SOON)).await.unwrap_or_default();
        queue.end_receiving().await;
        held.extend(receive(&queue, NO_WAIT).await);
        assert_eq!(bodies(&held), sent, "after {patience:?}");
        let receipts: Vec<Receipt> = held.into_iter().map(|delivery| delivery.receipt).collect();
        queue.hand_back(&receipts, Duration::ZERO).await.unwrap();
    }
}

async fn two_receivers_never_hold_one_message(queue: Arc<dyn Queue>) {
    let sent: Vec<String> = (0..200).map(|number| format!("{number:03}")).collect();
    send(&queue, &sent.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let receivers: Vec<_> = (0..8)
        .map(|_| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let batch = queue.receive(7, Duration::ZERO).await.expect("receives");
                    if batch.is_empty() {
                        return taken;
                    }
                    let receipts: Vec<_> = batch.iter().map(|delivery| delivery.receipt.clone()).collect();
                    queue.acknowledge(&receipts).await.expect("acknowledges");
                    taken.extend(batch);
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for receiver in receivers {
        taken.extend(receiver.await.expect("receives"));
    }
    assert_eq!(bodies(&taken), sent.iter().map(String::as_str).collect::<Vec<_>>());
}

async fn any_text_survives(queue: Arc<dyn Queue>) {
    let text = "{\"n\":1.10,\"zero\":\"\\u0000\",\"quote\":\"\\\"\",\"e\":1e400}\n\u{1F980} \u{7f}";
    send(&queue, &[text]).await;
    assert_eq!(bodies(&receive(&queue, SOON).await), [text]);
}

async fn a_body_that_is_too_long_is_refused(queue: Arc<dyn Queue>) {
    let long = "x".repeat(queue.max_body_bytes() + 1);
    let error = queue.send(vec![Message::now("short".into()), Message::now(long)]).await.unwrap_err();
    assert!(matches!(error, QueueError::TooLong { .. }), "{error}");
    assert!(receive(&queue, NO_WAIT).await.is_empty(), "a part of a refused batch was sent");
    let longest = "x".repeat(queue.max_body_bytes());
    send(&queue, &[&longest]).await;
    assert_eq!(receive(&queue, SOON).await[0].body.len(), longest.len());
}

#[tokio::test]
async fn a_full_queue_in_memory_refuses_and_keeps_what_it_has() {
    let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::new("test", VISIBILITY, 2));
    send(&queue, &["a", "b"]).await;
    let error = queue.send(vec![Message::now("c".into())]).await.unwrap_err();
    assert!(matches!(error, QueueError::Full { capacity: 2, .. }), "{error}");
    assert_eq!(bodies(&receive(&queue, NO_WAIT).await), ["a", "b"]);
}

const TERM: Duration = Duration::from_secs(1);
/// Taken, and no holder before lost it.
const FREE: Claim = Claim::Acquired { lost: 0 };

async fn leases(check: impl AsyncFn(Arc<dyn LeaseStore>)) {
    check(Arc::new(MemoryLeases::new(TERM, SOON))).await;
    let database = TestDatabase::new().await;
    check(Arc::new(PostgresLeases::new(database.pool.clone(), TERM, SOON))).await;
    #[cfg(feature = "aws")]
    check(dynamodb().await).await;
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// The queue has a dead-letter queue, and the message is put off more often than that allows.
#[cfg(feature = "aws")]
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_put_off_for_ever_is_never_a_dead_letter() {
    use aws_sdk_sqs::types::QueueAttributeName::{QueueArn, RedrivePolicy};
    const MAX_RECEIVES: u32 = 4;
    let config = aws().await;
    let client = aws_sdk_sqs::Client::new(&config);
    let name = uuid::Uuid::new_v4().to_string();
    let dead = client.create_queue().queue_name(format!("{name}-dead")).send().await.unwrap();
    let dead = dead.queue_url.expect("it has a URL");
    let attributes = client.get_queue_attributes().queue_url(&dead).attribute_names(QueueArn).send().await;
    let arn = attributes.unwrap().attributes.unwrap()[&QueueArn].clone();
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{MAX_RECEIVES}}}"#);
    let created = client.create_queue().queue_name(&name).attributes(RedrivePolicy, policy).send().await;
    let url = created.unwrap().queue_url.expect("it has a URL");
    let queue = tasker_transport::aws::SqsQueue::new(&config, &url, VISIBILITY);
    let queue: Arc<dyn Queue> = Arc::new(queue.with_dead_letters(MAX_RECEIVES));
    send(&queue, &["report"]).await;
    for _ in 0..3 * MAX_RECEIVES {
        let received = receive(&queue, SOON).await;
        assert_eq!(bodies(&received), ["report"]);
        queue.put_off(received, NO_WAIT).await.expect("puts off");
    }
    let dead: Arc<dyn Queue> = Arc::new(tasker_transport::aws::SqsQueue::new(&config, &dead, VISIBILITY));
    assert_eq!(dead.backlog().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_has_one_holder() {
    leases(async |leases| {
        let (one, both) = (names(&["a"]), names(&["a", "b"]));
        assert_eq!(leases.acquire(&one, "first").await.unwrap(), [FREE]);
        assert_eq!(leases.acquire(&both, "second").await.unwrap(), [Claim::Held, FREE]);
        assert_eq!(leases.renew(&both, "first").await.unwrap(), [true, false]);
        leases.release(&both, "second").await.unwrap();
        assert_eq!(leases.acquire(&both, "third").await.unwrap(), [Claim::Held, FREE]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_copies_in_one_batch_the_first_gets_the_lease() {
    leases(async |leases| {
        let twice = names(&["a", "a"]);
        assert_eq!(leases.acquire(&twice, "first").await.unwrap(), [FREE, Claim::Held]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_not_renewed_is_free_again() {
    leases(async |leases| {
        let (kept, left) = (names(&["kept"]), names(&["left"]));
        leases.acquire(&kept, "first").await.unwrap();
        leases.acquire(&left, "first").await.unwrap();
        tokio::time::sleep(TERM * 3 / 4).await;
        assert_eq!(leases.renew(&kept, "first").await.unwrap(), [true]);
        tokio::time::sleep(TERM / 2).await;
        assert_eq!(leases.acquire(&kept, "second").await.unwrap(), [Claim::Held]);
        assert_eq!(leases.acquire(&left, "second").await.unwrap(), [Claim::Acquired { lost: 1 }]);
        assert_eq!(leases.renew(&left, "first").await.unwrap(), [false]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_counts_the_holders_that_lost_it_until_one_releases_it() {
    leases(async |leases| {
        let one = names(&["a"]);
        for lost in 0..3 {
            assert_eq!(leases.acquire(&one, "dies").await.unwrap(), [Claim::Acquired { lost }]);
            tokio::time::sleep(TERM * 5 / 4).await;
        }
        assert_eq!(leases.acquire(&one, "lives").await.unwrap(), [Claim::Acquired { lost: 3 }]);
        leases.release(&one, "lives").await.unwrap();
        assert_eq!(leases.acquire(&one, "other").await.unwrap(), [FREE]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settled_lease_stays_taken() {
    leases(async |leases| {
        let (one, all) = (names(&["a"]), names(&["a", "held", "revoked", "free"]));
        leases.acquire(&names(&["a", "held"]), "first").await.unwrap();
        leases.settle(&one, "first").await.unwrap();
        leases.revoke(&names(&["revoked"])).await.unwrap();
        assert_eq!(leases.are_settled(&all, NO_WAIT).await.unwrap(), [true, false, false, false]);
        assert_eq!(leases.are_settled(&one, TERM).await.unwrap(), [false], "not for so long");
        tokio::time::sleep(TERM * 5 / 4).await;
        assert_eq!(leases.are_settled(&one, TERM).await.unwrap(), [true]);
        assert_eq!(leases.acquire(&one, "second").await.unwrap(), [Claim::Settled]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_renewal_does_not_open_a_settled_lease() {
    leases(async |leases| {
        let one = names(&["a"]);
        leases.acquire(&one, "first").await.unwrap();
        leases.settle(&one, "first").await.unwrap();
        assert_eq!(leases.renew(&one, "first").await.unwrap(), [false]);
        tokio::time::sleep(TERM * 5 / 4).await;
        assert_eq!(leases.acquire(&one, "second").await.unwrap(), [Claim::Settled]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_keeps_a_lease_that_the_store_has_forgotten() {
    leases(async |leases| {
        let (running, done) = (names(&["running"]), names(&["done"]));
        assert_eq!(leases.renew(&running, "first").await.unwrap(), [true]);
        assert_eq!(leases.acquire(&running, "second").await.unwrap(), [Claim::Held]);
        leases.settle(&done, "first").await.unwrap();
        assert_eq!(leases.acquire(&done, "second").await.unwrap(), [Claim::Settled]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_can_do_its_work_and_nothing_else() {
    let database = TestDatabase::new().await;
    PgmqQueue::sender(database.pool.clone(), STEPS_QUEUE, VISIBILITY, Durability::Disk)
        .send(vec![Message::now("step".into())])
        .await
        .expect("the orchestrator sends");
    let pool = database.pool_as("a_host", "tasker_worker").await;
    let steps: Arc<dyn Queue> =
        Arc::new(PgmqQueue::receiver(pool.clone(), STEPS_QUEUE, VISIBILITY, Durability::Disk));
    let receipts = [receive(&steps, SOON).await.remove(0).receipt];
    assert_eq!(steps.extend(&receipts).await.expect("extends"), receipts);
    steps.hand_back(&receipts, NO_WAIT).await.expect("hands back");
    let receipts = [receive(&steps, SOON).await.remove(0).receipt];
    steps.acknowledge(&receipts).await.expect("acknowledges");
    PgmqQueue::sender(pool.clone(), tasker_transport::REPORTS_QUEUE, VISIBILITY, Durability::Disk)
        .send(vec![Message::now("report".into())])
        .await
        .expect("reports");
    let leases = PostgresLeases::new(pool.clone(), TERM, SOON);
    assert_eq!(leases.acquire(&names(&["a"]), "host").await.expect("leases"), [FREE]);
    leases.settle(&names(&["a"]), "host").await.expect("settles");
    let buckets = PostgresKeyValues::new(pool.clone());
    assert_eq!(buckets.increment("tests/counts", "steps", 1).await.expect("counts"), 1);
    buckets.delete("tests/counts", &names(&["steps"])).await.expect("deletes");
    let cancel = format!("SELECT {FUNCTION_SET}.cancel_task(gen_random_uuid(), 'x', 'y')");
    for forbidden in [
        "SELECT * FROM tasker.tasks",
        "SELECT * FROM tasker.steps",
        "SELECT * FROM tasker.templates",
        &cancel,
        "SELECT message FROM pgmq.q_tasker_reports",
        "DELETE FROM pgmq.q_tasker_reports",
        "INSERT INTO pgmq.q_tasker_steps (vt, message) VALUES (now(), '{}')",
        // What another host will run.
        "UPDATE pgmq.q_tasker_steps SET message = '{}'",
        "UPDATE pgmq.q_tasker_steps SET headers = '{}'",
        "SELECT * FROM tasker.fast_events",
        "CREATE TABLE public.mine (x int)",
    ] {
        let error = sqlx::query(sqlx::AssertSqlSafe(forbidden)).execute(&pool).await.expect_err(forbidden);
        let code = error.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
}
