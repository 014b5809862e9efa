//! Hands the parcel to a carrier.

use tasker_handler::prelude::*;

use crate::{order::Order, process_payment::Charge, reserve_inventory::Reservation};

/// A parcel on its way.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Shipment {
    /// The carrier's number.
    pub tracking_number: String,
    /// Who carries it.
    pub carrier: String,
}

/// Ships what was reserved, once it is paid.
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
