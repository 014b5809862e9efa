//! Incoming events: the tasks that they start, deduplication, and dead letters.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tasker_cloud_events::CloudEvent;
use tasker_orchestrator::{
    Error, Publication, Slice,
    access::Scope,
    read::TaskFilter,
    triggers::{ReceivedFilter, Reception, ReceptionState},
};
use tasker_templates::trigger::parse_trigger;
use uuid::Uuid;

use crate::fixture::{Fixture, template};

const ORDERS: &str = "\
name: orders
namespace: shop
pattern:
  type: [order.placed]
  data: { total: [{ numeric: ['>', 0] }] }
task: { name: order, namespace: default }
input: \"{'order': data.id, 'lines': data.lines.map(line, line.sku)}\"
idempotency_key: data.id
correlation_id: \"'order-' + data.id\"
tags: [web]
priority: 7
";

const STARTED: ReceptionState = ReceptionState::Started;
const FAILED: ReceptionState = ReceptionState::Failed;

fn event(id: &str, data: &Value) -> CloudEvent {
    let event = json!({ "specversion": "1.0", "id": id, "source": "/shop", "type": "order.placed", "correlationid": "c-1",
                        "data": data });
    CloudEvent::from_json(&event.to_string()).unwrap()
}

fn order(id: &str) -> Value {
    json!({ "id": id, "total": 5, "lines": [{ "sku": "tea" }, { "sku": "cup" }] })
}

impl Fixture {
    async fn with_orders() -> Self {
        let fixture = Self::new().await;
        fixture.publish(&template("order", &[("a", &[])])).await;
        fixture.trigger(ORDERS).await;
        fixture
    }

    async fn trigger(&self, yaml: &str) -> Publication {
        let parsed = parse_trigger(yaml).unwrap_or_else(|problems| panic!("{problems}"));
        self.orchestrator.triggers.publish_trigger(parsed.compiled.trigger()).await.unwrap()
    }

    async fn receive(&self, events: Vec<CloudEvent>) -> Vec<Reception> {
        self.orchestrator.triggers.receive_events(events).await.unwrap()
    }

    async fn receive_one(&self, event: CloudEvent) -> Reception {
        self.receive(vec![event]).await.remove(0)
    }

    async fn tasks_of(&self, template: &str) -> Vec<Uuid> {
        let filter = TaskFilter { name: Some(template.into()), ..TaskFilter::default() };
        let tasks = self.orchestrator.reader.tasks(&filter, Slice::first(1000)).await.unwrap();
        tasks.into_iter().map(|task| task.task_id).collect()
    }

    async fn received(&self, state: ReceptionState) -> usize {
        let filter = ReceivedFilter { states: vec![state] };
        self.orchestrator.triggers.received_events(&filter, Slice::first(100)).await.unwrap().len()
    }
}

#[tokio::test]
async fn an_event_starts_the_task_that_its_trigger_makes_of_it() {
    let fixture = Fixture::with_orders().await;
    let reception = fixture.receive_one(event("1", &order("DE-1"))).await;
    assert_eq!((reception.state, reception.duplicate), (ReceptionState::Started, false), "{reception:?}");
    let [started] = &reception.tasks[..] else { panic!("{reception:?}") };
    assert_eq!((started.trigger.as_str(), started.version), ("shop/orders", 1));
    let task = fixture.orchestrator.reader.task(started.task_id).await.unwrap();
    let input: Value = serde_json::from_str(task.context.as_ref().unwrap().get()).unwrap();
    assert_eq!(input, json!({ "order": "DE-1", "lines": ["tea", "cup"] }));
    let summary = &task.summary;
    assert_eq!(summary.correlation_id, "order-DE-1");
    assert_eq!(summary.parent_correlation_id.as_deref(), Some("c-1"));
    assert_eq!(summary.initiator.as_deref(), Some("trigger shop/orders"));
    assert_eq!(fixture.dispatched().len(), 1, "its first step is on its way");
    let shown = fixture.orchestrator.triggers.received_event(reception.received_id).await.unwrap();
    assert_eq!((shown.tasks, shown.state), (reception.tasks, ReceptionState::Started));
    let kept: Value = serde_json::from_str(shown.event.unwrap().get()).unwrap();
    assert_eq!(kept["data"], order("DE-1"));
}

