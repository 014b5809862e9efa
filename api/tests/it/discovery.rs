//! Discovery: from the namespaces to the dependency graph of a template.

use axum::http::StatusCode;
use serde_json::json;
use tasker_templates::template::parse;

use crate::server::Server;

const DIAMOND: &str =
    "{ name: diamond, namespace_name: shop, version: VERSION, description: Four steps, steps: [
    { name: last, dependencies: [left, right], handler: { callable: work } },
    { name: first, handler: { callable: work } },
    { name: left, dependencies: [first], handler: { callable: work } },
    { name: right, dependencies: [first], handler: { callable: work }, retry: { max_attempts: 7 } }] }";

#[tokio::test]
async fn a_stranger_finds_a_template_and_its_graph() {
    let server = Server::start().await;
    for version in ["1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"] {
        let template = parse(&DIAMOND.replace("VERSION", version)).unwrap().template;
        server.orchestrator.catalog.publish_template(&template).await.unwrap();
    }
    let all = server.get("/v1/handlers").await.body;
    assert_eq!(
        all["namespaces"],
        json!([
            { "name": "default", "handler_count": 1, "handlers": ["order"] },
            { "name": "shop", "handler_count": 1, "handlers": ["diamond"] },
        ])
    );
    let shop = server.get("/v1/handlers/shop").await.body;
    let diamond = &shop["handlers"][0];
    assert_eq!(
        (&diamond["latest_version"], &diamond["versions"]),
        (&json!("1.10.0"), &json!(["1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"]))
    );
    assert_eq!(diamond["step_names"], json!(["last", "first", "left", "right"]));
    let shown = server.get("/v1/handlers/shop/diamond").await.body;
    assert_eq!(shown["handler"]["full_name"], "shop.diamond@1.10.0");
    assert_eq!(shown["handler"]["step_templates"][3]["max_attempts"], 7);
    let graph = &shown["dependency_graph"];
    assert_eq!(graph["execution_order"], json!(["first", "left", "right", "last"]));
    assert_eq!(graph["levels"], json!({ "0": ["first"], "1": ["left", "right"], "2": ["last"] }));
    assert_eq!((&graph["roots"], &graph["leaves"]), (&json!(["first"]), &json!(["last"])));
    assert_eq!(graph["edges"][0], json!({ "from": "left", "to": "last", "type": "dependency" }));
    assert_eq!((graph["edges"].as_array().unwrap().len(), &graph["parallel_branches"]), (4, &json!(2)));
    let older = server.get("/v1/handlers/shop/diamond?version=1.0.0").await.body;
    assert_eq!(older["handler"]["version"], "1.0.0");
    let latest = server.get("/v1/handlers/shop/diamond?version=latest").await.body;
    assert_eq!(latest["handler"]["version"], "1.10.0");
}

#[tokio::test]
async fn what_is_not_there_is_said_with_what_is() {
    let server = Server::start().await;
    for (path, code, hint) in [
        ("/v1/handlers/defualt", "no_such_namespace", "did you mean `default`?"),
        ("/v1/handlers/shop/order", "no_such_namespace", "default"),
        ("/v1/handlers/default/oder", "no_such_template", "did you mean `order`?"),
        ("/v1/handlers/default/order?version=1.0.1", "no_such_template", "did you mean `1.0.0`?"),
    ] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, &answer.body["code"]), (StatusCode::NOT_FOUND, &json!(code)), "{path}");
        assert!(answer.body["detail"].as_str().unwrap().contains(hint), "{path}: {answer:?}");
    }
}
