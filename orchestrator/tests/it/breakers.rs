//! Circuit breakers: a service that is away is not tried for a while, and nothing is lost.

use std::{net::TcpListener, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tasker_orchestrator::{
    Creation, Error, Fitness,
    events::{SubscriptionKind, SubscriptionRequest},
};

use crate::{
    fixture::{Fixture, request, template},
    webhooks::answering,
};

/// Longer than any pause of a breaker.
const PAUSE: TimeDelta = TimeDelta::seconds(61);
/// The orders whose events are delivered.
const ORDERS: usize = 20;

impl Fixture {
    async fn try_create(&self, input: &Value) -> Result<Creation, Error> {
        self.orchestrator.engine.create_tasks(vec![request("one", input)]).await.remove(0)
    }

    /// Returns how a service does, and what is said about it.
    async fn check(&self, name: &str) -> Option<(Fitness, String)> {
        let checked = self.orchestrator.engine.check_services().await;
        let found = checked.into_iter().find(|checked| checked.name == name);
        found.map(|checked| (checked.fitness, checked.message))
    }
}

#[tokio::test]
async fn steps_wait_for_the_sweep_while_their_queue_is_away() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    fixture.create("one", json!({})).await;
    assert!(fixture.complete(&fixture.dispatched_one(), json!(1)).await);
    fixture.steps.be_away(true);
    for number in 1..=10 {
        fixture.create("one", json!({ "number": number })).await;
    }
    assert_eq!(fixture.steps.refused(), 3, "further ones are not tried");
    let (fitness, message) = fixture.check("queue").await.unwrap();
    assert_eq!(fitness, Fitness::Degraded);
    assert!(message.starts_with("breaker open"), "{message}");
    // The next try shows that it is still away, for all that is due.
    fixture.advance(PAUSE);
    fixture.orchestrator.engine.sweep().await.unwrap();
    assert_eq!(fixture.steps.refused(), 4);
    fixture.create("one", json!({})).await;
    assert_eq!(fixture.steps.refused(), 4);

    fixture.steps.be_away(false);
    fixture.advance(PAUSE);
    assert!(fixture.check("queue").await.unwrap().1.starts_with("breaker half-open"));
    fixture.orchestrator.engine.sweep().await.unwrap();
    assert_eq!(fixture.complete_all().await.len(), 11, "each step that waited runs");
    assert_eq!(fixture.check("queue").await.unwrap().0, Fitness::Ok);
}

#[tokio::test]
async fn large_inputs_fail_at_once_while_the_blob_store_is_away_and_small_ones_do_not() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    let large = |number: usize| json!({ "text": format!("{number}").repeat(100_000) });
    let elsewhere = fixture.blobs.path().with_extension("away");
    std::fs::rename(fixture.blobs.path(), &elsewhere).unwrap();
    for number in 0..3 {
        let refused = fixture.try_create(&large(number)).await.unwrap_err();
        assert!(!refused.to_string().contains("next try"), "{refused}");
    }
    let refused = fixture.try_create(&large(4)).await.unwrap_err();
    assert!(matches!(&refused, Error::Blob(_)) && refused.to_string().contains("next try"), "{refused}");
    fixture.try_create(&json!({ "small": 1 })).await.unwrap();
    assert_eq!(fixture.check("blob_store").await.unwrap(), (Fitness::Degraded, "breaker open".to_owned()));
    // Also when it has returned, until the pause is over.
    std::fs::rename(&elsewhere, fixture.blobs.path()).unwrap();
    fixture.try_create(&large(5)).await.unwrap_err();
    fixture.advance(PAUSE);
    fixture.try_create(&large(5)).await.unwrap();
    assert_eq!(fixture.check("blob_store").await.unwrap(), (Fitness::Ok, "breaker closed".to_owned()));
}

