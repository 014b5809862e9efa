//! Publications through the API.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tasker_api::Authentication;
use tasker_orchestrator::access::{Caller, NewKey};

use crate::server::{Answer, Server};

/// The smallest component.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

impl Server {
    async fn store(&self, key: &str, digest: &str, bytes: &'static [u8]) -> Answer {
        let request = Request::put(format!("/v1/components/{digest}")).header("x-api-key", key);
        self.call(request.header("content-type", "application/wasm").body(Body::from(bytes)).unwrap()).await
    }

    async fn publish_bundle(&self, key: &str, query: &str, bundle: &Value) -> Answer {
        self.post(&format!("/v1/publications{query}"), &[("x-api-key", key)], &bundle.to_string()).await
    }
}

fn bundle() -> Value {
    json!({
        "components": [{ "digest": digest_of(COMPONENT), "size_bytes": COMPONENT.len(), "handlers": [{ "name": "weigh" }] }],
        "templates": [{ "name": "parcel", "namespace_name": "shop", "version": "1.0.0",
                        "steps": [{ "name": "weigh", "handler": { "callable": "weigh" } }] }],
        "triggers": [{ "name": "on-parcel", "namespace": "shop", "pattern": { "type": ["parcel"] },
                       "task": { "name": "parcel", "namespace": "shop" } }],
        "promote": true
    })
}

