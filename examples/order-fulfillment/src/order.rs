//! The order: the input of the workflow. Every step can read it.

use tasker_handler::prelude::*;

/// An order as the shop sends it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Order {
    /// The shop's order number.
    pub order_id: String,
    /// The customer.
    pub customer: Customer,
    /// The ordered items.
    pub items: Vec<Item>,
    /// The payment.
    pub payment: Payment,
}

/// A customer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Customer {
    /// The full name.
    pub name: String,
    /// The e-mail address for the confirmation.
    pub email: String,
    /// Two-letter country code.
    pub country: String,
}

/// One line of an order.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
pub struct Item {
    /// The article number.
    pub sku: String,
    /// The number of pieces.
    pub quantity: u32,
    /// The price of one piece, in cents.
    pub unit_price_cents: u64,
}

/// The payment of an order.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Payment {
    /// The card's token at the payment provider.
    pub token: String,
    /// The currency, ISO 4217.
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
