//! Greets somebody: starts a task, waits for it, and reads a result.

use std::time::Duration;

use serde_json::{Value, json};
use tasker_client::{Client, Result};

#[tokio::main]
async fn main() -> Result<()> {
    // TASKER_URL, and TASKER_API_KEY or TASKER_AUTH_TOKEN.
    let tasker = Client::from_environment()?;
    let task = tasker.start("default/greeting", &json!({ "name": "Ada" })).send().await?;
    let outcome = task.wait(Duration::from_secs(60)).await?;
    let greeting: Value = outcome.result("announce").await?;
    println!("{}", greeting["text"]);
    Ok(())
}
