//! Is the order one that can be fulfilled, and what does it cost?

use tasker_handler::prelude::*;

use crate::order::Order;

/// The order is sound.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ValidatedOrder {
    /// How many pieces, all lines together.
    pub pieces: u32,
    /// What they cost, in cents.
    pub total_cents: u64,
}

/// Checks an order and adds up what it costs.
#[handler]
fn validate_order(_ctx: &Context, order: Order) -> Result<ValidatedOrder, Failure> {
    if let Some(item) = order.items.iter().find(|item| item.quantity == 0) {
        let message = format!("order {}: nothing of article {} is ordered", order.order_id, item.sku);
        return Err(Failure::permanent("InvalidOrder", message));
    }
    if !order.customer.email.contains('@') {
        let message = format!("order {}: `{}` is no e-mail address", order.order_id, order.customer.email);
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
