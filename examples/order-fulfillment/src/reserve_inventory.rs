//! Sets the articles aside.

use tasker_handler::prelude::*;

use crate::{check_inventory::Availability, order::Order};

/// Articles set aside for an order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Reservation {
    /// Names the reservation towards the warehouses.
    pub reservation_id: String,
    /// One line for each article: `2 × tea in hamburg`.
    pub lines: Vec<String>,
}

/// Reserves the articles of an order in their warehouses.
#[handler]
fn reserve_inventory(ctx: &Context, order: Order) -> Result<Reservation, Failure> {
    let available: Availability = ctx.dependency("check_inventory")?;
    let mut lines = Vec::with_capacity(order.items.len());
    for item in &order.items {
        let warehouse = available.warehouses.get(&item.sku).ok_or_else(|| {
            Failure::permanent("NoWarehouse", format!("article {} was given no warehouse", item.sku))
        })?;
        lines.push(format!("{} × {} in {warehouse}", item.quantity, item.sku));
    }
    // The same for every attempt, so that trying again reserves nothing twice.
    Ok(Reservation { reservation_id: format!("res-{}", order.order_id), lines })
}
