//! Ships the order.

use tasker_handler::prelude::*;

use crate::{order::Order, process_payment::Charge, reserve_inventory::Reservation};

/// A shipment.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Shipment {
    /// The carrier's tracking number.
    pub tracking_number: String,
    /// The carrier.
    pub carrier: String,
}

/// Ships the reserved articles after the payment.
#[handler]
fn ship_order(ctx: &Context, order: Order) -> Result<Shipment, Failure> {
    let reservation: Reservation = ctx.dependency("reserve_inventory")?;
    let charge: Charge = ctx.dependency("process_payment")?;
    let home: String = ctx.config("home_country")?;
    let carrier = if order.customer.country == home { "domestic-post" } else { "world-parcel" };
    log::info!(
        "{} is paid ({}): shipping {}",
        order.order_id,
        charge.charge_id,
        reservation.lines.join(", ")
    );
    Ok(Shipment {
        tracking_number: format!("{}-{}", order.customer.country, order.order_id),
        carrier: carrier.into(),
    })
}
