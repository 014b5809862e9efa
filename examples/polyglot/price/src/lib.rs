//! The price of an order, in Rust.

use tasker_handler::prelude::*;

/// An order.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Order {
    items: Vec<Item>,
}

/// One line of an order.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Item {
    sku: String,
    quantity: u32,
    price_cents: u64,
}

/// What an order costs before discounts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Price {
    subtotal_cents: u64,
    pieces: u32,
}

/// Adds up what an order costs.
#[handler]
fn price(_ctx: &Context, order: Order) -> Result<Price, Failure> {
    let mut price = Price { subtotal_cents: 0, pieces: 0 };
    for item in &order.items {
        if item.quantity == 0 {
            return Err(Failure::permanent("InvalidOrder", format!("the quantity of {} is 0", item.sku)));
        }
        price.subtotal_cents += u64::from(item.quantity) * item.price_cents;
        price.pieces += item.quantity;
    }
    Ok(price)
}
