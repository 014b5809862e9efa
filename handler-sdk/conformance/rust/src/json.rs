//! JSON in and out.

use std::collections::BTreeMap;

use tasker_handler::{prelude::*, serde_json::Value};

/// Returns its input.
#[handler]
fn echo(_ctx: &Context, input: Value) -> Result<Value, Failure> {
    Ok(input)
}

/// Returns nothing.
#[handler]
fn nothing(_ctx: &Context) -> Result<(), Failure> {
    Ok(())
}

/// Returns a value that JSON cannot hold.
#[handler]
fn unserializable(_ctx: &Context) -> Result<BTreeMap<String, Keyed>, Failure> {
    Ok(BTreeMap::from([("table".to_owned(), Keyed(BTreeMap::from([(vec![1], 1)])))]))
}

/// A table whose keys are lists.
#[derive(Serialize, JsonSchema)]
#[schemars(with = "Vec<u8>")]
struct Keyed(BTreeMap<Vec<u8>, u8>);

/// Returns a number that is none.
#[handler]
fn not_a_number(_ctx: &Context) -> Result<f64, Failure> {
    Ok(f64::NAN)
}

/// An order.
#[derive(Deserialize, JsonSchema)]
struct Order {
    /// Its number.
    id: String,
    /// How many.
    quantity: u32,
}

/// An order with its price.
#[derive(Serialize, JsonSchema)]
struct Priced {
    /// The order's number.
    id: String,
    /// The price, in cents.
    total_cents: u32,
}

/// Calculates the price of an order.
#[handler]
fn price(_ctx: &Context, order: Order) -> Result<Priced, Failure> {
    Ok(Priced { id: order.id, total_cents: order.quantity * 250 })
}