#[tokio::test]
async fn without_expressions_the_data_is_the_input_to_the_last_digit() {
    let fixture = Fixture::with_orders().await;
    fixture.trigger("{ name: plain, pattern: { type: [plain] }, task: { name: order } }").await;
    let text =
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"plain","data":{"n":12345678901234567890.10}}"#;
    let reception = fixture.receive_one(CloudEvent::from_json(text).unwrap()).await;
    let task = fixture.orchestrator.reader.task(reception.tasks[0].task_id).await.unwrap();
    assert_eq!(task.context.as_ref().unwrap().get(), r#"{"n":12345678901234567890.10}"#);
    let without = r#"{"specversion":"1.0","id":"2","source":"/s","type":"plain"}"#;
    let reception = fixture.receive_one(CloudEvent::from_json(without).unwrap()).await;
    let task = fixture.orchestrator.reader.task(reception.tasks[0].task_id).await.unwrap();
    assert_eq!(task.context.as_ref().unwrap().get(), "{}");
}

#[tokio::test]
async fn a_copy_is_told_what_came_of_the_first_one() {
    let fixture = Fixture::with_orders().await;
    let first = fixture.receive_one(event("1", &order("DE-1"))).await;
    // Copies in sequence and in one batch. Another id, or the same id at another source, is another event.
    let copies = fixture.receive(vec![event("1", &order("DE-1")), event("1", &order("DE-1"))]).await;
    for copy in copies {
        assert!(copy.duplicate, "{copy:?}");
        assert_eq!((copy.state, &copy.tasks), (first.state, &first.tasks));
    }
    let twice = fixture.receive(vec![event("2", &order("DE-2")), event("2", &order("DE-2"))]).await;
    assert_eq!((twice[0].duplicate, twice[1].duplicate), (false, true));
    assert_eq!(twice[0].tasks, twice[1].tasks);
    assert_eq!(fixture.tasks_of("order").await.len(), 2);
}

#[tokio::test]
async fn events_with_one_key_start_one_task_also_across_versions_of_the_template() {
    let fixture = Fixture::with_orders().await;
    let first = fixture.receive_one(event("1", &order("DE-1"))).await;
    fixture.publish(&template("order", &[("a", &[])]).replace("1.0.0", "1.1.0")).await;
    let second = fixture.receive_one(event("2", &order("DE-1"))).await;
    assert!(!second.duplicate, "another event");
    assert_eq!(second.tasks, first.tasks, "the same order");
    assert_eq!(fixture.tasks_of("order").await.len(), 1);
}

#[tokio::test]
async fn copies_that_come_at_once_start_one_task_between_them() {
    let fixture = Fixture::with_orders().await;
    fixture.trigger("{ name: plain, pattern: { type: [order.placed] }, task: { name: order } }").await;
    for round in 0..10 {
        let id = round.to_string();
        let copies = (0..8).map(|_| {
            let orchestrator = fixture.orchestrator.clone();
            // With other events, so that batches overlap in different orders.
            let mut events =
                vec![event(&id, &order(&id)), event(&format!("{id}b"), &order(&format!("{id}b")))];
            if fastrand::bool() {
                events.reverse();
            }
            tokio::spawn(async move { orchestrator.triggers.receive_events(events).await.unwrap() })
        });
        let copies: Vec<_> = copies.collect();
        let (mut firsts, mut tasks) = (0, Vec::new());
        for copy in copies {
            for reception in copy.await.unwrap() {
                firsts += usize::from(!reception.duplicate);
                assert_eq!(reception.tasks.len(), 2, "{reception:?}");
                tasks.extend(reception.tasks.into_iter().map(|task| task.task_id));
            }
        }
        tasks.sort_unstable();
        tasks.dedup();
        assert_eq!((firsts, tasks.len()), (2, 4));
    }
    assert_eq!(fixture.tasks_of("order").await.len(), 40);
}

#[tokio::test]
async fn a_lost_record_loses_no_task_and_makes_no_second() {
    let fixture = Fixture::with_orders().await;
    let first = fixture.receive_one(event("1", &order("DE-1"))).await;
    // As if the process had died between creation and record.
    sqlx::query("DELETE FROM tasker.received_events").execute(&fixture.database.pool).await.unwrap();
    let again = fixture.receive_one(event("1", &order("DE-1"))).await;
    assert_eq!((again.duplicate, &again.tasks), (false, &first.tasks));
    assert_eq!(fixture.tasks_of("order").await.len(), 1);
}

