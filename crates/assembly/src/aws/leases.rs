//! The leases: the table in DynamoDB that `TASKER_LEASES_TABLE` names.

use tasker_transport::aws::{DynamoDbLeases, SdkConfig};

use super::variable::{VariableError, required};
use crate::timing::Timing;

/// Opens the lease table.
pub(super) fn open_leases(config: &SdkConfig, timing: &Timing) -> Result<DynamoDbLeases, VariableError> {
    let table = required("TASKER_LEASES_TABLE")?;
    Ok(DynamoDbLeases::new(config, &table, timing.lease_term, timing.settled_for))
}
