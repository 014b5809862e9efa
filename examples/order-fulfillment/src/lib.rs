//! The step handlers of an online shop: from an order to its shipment.

mod check_inventory;
mod order;
mod process_payment;
mod reserve_inventory;
mod send_confirmation;
mod ship_order;
mod validate_order;
