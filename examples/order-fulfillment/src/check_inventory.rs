//! Checks that everything is in stock, and finds the warehouses.

use std::collections::BTreeMap;

use tasker_handler::prelude::*;

use crate::order::Order;

/// The warehouses of the ordered articles.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Availability {
    /// The warehouse of each article.
    pub warehouses: BTreeMap<String, String>,
}

/// Finds a warehouse for every article of an order.
#[handler]
fn check_inventory(ctx: &Context, order: Order) -> Result<Availability, Failure> {
    let stock: BTreeMap<String, BTreeMap<String, u32>> = ctx.config("stock")?;
    let mut warehouses = BTreeMap::new();
    for item in &order.items {
        let holder = stock
            .iter()
            .find(|(_, articles)| articles.get(&item.sku).is_some_and(|&pieces| pieces >= item.quantity));
        match holder {
            Some((warehouse, _)) => warehouses.insert(item.sku.clone(), warehouse.clone()),
            None => {
                let message = format!("no warehouse has {} of article {}", item.quantity, item.sku);
                return Err(Failure::permanent("OutOfStock", message));
            }
        };
    }
    Ok(Availability { warehouses })
}
