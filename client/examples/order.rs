//! Orders something and waits until it is shipped.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tasker_client::{Client, Result};

#[derive(Serialize)]
struct Order {
    order_id: String,
    n: u32,
}

#[derive(Debug, Deserialize)]
struct Shipment {
    value: u32,
}

async fn ship(order: &Order) -> Result<Shipment> {
    // TASKER_URL, TASKER_AUTH_TOKEN or TASKER_API_KEY.
    let tasker = Client::from_environment()?;
    let start = tasker.start("shop/order", order).idempotency_key(&order.order_id).return_existing();
    let task = start.send().await?;
    let outcome = task.wait(Duration::from_secs(60)).await?;
    println!("{}", outcome.status());
    outcome.result("ship").await
}

#[tokio::main]
async fn main() {
    match ship(&Order { order_id: "DE-1003".to_owned(), n: 40 }).await {
        Ok(shipment) => println!("{}", shipment.value),
        Err(error) => eprintln!("{error} {:?} {:?}", error.faults(), error.request_id()),
    }
}