#[tokio::test]
async fn an_event_that_matches_nothing_is_a_dead_letter_until_a_trigger_is_for_it() {
    let fixture = Fixture::with_orders().await;
    let dead = fixture.receive_one(event("1", &json!({ "total": 0 }))).await;
    assert_eq!(dead.state, ReceptionState::Unmatched);
    assert_eq!(dead.reason.as_deref(), Some("no trigger's pattern matches it"));
    let still = fixture.orchestrator.triggers.replay_event(dead.received_id).await.unwrap();
    assert_eq!(still.state, ReceptionState::Unmatched);
    fixture.trigger("{ name: free, pattern: { data: { total: [0] } }, task: { name: order } }").await;
    let copy = fixture.receive_one(event("1", &json!({ "total": 0 }))).await;
    assert_eq!((copy.state, copy.duplicate), (ReceptionState::Unmatched, true), "only a replay looks again");
    let replayed = fixture.orchestrator.triggers.replay_event(dead.received_id).await.unwrap();
    assert_eq!((replayed.state, replayed.tasks.len()), (ReceptionState::Started, 1), "{replayed:?}");
    let shown = fixture.orchestrator.triggers.received_event(dead.received_id).await.unwrap();
    assert_eq!((shown.state, shown.replayed_at), (ReceptionState::Started, Some(fixture.now)));
    let refused = fixture.orchestrator.triggers.replay_event(dead.received_id).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    let unknown = fixture.orchestrator.triggers.replay_event(Uuid::nil()).await;
    assert!(matches!(unknown, Err(Error::NoSuchReceivedEvent(_))), "{unknown:?}");
}

#[tokio::test]
async fn one_bad_event_harms_no_other_and_is_kept_with_the_reason() {
    let fixture = Fixture::with_orders().await;
    let nul = json!({ "id": "a\u{0}b", "total": 5, "lines": [] });
    let events = vec![
        event("1", &order("DE-1")),
        event("2", &json!({ "id": "DE-2", "total": 5 })),
        event("3", &nul),
        event("4", &order("DE-4")),
    ];
    let receptions = fixture.receive(events).await;
    let states: Vec<_> = receptions.iter().map(|reception| reception.state).collect();
    assert_eq!(states, [STARTED, FAILED, FAILED, STARTED], "{receptions:#?}");
    let reason = receptions[1].reason.as_deref().unwrap();
    assert!(reason.contains("trigger `shop/orders`: `input`: there is no `lines`"), "{reason}");
    assert!(receptions[2].reason.as_deref().unwrap().contains("control characters"), "{:?}", receptions[2]);
    assert_eq!((fixture.received(FAILED).await, fixture.received(STARTED).await), (2, 2));
    // The corrected trigger starts the task.
    fixture.trigger(&ORDERS.replace("data.lines.map(line, line.sku)", "[]")).await;
    let mended = fixture.orchestrator.triggers.replay_event(receptions[1].received_id).await.unwrap();
    assert_eq!((mended.state, mended.tasks[0].version), (STARTED, 2));
}

#[tokio::test]
async fn an_input_that_the_template_refuses_or_a_template_that_is_gone_makes_a_dead_letter() {
    let fixture = Fixture::with_orders().await;
    let strict = json!({ "name": "strict", "version": "1.0.0", "input_schema": { "required": ["amount"] },
                         "steps": [{ "name": "a", "handler": { "callable": "work" } }] });
    fixture.publish(&strict.to_string()).await;
    fixture.trigger("{ name: strict, pattern: { data: { total: [0] } }, task: { name: strict } }").await;
    let refused = fixture.receive_one(event("1", &json!({ "total": 0 }))).await;
    assert_eq!(refused.state, ReceptionState::Failed);
    assert!(refused.reason.as_deref().unwrap().contains("\"amount\" is a required property"), "{refused:?}");
    sqlx::query("UPDATE tasker.templates SET name = 'gone' WHERE name = 'order'")
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    sqlx::query("UPDATE tasker.catalog SET version = version + 1")
        .execute(&fixture.database.pool)
        .await
        .unwrap();
    let gone = fixture.receive_one(event("2", &order("DE-2"))).await;
    assert!(gone.reason.as_deref().unwrap().contains("there is no template `default/order`"), "{gone:?}");
}