#[tokio::test]
async fn a_bundle_is_checked_and_then_published_by_a_key_alone() {
    let server = Server::start_with(Authentication::Own(None)).await;
    let key = server.key("publisher", None).await;
    let digest = digest_of(COMPONENT);
    let preview = server.publish_bundle(&key, "?dry_run=true", &bundle()).await;
    assert_eq!(
        (preview.status, &preview.body["missing_components"]),
        (StatusCode::OK, &json!([digest])),
        "{preview:?}"
    );
    assert_eq!(preview.body["templates"][0]["outcome"], "published");
    let refused = server.publish_bundle(&key, "", &bundle()).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["code"]),
        (422, &json!("unknown_component")),
        "{refused:?}"
    );

    assert_eq!(
        server.store(&key, &digest, COMPONENT).await.body,
        json!({ "digest": digest, "size_bytes": 8 })
    );
    let done = server.publish_bundle(&key, "", &bundle()).await;
    assert_eq!((done.status, &done.body["missing_components"]), (StatusCode::OK, &json!([])), "{done:?}");
    assert_eq!(
        done.body["triggers"][0],
        json!({ "namespace": "shop", "name": "on-parcel", "outcome": "published" })
    );
    let again = server.publish_bundle(&key, "", &bundle()).await.body;
    for part in ["templates", "triggers"] {
        assert_eq!(again[part][0]["outcome"], "unchanged", "{again}");
    }

    let admin = server.key("admin", None).await;
    let order = json!({ "name": "parcel", "namespace": "shop", "context": {} }).to_string();
    assert_eq!(server.post("/v1/tasks", &[("x-api-key", &admin)], &order).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_published() {
    let server = Server::start().await;
    let digest = digest_of(COMPONENT);
    server.store("", &digest, COMPONENT).await;
    let mut bad = bundle();
    bad["templates"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "name": "x", "version": "1.0.0", "steps": [{ "name": "a" }] }));
    let mut taken = bundle();
    taken["templates"] = json!([
        { "name": "new", "version": "1.0.0", "steps": [{ "name": "a", "handler": { "callable": "work" } }] },
        { "name": "order", "version": "1.0.0", "steps": [{ "name": "b", "handler": { "callable": "work" } }] },
    ]);
    let mut trigger = bundle();
    trigger["triggers"][0]["pattern"] = json!({ "type": 7 });
    let mut field = bundle();
    field["extra"] = json!(1);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut changed = bundle();
        change(&mut changed);
        changed
    };
    let path = changed(&|bundle| bundle["components"][0]["digest"] = json!("../x"));
    let name = changed(&|bundle| bundle["components"][0]["handlers"][0]["name"] = json!("a b"));
    let nul = changed(&|bundle| {
        bundle["components"][0]["handlers"][0]["input_schema"] = json!({ "enum": ["\0"] });
    });
    let alias = changed(&|bundle| bundle["aliases"] = json!({ "a\0": "weigh" }));
    let task = changed(&|bundle| bundle["triggers"][0]["task"]["name"] = json!("parcle"));
    let handler = changed(&|bundle| {
        bundle["templates"][0]["steps"][0]["handler"]["callable"] = json!("nobody");
    });
    let twice = changed(&|bundle| {
        let mut other = bundle["templates"][0].clone();
        other["description"] = json!("another");
        bundle["templates"].as_array_mut().unwrap().push(other);
    });
    let text = changed(&|bundle| bundle["templates"][0]["input_schema"] = json!({ "enum": ["\0"] }));
    let version =
        changed(&|bundle| bundle["templates"][0]["version"] = json!(format!("1.0.0-{}", "a".repeat(5000))));
    for (bundle, status, code, detail) in [
        (&task, 404, "no_such_template", "shop/parcle"),
        (&handler, 422, "unknown_handler", "nobody"),
        (&twice, 400, "invalid_request", "contain `shop/parcel` twice"),
        (&text, 400, "invalid_request", "cannot store"),
        (&version, 400, "invalid_request", "`version` is longer"),
        (&bad, 422, "invalid_template", "template 2:"),
        (&taken, 409, "version_taken", "`default/order` version 1.0.0"),
        (&trigger, 422, "invalid_trigger", "trigger 1:"),
        (&field, 400, "invalid_request", "extra"),
        (&path, 400, "invalid_request", "64 lower-case hexadecimal digits"),
        (&name, 400, "invalid_request", "`components` may contain letters"),
        (&nul, 400, "invalid_request", "NUL"),
        (&alias, 400, "invalid_request", "`aliases`"),
    ] {
        for query in ["", "?dry_run=true"] {
            let answer = server.publish_bundle("", query, bundle).await;
            assert_eq!((answer.status.as_u16(), &answer.body["code"]), (status, &json!(code)), "{answer:?}");
            assert!(answer.body["detail"].as_str().unwrap().contains(detail), "{answer:?}");
        }
    }
    for list in ["/v1/templates", "/v1/callables"] {
        let there = server.get(list).await.body;
        assert_eq!(there["items"].as_array().unwrap().len(), 1, "{there}");
    }

    for (digest, bytes, detail) in [
        (&*"0".repeat(64), COMPONENT, "the SHA-256 of the component is"),
        (&digest, b"#!/bin/sh", "is not WebAssembly"),
        (&digest, b"", "is not WebAssembly"),
    ] {
        let answer = server.store("", digest, bytes).await;
        assert_eq!(answer.body["code"], "invalid_request", "{answer:?}");
        assert!(answer.body["detail"].as_str().unwrap().contains(detail), "{answer:?}");
    }
}

