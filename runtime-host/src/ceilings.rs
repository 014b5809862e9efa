//! The ceilings of a host: the most that it gives any execution, whatever the template says.

use serde::{Deserialize, Serialize};
use tasker_protocol::Limits;

/// Upper bounds of the limits of executions, for the operator of a host. Absent ones bound nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ceilings {
    /// Elapsed time, waiting included, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_ms: Option<u64>,
    /// Computing time, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u64>,
    /// Memory, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// The sum of all tables, in elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_elements: Option<u64>,
    /// The number of core module instances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// Captured log text, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_bytes: Option<u64>,
    /// The outcome or failure as JSON, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_bytes: Option<u64>,
    /// Host resources that are open at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handles: Option<u32>,
}

impl Ceilings {
    /// Lowers the limits that are above a ceiling.
    pub(crate) fn lower(&self, limits: Limits) -> Limits {
        fn least<T: Ord + Copy>(limit: T, ceiling: Option<T>) -> T {
            ceiling.map_or(limit, |ceiling| limit.min(ceiling))
        }
        // Without `..`, so that no new limit is without a ceiling.
        let Limits {
            wall_ms,
            cpu_ms,
            memory_bytes,
            table_elements,
            instances,
            log_bytes,
            result_bytes,
            handles,
        } = limits;
        Limits {
            wall_ms: least(wall_ms, self.wall_ms),
            cpu_ms: least(cpu_ms, self.cpu_ms),
            memory_bytes: least(memory_bytes, self.memory_bytes),
            table_elements: least(table_elements, self.table_elements),
            instances: least(instances, self.instances),
            log_bytes: least(log_bytes, self.log_bytes),
            result_bytes: least(result_bytes, self.result_bytes),
            handles: least(handles, self.handles),
        }
    }
}
