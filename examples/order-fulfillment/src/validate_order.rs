//! Validates the order and calculates its price.

use tasker_handler::prelude::*;

use crate::order::Order;

/// A valid order.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ValidatedOrder {
    /// The number of pieces in all lines.
    pub pieces: u32,
    /// The price of all pieces, in cents.
    pub total_cents: u64,
}

/// Checks an order and adds up what it costs.
#[handler]
fn validate_order(_ctx: &Context, order: Order) -> Result<ValidatedOrder, Failure> {
    if let Some(item) = order.items.iter().find(|item| item.quantity == 0) {
        let message = format!("order {}: the quantity of article {} is 0", order.order_id, item.sku);
        return Err(Failure::permanent("InvalidOrder", message));
    }
    if !order.customer.email.contains('@') {
        let message =
            format!("order {}: `{}` is not an e-mail address", order.order_id, order.customer.email);
        return Err(Failure::permanent("InvalidOrder", message));
    }
    let total_cents = order.items.iter().map(|item| u64::from(item.quantity) * item.unit_price_cents).sum();
    let pieces = order.items.iter().map(|item| item.quantity).sum();
    log::info!("order {} of {}: {pieces} pieces", order.order_id, order.customer.name);
    Ok(ValidatedOrder { pieces, total_cents })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(quantity: u32) -> Order {
        crate::order::tests::order(json!([{ "sku": "tea", "quantity": quantity, "unit_price_cents": 450 }]))
    }

    #[test]
    fn an_order_is_added_up() {
        let validated = validate_order(&Context::builder().build(), order(3)).unwrap();
        assert_eq!((validated.pieces, validated.total_cents), (3, 1350));
    }

    #[test]
    fn an_empty_line_is_refused_for_good() {
        let failure = validate_order(&Context::builder().build(), order(0)).unwrap_err();
        assert!(!failure.is_retryable());
        assert_eq!(failure.error_type(), "InvalidOrder");
    }
}