#[tokio::test]
async fn of_two_triggers_each_starts_its_task_and_one_that_fails_keeps_the_other_from_nothing() {
    let fixture = Fixture::with_orders().await;
    fixture.publish(&template("audit", &[("a", &[])])).await;
    fixture
        .trigger("{ name: audit, pattern: { source: [/shop] }, task: { name: audit }, input: \"{'v': data.vat}\" }")
        .await;
    let both = json!({ "id": "DE-1", "total": 5, "vat": 1, "lines": [] });
    let both = fixture.receive_one(event("1", &both)).await;
    let triggers: Vec<&str> = both.tasks.iter().map(|task| task.trigger.as_str()).collect();
    assert_eq!(both.state, ReceptionState::Started);
    assert!(triggers.contains(&"shop/orders") && triggers.contains(&"default/audit"), "{both:?}");
    let one = fixture.receive_one(event("2", &order("DE-2"))).await;
    assert_eq!((one.state, one.tasks.len()), (ReceptionState::Failed, 1), "{one:?}");
    fixture
        .trigger("{ name: audit, pattern: { source: [/shop] }, task: { name: audit }, input: \"{'v': 0}\" }")
        .await;
    let mended = fixture.orchestrator.triggers.replay_event(one.received_id).await.unwrap();
    assert_eq!((mended.state, mended.tasks.len()), (ReceptionState::Started, 2), "{mended:?}");
    assert!(mended.tasks.contains(&one.tasks[0]), "what had been started is not started again");
    assert_eq!((fixture.tasks_of("order").await.len(), fixture.tasks_of("audit").await.len()), (2, 2));
}

#[tokio::test]
async fn a_trigger_that_cannot_be_read_any_more_holds_up_no_other_and_loses_no_event() {
    let fixture = Fixture::with_orders().await;
    let older = ORDERS.replace("name: orders", "name: older");
    for (field, damage) in [("input", "\"no such function(\""), ("pattern", "7"), ("task", "7")] {
        fixture.trigger(&older).await;
        for statement in [
            format!(
                "UPDATE tasker.triggers SET definition = jsonb_set(definition, '{{{field}}}', '{damage}') WHERE name = 'older'"
            ),
            "UPDATE tasker.catalog SET triggers_version = triggers_version + 1".to_owned(),
        ] {
            let done =
                sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&fixture.database.pool).await.unwrap();
            assert_eq!(done.rows_affected(), 1);
        }
        let id = Uuid::new_v4().to_string();
        let reception = fixture.receive_one(event(&id, &order(&id))).await;
        assert_eq!((reception.state, reception.tasks.len()), (FAILED, 1), "{reception:?}");
        let reason = reception.reason.unwrap();
        assert!(
            reason.contains("trigger `shop/older` cannot be read") && reason.contains("replay"),
            "{reason}"
        );
        // The trigger can still be listed.
        let listed = fixture.orchestrator.triggers.triggers(&Scope::All, Slice::all()).await.unwrap();
        let names: Vec<&str> = listed.iter().map(|trigger| trigger.name.as_str()).collect();
        assert_eq!(names, ["older", "orders"]);
        assert_eq!(listed[0].trigger().is_err(), field == "task");
        // After it is published again, a replay of the event starts its task.
        fixture.trigger(&older).await;
        let replayed = fixture.orchestrator.triggers.replay_event(reception.received_id).await.unwrap();
        assert_eq!((replayed.state, replayed.tasks.len()), (STARTED, 2), "{replayed:?}");
    }
}

#[tokio::test]
async fn a_disabled_trigger_starts_nothing_whoever_disabled_it() {
    let fixture = Fixture::with_orders().await;
    let switched = fixture.orchestrator.triggers.enable_trigger("shop", "orders", false).await.unwrap();
    assert_eq!((switched.enabled, switched.disabled_at), (false, Some(fixture.now)));
    let dead = fixture.receive_one(event("1", &order("DE-1"))).await;
    assert_eq!(dead.reason.as_deref(), Some("only disabled triggers match it: shop/orders"));
    // Publishing does not revert an operator's action.
    assert_eq!(fixture.trigger(&ORDERS.replace("web", "shop")).await, Publication::Published);
    assert_eq!(fixture.receive_one(event("2", &order("DE-2"))).await.state, ReceptionState::Unmatched);
    fixture.orchestrator.triggers.enable_trigger("shop", "orders", true).await.unwrap();
    assert_eq!(fixture.receive_one(event("3", &order("DE-3"))).await.state, ReceptionState::Started);
    let replayed = fixture.orchestrator.triggers.replay_event(dead.received_id).await.unwrap();
    assert_eq!(replayed.state, ReceptionState::Started);
    fixture.trigger(&format!("{ORDERS}enabled: false\n")).await;
    assert_eq!(fixture.receive_one(event("4", &order("DE-4"))).await.state, ReceptionState::Unmatched);
    let refused = fixture.orchestrator.triggers.enable_trigger("shop", "orders", true).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    fixture.orchestrator.triggers.remove_trigger("shop", "orders").await.unwrap();
    let none = fixture.receive_one(event("5", &order("DE-5"))).await;
    assert_eq!(none.reason.as_deref(), Some("there are no triggers"));
    let gone = fixture.orchestrator.triggers.trigger("shop", "orders").await;
    assert!(matches!(gone, Err(Error::NoSuchTrigger { .. })), "{gone:?}");
}

