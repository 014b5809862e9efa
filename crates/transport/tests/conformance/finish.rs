//! The end of a step in one call does what its parts do one after the other, with the rights of a host.

use std::sync::Arc;

use tasker_test_support::TestDatabase;
use tasker_transport::{
    Claim, Delivery, Durability, FinishedStep, Finisher, LeaseStore, Message, PgmqFinisher, PgmqQueue,
    PostgresLeases, Queue, REPORTS_QUEUE, STEPS_QUEUE,
};

use crate::{NO_WAIT, SOON, TERM, VISIBILITY, bodies, names, receive};

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_step_has_its_report_sent_its_lease_settled_and_its_message_deleted() {
    let database = TestDatabase::new().await;
    let sender = PgmqQueue::sender(database.pool.clone(), STEPS_QUEUE, VISIBILITY, Durability::Disk);
    let reports: Arc<dyn Queue> =
        Arc::new(PgmqQueue::receiver(database.pool.clone(), REPORTS_QUEUE, VISIBILITY, Durability::Memory));
    let pool = database.pool_as("a_host", "tasker_worker").await;
    let receiver = Arc::new(PgmqQueue::receiver(pool.clone(), STEPS_QUEUE, VISIBILITY, Durability::Disk));
    let to_reports = Arc::new(PgmqQueue::sender(pool.clone(), REPORTS_QUEUE, VISIBILITY, Durability::Disk));
    let leases = Arc::new(PostgresLeases::new(pool, TERM, SOON));
    let finisher = PgmqFinisher::new(receiver.clone(), to_reports, leases.clone());
    let steps: Arc<dyn Queue> = receiver;

    sender.send(["a", "b", "c"].map(|body| Message::now(body.to_owned())).into()).await.unwrap();
    let mut taken: Vec<Delivery> = receive(&steps, SOON).await;
    taken.sort_by(|left, right| left.body.cmp(&right.body));
    assert_eq!(bodies(&taken), ["a", "b", "c"]);
    leases.acquire(&names(&["a", "b", "c"]), "host").await.unwrap();
    leases.revoke(&names(&["b"])).await.unwrap();
    let finished: Vec<FinishedStep<'_>> = taken[..2]
        .iter()
        .map(|delivery| FinishedStep {
            report: &delivery.body,
            lease: &delivery.body,
            receipt: Some(&delivery.receipt),
            next: (delivery.body == "a").then_some("next"),
        })
        .collect();
    // A second call, after the answer to the first was lost, changes nothing but the reports.
    for expected in [Claim::Acquired { lost: 0 }, Claim::Held] {
        assert_eq!(finisher.finish(&finished, "host").await.unwrap(), [expected]);
        let mut sent = receive(&reports, SOON).await;
        sent.sort_by(|left, right| left.body.cmp(&right.body));
        assert_eq!(bodies(&sent), ["a", "b"]);
    }
    let claims = leases.acquire(&names(&["a", "b", "c"]), "another").await.unwrap();
    assert_eq!(claims, [Claim::Settled, Claim::Settled, Claim::Held]);
    let settled = leases.are_settled(&names(&["a", "b", "c"]), NO_WAIT).await.unwrap();
    assert_eq!(settled, [true, false, false], "a revoked lease stays revoked");
    tokio::time::sleep(VISIBILITY).await;
    assert_eq!(bodies(&receive(&steps, SOON).await), ["c"], "the others are deleted");
}
