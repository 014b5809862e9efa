//! Confirms the order to the customer.

use tasker_handler::prelude::*;

use crate::{order::Order, ship_order::Shipment};

/// The confirmation that was sent.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Confirmation {
    /// The e-mail address.
    pub to: String,
    /// The text.
    pub text: String,
}

/// Writes the confirmation of an order.
#[handler]
fn send_confirmation(ctx: &Context, order: Order) -> Result<Confirmation, Failure> {
    let shipment: Shipment = ctx.dependency("ship_order")?;
    let text = format!(
        "Dear {}, your order {} is on its way with {}: {}.",
        order.customer.name, order.order_id, shipment.carrier, shipment.tracking_number
    );
    Ok(Confirmation { to: order.customer.email, text })
}
