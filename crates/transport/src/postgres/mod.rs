//! The PostgreSQL providers: queues in PGMQ, leases and buckets in tables, and events to PGMQ queues.

mod finish;
mod key_value;
mod leases;
mod outlet;
mod queue;
mod table;
mod wake;

pub use finish::PgmqFinisher;
pub use key_value::PostgresKeyValues;
pub use leases::PostgresLeases;
pub use outlet::PgmqOutlet;
pub use queue::{PgmqQueue, REPORTS_QUEUE, STEPS_QUEUE};
pub use table::Durability;
