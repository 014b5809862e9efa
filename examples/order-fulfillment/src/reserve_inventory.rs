//! Reserves the articles.

use tasker_handler::prelude::*;

use crate::{check_inventory::Availability, order::Order};

/// The articles reserved for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reservation {
    /// The id of the reservation in the warehouses.
    pub reservation_id: String,
    /// One line per article: `2 × tea in hamburg`.
    pub lines: Vec<String>,
}

/// Reserves the articles of an order in their warehouses.
#[handler]
fn reserve_inventory(ctx: &Context, order: Order) -> Result<Reservation, Failure> {
    let available: Availability = ctx.dependency("check_inventory")?;
    let mut lines = Vec::with_capacity(order.items.len());
    for item in &order.items {
        let warehouse = available.warehouses.get(&item.sku).ok_or_else(|| {
            Failure::permanent("NoWarehouse", format!("article {} has no warehouse", item.sku))
        })?;
        lines.push(format!("{} × {} in {warehouse}", item.quantity, item.sku));
    }
    let reservation = Reservation { reservation_id: format!("res-{}", order.order_id), lines };
    // A step may run more than once. The first run stores the reservation; later runs return it.
    let reservations = key_value::open("reservations")?;
    reservations.update(&ctx.idempotency_key(), |known| Ok(known.unwrap_or_else(|| reservation.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(warehouse: &str) -> Context {
        Context::builder()
            .step_name("reserve_inventory")
            .dependency("check_inventory", json!({ "warehouses": { "cup-set-4": warehouse } }))
            .build()
    }

    #[test]
    fn a_second_run_finds_what_the_first_reserved() {
        let order = || {
            crate::order::tests::order(json!([{ "sku": "cup-set-4", "quantity": 2, "unit_price_cents": 1 }]))
        };
        let first = reserve_inventory(&context("hamburg"), order()).unwrap();
        assert_eq!(first.lines, ["2 × cup-set-4 in hamburg"]);
        assert_eq!(reserve_inventory(&context("rotterdam"), order()).unwrap(), first);
    }
}