#[tokio::test]
async fn the_same_content_again_is_no_change_and_a_trigger_needs_a_template() {
    let fixture = Fixture::with_orders().await;
    assert_eq!(fixture.trigger(ORDERS).await, Publication::Unchanged);
    let [only] = &fixture.orchestrator.triggers.triggers(&Scope::All, Slice::all()).await.unwrap()[..] else {
        panic!("not one trigger")
    };
    assert_eq!((only.version, only.enabled), (1, true));
    let lost = parse_trigger(&ORDERS.replace("name: order,", "name: ordre,")).unwrap();
    let refused = fixture.orchestrator.triggers.publish_trigger(lost.compiled.trigger()).await;
    assert!(
        matches!(&refused, Err(Error::NoSuchTemplate { hint, .. }) if hint.contains("default/order")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn while_the_database_is_away_an_event_is_refused_and_not_buried() {
    let fixture = Fixture::with_orders().await;
    let rename = async |from: &str, to: &str| {
        let statement = format!("ALTER TABLE tasker.{from} RENAME TO {to}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&fixture.database.pool).await.unwrap();
    };
    // As if each of the round trips failed in turn.
    for table in ["catalog", "tasks", "received_events"] {
        rename(table, "away").await;
        let failed = fixture.orchestrator.triggers.receive_events(vec![event("1", &order("DE-1"))]).await;
        assert!(matches!(failed, Err(Error::Database(_))), "{table}: {failed:?}");
        rename("away", table).await;
    }
    let reception = fixture.receive_one(event("1", &order("DE-1"))).await;
    assert_eq!((reception.state, reception.duplicate), (ReceptionState::Started, false));
    assert_eq!(fixture.tasks_of("order").await.len(), 1);
}

#[tokio::test]
async fn events_are_forgotten_in_time() {
    let mut fixture = Fixture::with_orders().await;
    fixture
        .receive(vec![event("1", &order("DE-1")), event("2", &json!({})), event("3", &json!({ "total": 1 }))])
        .await;
    let counts = async |fixture: &Fixture| {
        fixture.orchestrator.triggers.forget_received_events().await.unwrap();
        let mut counts = Vec::new();
        for state in ReceptionState::ALL {
            counts.push(fixture.received(state).await);
        }
        counts
    };
    assert_eq!(counts(&fixture).await, [1, 1, 1]);
    fixture.advance(TimeDelta::days(8));
    assert_eq!(counts(&fixture).await, [0, 1, 1]);
    let again = fixture.receive_one(event("1", &order("DE-1"))).await;
    assert_eq!(
        (again.duplicate, fixture.tasks_of("order").await.len()),
        (false, 1),
        "its task is still its task"
    );
    fixture.advance(TimeDelta::days(31));
    assert_eq!(counts(&fixture).await, [0, 0, 0]);
}

#[tokio::test]
async fn large_events_and_large_batches_are_taken() {
    let fixture = Fixture::with_orders().await;
    let mut large = order("DE-0");
    large["note"] = json!("x".repeat(400_000));
    let reception = fixture.receive_one(event("large", &large)).await;
    let shown = fixture.orchestrator.triggers.received_event(reception.received_id).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(shown.event.unwrap().get()).unwrap()["data"], large);
    let many: Vec<CloudEvent> = (1..=250).map(|n| event(&n.to_string(), &order(&n.to_string()))).collect();
    let receptions = fixture.receive(many).await;
    assert!(receptions.iter().all(|reception| reception.state == ReceptionState::Started));
    let ids: Vec<String> = receptions.into_iter().map(|reception| reception.id).collect();
    assert_eq!(ids, (1..=250).map(|n| n.to_string()).collect::<Vec<_>>(), "in their order");
    assert_eq!(fixture.tasks_of("order").await.len(), 251);
}
