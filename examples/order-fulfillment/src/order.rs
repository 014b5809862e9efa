//! The order: the input of the workflow, which every step can read.

use tasker_handler::prelude::*;

/// An order, as the shop sends it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Order {
    /// The shop's own number for it.
    pub order_id: String,
    /// Who ordered.
    pub customer: Customer,
    /// What was ordered.
    pub items: Vec<Item>,
    /// How it is paid.
    pub payment: Payment,
}

/// Who ordered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Customer {
    /// Full name.
    pub name: String,
    /// Where the confirmation goes.
    pub email: String,
    /// Two-letter country code.
    pub country: String,
}

/// One line of an order.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
pub struct Item {
    /// The article.
    pub sku: String,
    /// How many.
    pub quantity: u32,
    /// Price of one, in cents.
    pub unit_price_cents: u64,
}

/// How an order is paid.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Payment {
    /// The card's token at the payment provider.
    pub token: String,
    /// ISO 4217.
    pub currency: String,
}

#[cfg(test)]
pub(crate) mod tests {
    use tasker_handler::serde_json::{self, Value};

    use super::*;

    /// An order of these items.
    pub(crate) fn order(items: Value) -> Order {
        serde_json::from_value(json!({
            "order_id": "o-1",
            "customer": { "name": "Ada", "email": "ada@example.com", "country": "GB" },
            "items": items,
            "payment": { "token": "tok", "currency": "EUR" },
        }))
        .unwrap()
    }
}
