//! Documents keep their text.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;
use tasker_client::{Document, types::TaskContext};
use uuid::Uuid;

use crate::fake::{Fake, json_of, text_of};

const ID: Uuid = Uuid::from_u128(7);
const LONG: &str = "12345678901234567890.123456789";

#[tokio::test]
async fn numbers_keep_their_digits_on_the_way_there_and_back() {
    let server = Fake::start(|_, seen| {
        if seen.uri.path().ends_with("/result") {
            return text_of(200, &format!("{{\"amount\": {LONG}}}"));
        }
        if seen.uri.path().ends_with("/context") {
            let text = format!(
                "{{\"task_id\": \"{ID}\", \"input\": {LONG}, \"results\": {{\"a\": {LONG}}}, \"is_truncated\": false}}"
            );
            return text_of(200, &text);
        }
        json_of(201, &json!({ "task_id": ID }))
    })
    .await;
    let client = server.client();
    let input = Document::from_text(format!("{{\"amount\": {LONG}}}")).unwrap();
    let task = client.start("shop/order", &input).send().await.unwrap();
    let sent = String::from_utf8(server.seen()[0].body.to_vec()).unwrap();
    assert!(sent.contains(&format!("\"context\":{{\"amount\": {LONG}}}")), "{sent}");

    let result: Document = task.result("pay").await.unwrap();
    assert_eq!(result.get(), format!("{{\"amount\": {LONG}}}"));
    let fields: HashMap<String, Document> = result.parse().unwrap();
    assert_eq!(fields["amount"].get(), LONG);

    let context: TaskContext = task.context().await.unwrap();
    assert_eq!((context.input.get(), context.results["a"].get()), (LONG, LONG));
}

#[test]
fn a_document_is_read_into_a_type() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Shipment {
        tracking_number: String,
    }
    let document = Document::new(&json!({ "tracking_number": "1Z" })).unwrap();
    assert_eq!(document.parse::<Shipment>().unwrap(), Shipment { tracking_number: "1Z".to_owned() });
    assert!(document.parse::<u32>().is_err());
    assert!(Document::from_text("{").is_err());
}