#[tokio::test]
async fn creations_fail_at_once_while_the_database_is_away() {
    let mut fixture = Fixture::with_pool_of_owner().await;
    fixture.publish(&template("one", &[("a", &[])])).await;
    fixture.create("one", json!({})).await;
    // An error of the database's administration, as in a restart.
    let broken = "ALTER TABLE tasker.tasks ADD CONSTRAINT broken CHECK (tasker.broken(priority)) NOT VALID";
    let function = "CREATE FUNCTION tasker.broken(smallint) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the system is shutting down' USING ERRCODE = '57P01'; END $$";
    for statement in [function, broken] {
        sqlx::query(statement).execute(&fixture.database.pool).await.unwrap();
    }
    // What the database refuses for its content is no outage, and what is away is one only in sequence.
    fixture.try_create(&json!({})).await.unwrap_err();
    fixture.orchestrator.engine.create_tasks(vec![request("unknown", &json!({}))]).await;
    for _ in 0..2 {
        let failed = fixture.try_create(&json!({})).await.unwrap_err();
        assert!(matches!(failed, Error::Database(_)), "{failed}");
    }
    let Err(Error::Paused { paused, .. }) = fixture.try_create(&json!({})).await else { panic!() };
    assert!(paused.wait <= Duration::from_secs(1), "{paused:?}");
    let refused = fixture.orchestrator.create_task(request("one", &json!({}))).await;
    assert!(matches!(refused, Err(Error::Paused { .. })), "without a place in the queue: {refused:?}");
    assert!(fixture.orchestrator.engine.check_creation(0).is_err());
    // It responds, so that the rest goes on.
    assert_eq!(fixture.check("database").await.unwrap(), (Fitness::Degraded, "breaker open".to_owned()));
    sqlx::query("ALTER TABLE tasker.tasks DROP CONSTRAINT broken")
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    fixture.try_create(&json!({})).await.unwrap_err();
    fixture.advance(PAUSE);
    fixture.try_create(&json!({})).await.unwrap();
    assert_eq!(fixture.check("database").await.unwrap(), (Fitness::Ok, "breaker closed".to_owned()));
    let tasks: i64 = sqlx::query_scalar("SELECT count(*) FROM tasker.tasks")
        .fetch_one(&fixture.database.pool)
        .await
        .unwrap();
    assert_eq!(tasks, 2, "what failed was not created");
}

#[tokio::test]
async fn deliveries_to_a_host_that_is_away_are_held_and_keep_their_tries() {
    let mut fixture = Fixture::new().await;
    let events = json!([{ "name": "order.paid" }]);
    let order = json!({ "name": "order", "version": "1.0.0", "identity_strategy": "always_unique",
        "steps": [{ "name": "pay", "handler": { "callable": "work" }, "publishes_events": events }] });
    fixture.publish(&order.to_string()).await;
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // Two subscriptions of one host, and another kind that must not wait for them.
    for name in ["hook", "second"] {
        fixture
            .subscribe(
                name,
                SubscriptionKind::Webhook,
                json!({ "url": format!("http://{address}/{name}?k=v") }),
            )
            .await;
    }
    fixture.subscribe("queue", SubscriptionKind::Queue, json!({ "queue": "paid" })).await;
    for _ in 0..ORDERS {
        fixture.create("order", json!({})).await;
    }
    for step in fixture.dispatched() {
        fixture.complete(&step, json!(1)).await;
    }
    for _ in 0..5 {
        fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    }
    let (waiting, tried) = fixture.deliveries().await;
    assert_eq!(waiting as usize, 2 * ORDERS, "those of the queue have arrived");
    assert!((5..=16).contains(&tried), "{tried} tries");
    let name = format!("webhook:{address}");
    assert_eq!(fixture.check(&name).await.unwrap(), (Fitness::Degraded, "breaker open".to_owned()));
    // While the breaker is open, however often they are due.
    for _ in 0..7 {
        fixture.advance(PAUSE);
        fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    }
    let (_, probed) = fixture.deliveries().await;
    assert_eq!(probed, tried + 7, "one try for all");
    for _ in 0..10 {
        // 20 seconds of a pause of 30 to 60.
        fixture.advance(TimeDelta::seconds(2));
        fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    }
    assert_eq!(fixture.deliveries().await, (waiting, probed));

    let requests = answering(&TcpListener::bind(address).unwrap(), 2 * ORDERS);
    for _ in 0..2 * ORDERS {
        fixture.advance(PAUSE);
        fixture.orchestrator.events.publish_and_deliver().await.unwrap();
    }
    assert_eq!(fixture.deliveries().await.0, 0);
    assert_eq!(requests.join().unwrap(), 2 * ORDERS);
    assert_eq!(fixture.check(&name).await, None);
}

impl Fixture {
    async fn subscribe(&self, name: &str, kind: SubscriptionKind, target: Value) {
        let request = SubscriptionRequest { name: name.into(), event: "order.*".into(), kind, target };
        self.orchestrator.events.subscribe(request).await.unwrap();
    }

    /// Returns how many deliveries wait, and how often they were tried.
    async fn deliveries(&self) -> (i64, i64) {
        sqlx::query_as("SELECT count(*), coalesce(sum(attempts), 0)::bigint FROM tasker.deliveries")
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }
}
