//! Resources and prompts.

use rmcp::model::{GetPromptRequestParams, ReadResourceRequestParams, ResourceContents};
use serde_json::{Value, json};

use crate::{
    client::Client,
    fake::Fake,
    samples::{ENTRY, TASK},
};

async fn read(client: &Client, uri: &str) -> Result<Value, rmcp::ServiceError> {
    let result = client.0.read_resource(ReadResourceRequestParams::new(uri)).await?;
    let ResourceContents::TextResourceContents { text, .. } = &result.contents[0] else {
        panic!("{uri} is no text")
    };
    Ok(serde_json::from_str(text).unwrap())
}

#[tokio::test]
async fn resources_are_what_tools_read() {
    let fake = Fake::new();
    let client = Client::of(fake.clone()).await;
    let task = read(&client, &format!("tasker://task/{TASK}")).await.unwrap();
    assert_eq!(task["task"]["task_id"], TASK);
    let graph = read(&client, &format!("tasker://task/{TASK}/graph")).await.unwrap();
    assert!(graph["mermaid"].as_str().unwrap().starts_with("flowchart"));
    let template = read(&client, "tasker://template/shop/order%2F2@1.0.0").await.unwrap();
    assert_eq!(template["untrusted"]["template"]["name"], "order");
    assert_eq!(fake.requests().last().unwrap().path, "/v1/templates/shop/order%2F2/1.0.0");
    let queue = read(&client, "tasker://dlq/queue").await.unwrap();
    assert_eq!(queue["items"][0]["dlq_entry_id"], ENTRY);
    for odd in
        ["tasker://", "tasker://task", "tasker://template/shop/order", "http://x/", "tasker://task/a/b/c"]
    {
        assert!(read(&client, odd).await.is_err(), "{odd}");
    }
    assert_eq!(client.0.list_all_resource_templates().await.unwrap().len(), 3);
    assert_eq!(client.0.list_all_resources().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_resource_needs_the_permission_of_its_tool() {
    let fake = Fake::new();
    fake.permit(&[]);
    let client = Client::of(fake.clone()).await;
    assert!(read(&client, "tasker://dlq/queue").await.is_err());
    assert_eq!(fake.requests(), []);
}

#[tokio::test]
async fn prompts_name_tools_that_exist() {
    let client = Client::of(Fake::new()).await;
    let names = client.names().await;
    let calls = [
        ("diagnose_task", json!({ "task": TASK })),
        ("triage_dlq", json!({})),
        ("review_template", json!({ "namespace": "shop", "name": "or der", "version": "1.0.0" })),
    ];
    assert_eq!(client.0.list_all_prompts().await.unwrap().len(), calls.len());
    for (name, arguments) in calls {
        let Value::Object(arguments) = arguments else { unreachable!() };
        let request = GetPromptRequestParams::new(name).with_arguments(arguments);
        let prompt = client.0.get_prompt(request).await.unwrap();
        let text = prompt.messages[0].content.as_text().unwrap().text.clone();
        assert!(text.contains("`untrusted`"));
        assert!(!text.contains("or der"), "{text}");
        let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '_');
        let mentioned: Vec<&str> = words.filter(|word| word.contains('_')).collect();
        assert!(!mentioned.is_empty());
        for word in mentioned {
            assert!(names.contains(&word.to_owned()), "{name} names {word}");
        }
    }
    let wrong = GetPromptRequestParams::new("diagnose_task");
    assert!(client.0.get_prompt(wrong).await.is_err());
}
