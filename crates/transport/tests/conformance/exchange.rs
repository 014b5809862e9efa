//! The exchange of a host: one call does what its parts do one after the other. Runs with the rights of a host.

use std::sync::Arc;

use tasker_test_support::TestDatabase;
use tasker_transport::{
    Claim, Durability, Finished, LeaseStore, Message, PgmqExchange, PgmqQueue, PostgresLeases, Queue,
    REPORTS_QUEUE, STEPS_QUEUE, StepExchange, Taken,
};

use crate::{NO_WAIT, SOON, TERM, VISIBILITY, names, receive};

struct Host {
    exchange: Arc<dyn StepExchange>,
    steps: Arc<dyn Queue>,
    leases: Arc<dyn LeaseStore>,
}

struct Installation {
    database: TestDatabase,
    steps: Arc<dyn Queue>,
    reports: Arc<dyn Queue>,
}

impl Installation {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let (pool, lax) = (&database.pool, Durability::Memory);
        Self {
            steps: Arc::new(PgmqQueue::sender(pool.clone(), STEPS_QUEUE, VISIBILITY, lax)),
            reports: Arc::new(PgmqQueue::receiver(pool.clone(), REPORTS_QUEUE, VISIBILITY, lax)),
            database,
        }
    }

    async fn host(&self) -> Host {
        let pool = self.database.pool_as("a_host", "tasker_worker").await;
        let steps = Arc::new(PgmqQueue::receiver(pool.clone(), STEPS_QUEUE, VISIBILITY, Durability::Disk));
        let reports = PgmqQueue::sender(pool.clone(), REPORTS_QUEUE, VISIBILITY, Durability::Disk);
        let leases = Arc::new(PostgresLeases::new(pool, TERM, SOON));
        let exchange = Arc::new(PgmqExchange::new(steps.clone(), Arc::new(reports), leases.clone()));
        Host { exchange, steps, leases }
    }

    /// Sends steps with these leases.
    async fn send(&self, leases: &[&str]) {
        let message = |lease: &&str| Message {
            lease: Some((*lease).to_owned()),
            ..Message::now(format!("step of {lease}"))
        };
        self.steps.send(leases.iter().map(message).collect()).await.expect("sends");
    }
}

impl Host {
    async fn take(&self, holder: &str) -> Vec<Taken> {
        let mut taken = self.exchange.take(10, SOON, holder).await.expect("takes");
        taken.sort_by(|left, right| left.delivery.body.cmp(&right.delivery.body));
        taken
    }

    async fn finish(&self, taken: &[Taken], holder: &str) {
        let finished: Vec<Finished<'_>> = taken
            .iter()
            .map(|taken| Finished {
                report: &taken.delivery.body,
                lease: &taken.claim.as_ref().expect("it has a lease").0,
                receipt: &taken.delivery.receipt,
            })
            .collect();
        self.exchange.finish(&finished, holder).await.expect("finishes");
    }
}

fn claims(taken: &[Taken]) -> Vec<(&str, Claim)> {
    taken.iter().map(|taken| taken.claim.as_ref().map(|(lease, claim)| (&**lease, *claim)).unwrap()).collect()
}

