//! Charges the customer's card.

use tasker_handler::prelude::*;

use crate::{order::Order, validate_order::ValidatedOrder};

/// A charge that the customer has paid.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Charge {
    /// The payment provider's id of the charge.
    pub charge_id: String,
    /// The amount, in cents.
    pub amount_cents: u64,
    /// The currency, ISO 4217.
    pub currency: String,
}

#[derive(Deserialize)]
struct ProviderAnswer {
    charge_id: String,
}

/// Charges the customer through the payment provider.
#[handler]
fn process_payment(ctx: &Context, order: Order) -> Result<Charge, Failure> {
    let validated: ValidatedOrder = ctx.dependency("validate_order")?;
    let provider: String = ctx.config("payment_url")?;
    let response = http::post(&format!("{provider}/charges"))
        // The provider charges only once per key.
        .header("idempotency-key", &ctx.idempotency_key())
        .json(&json!({
            "token": order.payment.token,
            "amount_cents": validated.total_cents,
            "currency": order.payment.currency,
        }))?
        .send()?;
    let answer: ProviderAnswer = response.error_for_status()?.json()?;
    log::info!("charged {} {} cents", order.payment.currency, validated.total_cents);
    Ok(Charge {
        charge_id: answer.charge_id,
        amount_cents: validated.total_cents,
        currency: order.payment.currency,
    })
}

#[cfg(test)]
mod tests {
    use tasker_handler::testing;

    use super::*;

    fn context() -> Context {
        Context::builder()
            .dependency("validate_order", ValidatedOrder { pieces: 1, total_cents: 900 })
            .configuration(json!({ "payment_url": "http://provider" }))
            .build()
    }

    fn order() -> Order {
        crate::order::tests::order(json!([]))
    }

    #[test]
    fn a_charge_is_made_with_a_key_that_is_the_same_for_every_attempt() {
        testing::respond_with(|request| {
            assert_eq!(request.url, "http://provider/charges");
            assert!(
                request.headers.iter().any(|(name, value)| name == "idempotency-key" && !value.is_empty())
            );
            Ok(http::Response::new(201, r#"{"charge_id":"ch_1"}"#))
        });
        assert_eq!(process_payment(&context(), order()).unwrap().charge_id, "ch_1");
    }

    #[test]
    fn an_overloaded_provider_is_asked_again_and_a_declined_card_is_not() {
        testing::respond_with(|_| Ok(http::Response::new(503, "")));
        assert!(process_payment(&context(), order()).unwrap_err().is_retryable());
        testing::respond_with(|_| Ok(http::Response::new(402, "")));
        assert!(!process_payment(&context(), order()).unwrap_err().is_retryable());
    }
}
