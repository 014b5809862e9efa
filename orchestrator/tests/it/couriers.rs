//! Webhooks that another process calls: a visit hands them over and waits for none; outcomes come back as reports.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use serde_json::json;
use tasker_orchestrator::{
    Connections, Orchestrator, Settings, Slice,
    events::{SubscriptionKind, SubscriptionRequest},
};
use tasker_outbound::Networks;
use tasker_protocol::{Ending, EventDelivery, Payload, decode, encode};
use tasker_transport::{
    BlobStore, Courier, DeliveredQueue, Delivery, HandOver, Message, Outlet, Receipt, WebhookOutlet,
};
use tokio::time::Instant;

use crate::{
    fixture::{Fixture, template},
    queues::Mailbox,
};

/// An orchestrator in visits, and the courier that calls its webhooks.
struct Visited {
    fixture: Fixture,
    orchestrator: Orchestrator,
    /// What Lambda would deliver to the visits.
    offered: Arc<DeliveredQueue>,
    deliveries: Arc<Mailbox>,
    outcomes: Arc<Mailbox>,
    courier: Arc<Courier>,
}

impl Visited {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        fixture.publish(&template("one", &[("a", &[])])).await;
        let offered = Arc::new(DeliveredQueue::new(fixture.reports.clone()));
        let (deliveries, outcomes) = (Mailbox::new(), Mailbox::new());
        let webhooks: Arc<dyn Outlet> = Arc::new(WebhookOutlet::new(Networks::default().and_loopback()));
        let blobs = BlobStore::folder(fixture.blobs.path()).unwrap();
        let lease = Duration::from_secs(300);
        let (checks, queue) = (webhooks.clone(), deliveries.clone());
        let handed = HandOver { checks, deliveries: queue, blobs: blobs.clone(), lease };
        let connections = Connections {
            pool: fixture.database.pool.clone().into(),
            steps: fixture.steps.clone(),
            reports: offered.clone(),
            leases: fixture.leases.clone(),
            outlets: BTreeMap::from([("webhook", Arc::new(handed) as Arc<dyn Outlet>)]),
            blobs,
        };
        let (orchestrator, _) = Orchestrator::new(connections, Settings::default());
        let courier = Arc::new(Courier::new(webhooks, outcomes.clone()));
        Self { fixture, orchestrator, offered, deliveries, outcomes, courier }
    }

    async fn subscribe(&self, name: &str, url: &str) {
        let request = SubscriptionRequest {
            name: name.to_owned(),
            event: "tasker.task.*".to_owned(),
            kind: SubscriptionKind::Webhook,
            target: json!({ "url": url }),
        };
        self.orchestrator.events.subscribe(request).await.unwrap();
    }

    /// Completes this many tasks in one visit.
    async fn complete_tasks(&self, count: usize) {
        for _ in 0..count {
            self.fixture.create("one", json!({})).await;
        }
        let dispatched = self.fixture.dispatched();
        let reports =
            dispatched.iter().map(|one| self.fixture.finished(one, Ending::Complete(Payload::null())));
        self.visit(reports.map(|report| encode(&report)).collect()).await;
    }

    /// Delivers messages to a visit.
    async fn visit(&self, bodies: Vec<String>) {
        let deliveries = bodies.into_iter().enumerate().map(|(number, body)| delivery(number, body));
        self.offered.offer(deliveries);
        self.orchestrator.visit_reports().await.unwrap();
        assert!(self.offered.take_unfinished().is_empty());
    }

    /// What was handed over since the last call: the number of messages per target, and the messages.
    fn handed_over(&self) -> (BTreeMap<String, usize>, Vec<Message>) {
        let messages = self.deliveries.take();
        let mut counts = BTreeMap::new();
        for message in &messages {
            let delivery: EventDelivery = decode(&message.body).unwrap();
            *counts.entry(delivery.target["url"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        (counts, messages)
    }

    /// Lets the courier deliver a batch, and returns the outcomes.
    async fn carry(&self, batch: Vec<Message>, time: Duration) -> Vec<String> {
        let batch = batch.into_iter().enumerate().map(|(number, message)| delivery(number, message.body));
        let unfinished = self.courier.run(batch.collect(), Instant::now() + time).await;
        assert!(unfinished.is_empty(), "{unfinished:?}");
        self.outcomes.take().into_iter().map(|message| message.body).collect()
    }
}

fn delivery(number: usize, body: String) -> Delivery {
    Delivery { body, receipt: Receipt::named(&number.to_string()), receive_count: 1 }
}

/// A target that does not respond, until it is served.
fn silent() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    (format!("http://{}/", listener.local_addr().unwrap()), listener)
}

/// Counts the requests of a target and accepts all.
fn serve(listener: TcpListener) -> Arc<AtomicUsize> {
    let requests = Arc::new(AtomicUsize::new(0));
    let counting = requests.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            counting.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    requests
}

/// A target that counts its requests and accepts all.
fn quick() -> (String, Arc<AtomicUsize>) {
    let (url, listener) = silent();
    (url, serve(listener))
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_targets_that_do_not_respond_delay_neither_visits_nor_others() {
    let mut visited = Visited::new().await;
    // They accept connections and never respond.
    let silent: Vec<TcpListener> = (0..8).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let dead: Vec<String> =
        silent.iter().map(|listener| format!("http://{}/", listener.local_addr().unwrap())).collect();
    for (number, url) in dead.iter().enumerate() {
        visited.subscribe(&format!("dead-{number}"), url).await;
    }
    let (url, requests) = quick();
    visited.subscribe("quick", &url).await;

    let begun = Instant::now();
    visited.complete_tasks(30).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "a visit waited: {:?}", begun.elapsed());
    let (counts, messages) = visited.handed_over();
    assert!(counts.values().all(|count| *count == 8), "no target takes more than its places: {counts:?}");
    assert_eq!(counts.len(), 9);

    // One batch with all of them: each outcome is sent as soon as it is known, and no try outlasts the batch's time.
    let begun = Instant::now();
    let mut outcomes = visited.carry(messages, Duration::from_secs(2)).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(outcomes.len(), 72);
    assert!(outcomes[..8].iter().all(|outcome| !outcome.contains("timed out")), "{:?}", &outcomes[..8]);

    // From here on a dead target is tried by one delivery at a time, and the quick one drains.
    for _ in 0..3 {
        visited.visit(outcomes).await;
        let (counts, messages) = visited.handed_over();
        for dead in &dead {
            assert!(counts.get(dead).is_none_or(|count| *count == 1), "{counts:?}");
        }
        assert!(counts[&url] >= 6, "{counts:?}");
        let (quick, dead): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| message.body.contains(&url));
        outcomes = visited.carry(quick, Duration::from_secs(5)).await;
        outcomes.extend(visited.carry(dead, Duration::from_millis(50)).await);
    }
    visited.visit(outcomes).await;
    visited.deliveries.take();
    assert_eq!(requests.load(Ordering::SeqCst), 30, "each event arrived once");
    let waiting = visited.orchestrator.events.events(Slice::first(100)).await.unwrap();
    assert!(waiting.iter().all(|event| event.pending_deliveries == 8), "{waiting:?}");

    // A message that is lost is sent again when its time has passed, and one that comes late is not delivered.
    visited.fixture.advance(TimeDelta::hours(2));
    visited.orchestrator.visit_all().await.unwrap();
    let lost = visited.handed_over().1;
    assert!(!lost.is_empty());
    visited.orchestrator.visit_all().await.unwrap();
    assert!(visited.handed_over().1.is_empty(), "their time has not passed");
    visited.fixture.advance(TimeDelta::seconds(301));
    visited.orchestrator.visit_all().await.unwrap();
    assert_eq!(visited.handed_over().1.len(), lost.len());
    let mut late: EventDelivery = decode(&lost[0].body).unwrap();
    late.until -= TimeDelta::seconds(301);
    let late = Message::now(encode(&late));
    assert!(visited.carry(vec![late], Duration::from_secs(1)).await.is_empty(), "it reports nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_counts_for_its_own_try() {
    let mut visited = Visited::new().await;
    let (url, listener) = silent();
    visited.subscribe("slow", &url).await;
    visited.complete_tasks(1).await;
    let first = visited.handed_over().1;
    visited.fixture.advance(TimeDelta::seconds(301));
    visited.orchestrator.visit_all().await.unwrap();
    let second = visited.handed_over().1;
    assert_eq!((first.len(), second.len()), (1, 1));
    // The first try was slow and fails after the second was sent.
    let failed = visited.carry(first, Duration::from_millis(50)).await;
    assert!(failed[0].contains("timed out"), "{failed:?}");
    let requests = serve(listener);
    visited.visit(failed).await;
    visited.fixture.advance(TimeDelta::seconds(10));
    visited.orchestrator.visit_all().await.unwrap();
    assert!(visited.handed_over().1.is_empty(), "the second is still under way");
    let arrived = visited.carry(second, Duration::from_secs(5)).await;
    // Outcomes of other databases, and such that no text can hold, harm no report.
    let foreign = arrived[0].replace("\"delivery\":\"", "\"delivery\":\"foreign");
    let nul = arrived[0].replace("\"attempt\":2", "\"attempt\":1,\"error\":\"a\\u0000b\"");
    visited.visit(vec![foreign, nul, arrived[0].clone(), arrived[0].clone()]).await;
    assert_eq!(visited.orchestrator.events.events(Slice::first(1)).await.unwrap()[0].pending_deliveries, 0);
    assert!(requests.load(Ordering::SeqCst) >= 1);

    // What nobody can read goes back to the queue, and so to its dead letters.
    let unreadable = vec![delivery(1, "no delivery".to_owned())];
    let unfinished = visited.courier.run(unreadable, Instant::now() + Duration::from_secs(1)).await;
    assert_eq!(unfinished, [Receipt::named("1")]);
}
