//! Trying an event on the triggers.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tasker_templates::trigger::parse_trigger;

use crate::server::{Answer, Server};

impl Server {
    async fn with_trigger(&self, name: &str, more: &str) {
        let text =
            format!("{{ name: {name}, pattern: {{ type: [order.placed] }}, task: {{ name: order }}{more} }}");
        let trigger = parse_trigger(&text).unwrap();
        self.orchestrator.triggers.publish_trigger(trigger.compiled.trigger()).await.unwrap();
    }

    async fn try_event(&self, query: &str, event_type: &str) -> Answer {
        let event = json!({ "specversion": "1.0", "id": "1", "source": "/shop", "type": event_type, "data": { "n": 7 } });
        let request = Request::post(format!("/v1/triggers/test{query}"))
            .header("content-type", "application/cloudevents+json")
            .body(Body::from(event.to_string()));
        self.call(request.unwrap()).await
    }
}

#[tokio::test]
async fn an_event_is_tried_and_starts_nothing() {
    let server = Server::start().await;
    server.with_trigger("orders", "").await;
    server.with_trigger("broken", ", input: \"data.missing\"").await;
    let tried = server.try_event("?trigger=default/orders", "order.placed").await;
    assert_eq!((tried.status, &tried.body["starts"]), (StatusCode::OK, &json!(true)), "{tried:?}");
    let trial = &tried.body["triggers"][0];
    assert_eq!(
        (&trial["matches"], &trial["input"], &trial["template"]),
        (&json!(true), &json!({ "n": 7 }), &json!("default/order"))
    );
    assert_eq!(
        trial["pattern"],
        json!([{ "path": "type", "wanted": ["order.placed"], "found": "order.placed", "holds": true }])
    );
    // All of them: one cannot map the event.
    let tried = server.try_event("", "order.placed").await;
    assert_eq!(tried.body["starts"], false, "{tried:?}");
    let problem =
        tried.body["triggers"].as_array().unwrap().iter().find(|trial| trial["trigger"] == "default/broken");
    assert!(problem.unwrap()["problem"].as_str().unwrap().contains("`input`"), "{tried:?}");
    let other = server.try_event("", "order.cancelled").await;
    assert_eq!(
        (&other.body["starts"], &other.body["triggers"][0]["matches"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(other.body["triggers"][0]["pattern"][0]["holds"], false);
    server.orchestrator.triggers.enable_trigger("default", "orders", false).await.unwrap();
    let disabled = server.try_event("?trigger=default/orders", "order.placed").await;
    assert_eq!(disabled.body["triggers"][0]["problem"], "the trigger is disabled");
    assert_eq!(server.try_event("?trigger=default/none", "order.placed").await.body["triggers"], json!([]));

    assert_eq!(server.get("/v1/tasks").await.body["items"], json!([]));
    assert_eq!(server.get("/v1/events").await.body["items"], json!([] as [Value; 0]));
}