const FREE: Claim = Claim::Acquired { lost: 0 };

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_taken_with_its_lease_and_finished_with_its_report() {
    let installation = Installation::new().await;
    let host = installation.host().await;
    installation.send(&["a", "b"]).await;
    let taken = host.take("host").await;
    assert_eq!(claims(&taken), [("a", FREE), ("b", FREE)]);
    let other = host.leases.acquire(&names(&["a", "b"]), "another").await.unwrap();
    assert_eq!(other, [Claim::Held, Claim::Held]);
    assert!(receive(&host.steps, NO_WAIT).await.is_empty(), "taken steps are invisible");
    host.finish(&taken, "host").await;
    let mut reports = receive(&installation.reports, SOON).await;
    reports.sort_by(|left, right| left.body.cmp(&right.body));
    assert_eq!(crate::bodies(&reports), ["step of a", "step of b"]);
    let other = host.leases.acquire(&names(&["a", "b"]), "another").await.unwrap();
    assert_eq!(other, [Claim::Settled, Claim::Settled]);
    assert_eq!(host.steps.backlog().await.unwrap(), 0);
    tokio::time::sleep(VISIBILITY).await;
    assert!(receive(&host.steps, NO_WAIT).await.is_empty(), "finished steps are deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_learns_who_has_its_lease() {
    let installation = Installation::new().await;
    let host = installation.host().await;
    installation.send(&["a", "a", "b"]).await;
    let taken = host.take("host").await;
    let copies = claims(&taken);
    assert_eq!(copies.iter().filter(|(lease, claim)| *lease == "a" && *claim == FREE).count(), 1);
    assert!(copies.contains(&("a", Claim::Held)) && copies.contains(&("b", FREE)), "{copies:?}");
    let first: Vec<Taken> = taken
        .into_iter()
        .filter(|taken| taken.claim.as_ref().is_some_and(|(_, claim)| *claim == FREE))
        .collect();
    installation.send(&["a"]).await;
    assert_eq!(claims(&host.take("another").await), [("a", Claim::Held)]);
    host.finish(&first, "host").await;
    installation.send(&["a", "b"]).await;
    assert_eq!(claims(&host.take("another").await), [("a", Claim::Settled), ("b", Claim::Settled)]);
    // A second call, after the answer to the first was lost, changes nothing but the reports.
    host.finish(&first, "host").await;
    assert_eq!(receive(&installation.reports, SOON).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_an_earlier_release_comes_without_a_lease() {
    let installation = Installation::new().await;
    let host = installation.host().await;
    installation.steps.send(vec![Message::now("a step".to_owned())]).await.unwrap();
    let taken = host.take("host").await;
    assert_eq!(taken.len(), 1);
    assert!(taken[0].claim.is_none() && taken[0].delivery.body == "a step");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_given_back_is_as_it_was() {
    let installation = Installation::new().await;
    let host = installation.host().await;
    let lease = names(&["a"]);
    assert_eq!(host.leases.acquire(&lease, "died").await.unwrap(), [FREE]);
    tokio::time::sleep(TERM + std::time::Duration::from_millis(50)).await;
    for holder in ["first", "second"] {
        installation.send(&["a"]).await;
        let taken = host.take(holder).await;
        assert_eq!(claims(&taken), [("a", Claim::Acquired { lost: 1 })]);
        host.exchange.give_back(&lease, "another").await.unwrap();
        assert!(host.leases.holds(&lease, holder).await.unwrap()[0], "only the holder can give it back");
        host.exchange.give_back(&lease, holder).await.unwrap();
        host.steps.acknowledge(&[taken[0].delivery.receipt.clone()]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_while_taking_keeps_nothing() {
    let installation = Installation::new().await;
    let host = installation.host().await;
    for micros in (0..4_000).step_by(250) {
        let wait = std::time::Duration::from_micros(micros);
        installation.send(&["a"]).await;
        let gone = tokio::time::timeout(wait, host.exchange.take(1, SOON, "gone")).await;
        if let Ok(Ok(taken)) = gone {
            host.exchange.give_back(&names(&["a"]), "gone").await.unwrap();
            host.steps.hand_back(&[taken[0].delivery.receipt.clone()], NO_WAIT).await.unwrap();
        }
        let taken = host.take("next").await;
        assert_eq!(claims(&taken), [("a", FREE)], "after {wait:?}");
        host.leases.release(&names(&["a"]), "next").await.unwrap();
        host.steps.acknowledge(&[taken[0].delivery.receipt.clone()]).await.unwrap();
    }
}

/// The holder of an ended lease may not have had the time to renew it.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_reaches_the_server_late_takes_no_lease() {
    let installation = Installation::new().await;
    let host = installation.host().await;
    assert!(host.exchange.take(1, NO_WAIT, "host").await.unwrap().is_empty());
    installation.send(&["a"]).await;
    // The server keeps the call waiting as if it were away: another transaction has the table.
    let mut blocking = installation.database.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE pgmq.q_tasker_steps").execute(&mut *blocking).await.unwrap();
    let late = tokio::spawn(async move { (host.take("host").await, host) });
    tokio::time::sleep(VISIBILITY / 2).await;
    blocking.commit().await.unwrap();
    let (taken, host) = late.await.unwrap();
    assert!(taken.len() == 1 && taken[0].claim.is_none(), "{taken:?}");
    assert_eq!(host.leases.acquire(&names(&["a"]), "another").await.unwrap(), [FREE]);
}
