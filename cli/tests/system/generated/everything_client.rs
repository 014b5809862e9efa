// The types of the template shop/everything 1.2.0. Made by `tasker generate client`: do not edit.

use tasker_client::{Client, Result, Start, TaskOutcome};

use serde::{Deserialize, Serialize};

/// Pickup
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EverythingInputAddressPickup {
    pub shop: String,
}

/// Delivery
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EverythingInputAddressDelivery {
    pub street: String,
}

/// A category, and what is below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Category {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<Box<Category>>,
    pub below: Vec<Category>,
    pub name: String,
}

/// A position of the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EverythingInputItemsItem {
    pub amount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    pub sku: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EverythingInputPayment {
    pub token: serde_json::Value,
}

/// The input of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EverythingInput {
    pub address: EverythingInputAddress,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anything: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<EverythingInputChannel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift: Option<bool>,
    pub items: Vec<EverythingInputItemsItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<std::collections::BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixed: Option<serde_json::Value>,
    /// Ends a comment: */ and """
    /// On a second line.
    pub note: Option<String>,
    #[serde(rename = "order-date", default, skip_serializing_if = "Option::is_none")]
    pub order_date: Option<String>,
    /// The order, such as `DE-1`.
    pub order_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<Vec<serde_json::Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<EverythingInputPayment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<EverythingInputReference>,
    #[serde(rename = "self", default, skip_serializing_if = "Option::is_none")]
    pub self_: Option<String>,
    /// How fast it is shipped.
    pub r#type: EverythingInputType,
    pub undescribed: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EverythingInputAddress {
    Pickup(EverythingInputAddressPickup),
    Delivery(EverythingInputAddressDelivery),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EverythingInputChannel {
    #[serde(rename = "web")]
    Web,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EverythingInputReference {
    Text(String),
    Integer(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EverythingInputType {
    #[serde(rename = "express")]
    Express,
    #[serde(rename = "next-day")]
    NextDay,
    #[serde(rename = "standard")]
    Standard,
}

/// The result of the step check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    pub available: bool,
}

/// The result of the step ship-order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShipOrderResult {
    #[serde(rename = "shipped")]
    Shipped,
    #[serde(rename = "lost")]
    Lost,
}

/// The results of the steps, by their names. A step that has not completed has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EverythingResults {
    /// Checks the stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckResult>,
    /// Ships it | all of it.
    #[serde(rename = "ship-order", default, skip_serializing_if = "Option::is_none")]
    pub ship_order: Option<ShipOrderResult>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill: Option<serde_json::Value>,
}

/// Starts a task of shop/everything.
pub fn start_everything(tasker: &Client, input: &EverythingInput) -> Start {
    tasker.start("shop/everything", input)
}

/// The result of the step check, once it has completed.
pub async fn check_result(outcome: &TaskOutcome) -> Result<CheckResult> {
    outcome.result("check").await
}

/// The result of the step ship-order, once it has completed.
pub async fn ship_order_result(outcome: &TaskOutcome) -> Result<ShipOrderResult> {
    outcome.result("ship-order").await
}

/// The result of the step bill, once it has completed.
pub async fn bill_result(outcome: &TaskOutcome) -> Result<serde_json::Value> {
    outcome.result("bill").await
}