#[tokio::test]
async fn a_publisher_of_a_namespace_publishes_its_templates_only() {
    let server = Server::start_with(Authentication::Own(None)).await;
    let (key, everywhere) =
        (server.key("publisher", Some(&["shop"])).await, server.key("publisher", None).await);
    assert_eq!(server.store(&key, &digest_of(COMPONENT), COMPONENT).await.status, StatusCode::FORBIDDEN);
    assert_eq!(server.store(&everywhere, &digest_of(COMPONENT), COMPONENT).await.status, StatusCode::OK);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut own = json!({ "templates": bundle()["templates"], "triggers": [] });
        change(&mut own);
        own
    };
    let foreign_template = with(&|bundle| bundle["templates"][0]["namespace_name"] = json!("billing"));
    let foreign_trigger = with(&|own| {
        own["triggers"] = bundle()["triggers"].clone();
        own["triggers"][0]["task"]["namespace"] = json!("billing");
    });
    let components = with(&|own| own["components"] = bundle()["components"].clone());
    let inside = with(&|own| {
        own["templates"][0]["steps"][0]["grants"] = json!({ "private_networks": ["10.0.0.0/8"] });
    });
    for bundle in [&foreign_template, &foreign_trigger, &components, &inside] {
        let answer = server.publish_bundle(&key, "", bundle).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (StatusCode::FORBIDDEN, &json!("forbidden")),
            "{answer:?}"
        );
    }
    let unknown = json!({ "triggers": [{ "name": "t", "namespace": "shop", "pattern": { "type": ["t"] },
        "task": { "name": "orde", "namespace": "shop" } }] });
    let told = server.publish_bundle(&everywhere, "", &unknown).await;
    assert!(told.text.contains("default/order"), "{told:?}");
    let hidden = server.publish_bundle(&key, "", &unknown).await;
    assert_eq!(hidden.body["code"], "no_such_template", "{hidden:?}");
    assert!(!hidden.text.contains("default"), "{hidden:?}");
    let handled = json!({ "templates": [{ "name": "parcel", "namespace_name": "shop", "version": "1.0.0",
        "steps": [{ "name": "weigh", "handler": { "callable": "work" } }] }] });
    assert_eq!(server.publish_bundle(&key, "", &handled).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_component_may_be_longer_than_other_bodies() {
    let server = Server::start().await;
    let mut wasm = COMPONENT.to_vec();
    wasm.resize(9 << 20, 0);
    let path = format!("/v1/components/{}", digest_of(&wasm));
    let put = async |bytes: Vec<u8>| {
        let request = Request::put(&path).header("idempotency-key", "again").body(Body::from(bytes));
        server.call(request.unwrap()).await
    };
    assert_eq!(put(wasm.clone()).await.body["size_bytes"], 9 << 20);
    assert_eq!(put(wasm).await.status, StatusCode::OK);
    let refused = put(vec![0; (64 << 20) + 1]).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::PAYLOAD_TOO_LARGE, &json!("payload_too_large"))
    );
}

#[tokio::test]
async fn the_latest_version_is_found_and_handlers_name_their_templates() {
    let server = Server::start_with(Authentication::Own(None)).await;
    let key = server.key("admin", None).await;
    for version in ["1.9.0", "1.10.0"] {
        let template = json!({ "name": "order", "version": version,
            "steps": [{ "name": version.replace('.', "_"), "handler": { "callable": "work" } }] });
        assert_eq!(
            server.publish_bundle(&key, "", &json!({ "templates": [template] })).await.status,
            StatusCode::OK
        );
    }
    let read = async |key: &str, path: &str| {
        let request = Request::get(path).header("x-api-key", key).body(Body::empty());
        server.call(request.unwrap()).await.body
    };
    let all = read(&key, "/v1/templates?latest=true").await;
    let versions: Vec<&Value> =
        all["items"].as_array().unwrap().iter().map(|item| &item["version"]).collect();
    assert_eq!(versions, ["1.10.0"]);
    assert_eq!(all["applied"]["latest"], true);
    let latest = read(&key, "/v1/templates/default/order/latest").await;
    assert_eq!(latest["version"], "1.10.0");
    let graph = read(&key, "/v1/templates/default/order/latest/graph").await;
    assert_eq!(graph["nodes"][0]["id"], "1_10_0");

    let templates = async |key: &str| read(key, "/v1/callables").await["items"][0]["templates"].clone();
    assert_eq!(templates(&key).await, json!(["default/order"]));
    let permissions = ["callables:read", "templates:read@shop"].map(str::to_owned).to_vec();
    let request = NewKey { name: "elsewhere".to_owned(), permissions, ..NewKey::default() };
    let elsewhere = server.orchestrator.keys.create(&request, &Caller::local()).await.unwrap().secret;
    assert_eq!(templates(&elsewhere).await, json!([]));
}
