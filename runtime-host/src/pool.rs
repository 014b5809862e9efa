//! The settings of the instance pool: how many sandboxes there are, and what the engine keeps of one for the next.
//!
//! They are for wasmtime 48. docs/architecture.md states what changes with wasmtime 50.

use wasmtime::component::Component;
use wasmtime::{Enabled, PoolingAllocationConfig};

/// Core instances per component: enough for composed components. The pool only counts them, so a high limit
/// is free.
const CORE_INSTANCES_PER_COMPONENT: u32 = 64;

/// Linear memories per component. Compiled languages use one, a composed component one per part.
const MEMORIES_PER_COMPONENT: u32 = 4;

/// Tables per component. A Rust component has two (its own and its shim's).
const TABLES_PER_COMPONENT: u32 = 8;

/// Elements per table, before the execution's own limit. Reserves address space only.
const TABLE_ELEMENTS: usize = 100_000;

/// Bytes of a table that stay resident. The next execution touches them without a page fault.
const KEPT_OF_TABLE: usize = 256 << 10;

/// The same, of a stack for host functions.
const KEPT_OF_STACK: usize = 64 << 10;

/// Idle slots that keep their memory: 200 MiB at most, which a host of 2 GiB has beside its executions.
const WARM_SLOTS: u32 = 50;

/// From this initial memory a component is large, in pages of 64 KiB: a language runtime with its heap. Smaller ones touch
/// few ranges of pages, and nothing is done for them.
const LARGE: u64 = 32;

/// How the memory of an execution is reset for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reset {
    /// Only the pages that the kernel reports as touched. The report misses pages that were swapped out.
    Touched,
    /// Everything that may have been touched.
    All,
}

impl Reset {
    /// Bytes of a linear memory that stay resident.
    pub(crate) const fn kept_of_memory(self) -> usize {
        match self {
            // Touched pages only. Python touches 0.6 MiB, in 3 MiB with the pages between.
            Self::Touched => 4 << 20,
            // All of them are written back each time.
            Self::All => 2 << 20,
        }
    }
}

/// The instance pool. It reserves address space; memory is used only when guests touch it.
pub(crate) fn pool(max_concurrent: usize, reset: Reset) -> PoolingAllocationConfig {
    let concurrent = u32::try_from(max_concurrent).unwrap_or(u32::MAX).max(1);
    let mut pool = PoolingAllocationConfig::new();
    // The totals are the per-component limits times the number of executions, so that no component can starve
    // others. The additional slot is for `describe`.
    let slots = concurrent.saturating_add(1);
    pool.total_component_instances(slots)
        .total_stacks(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES_PER_COMPONENT))
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .total_memories(slots.saturating_mul(MEMORIES_PER_COMPONENT))
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_memories_per_module(MEMORIES_PER_COMPONENT)
        .total_tables(slots.saturating_mul(TABLES_PER_COMPONENT))
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_tables_per_module(TABLES_PER_COMPONENT)
        .table_elements(TABLE_ELEMENTS)
        // Language runtimes (Go, Python) have large instances with thousands of functions and globals.
        .max_core_instance_size(4 << 20)
        .max_component_instance_size(4 << 20)
        // Resident pages are written back instead of unmapped, the largest single saving per execution.
        .max_unused_warm_slots(WARM_SLOTS)
        .linear_memory_keep_resident(reset.kept_of_memory())
        .table_keep_resident(KEPT_OF_TABLE)
        .async_stack_keep_resident(KEPT_OF_STACK)
        .pagemap_scan(match reset {
            Reset::Touched => Enabled::Yes,
            Reset::All => Enabled::No,
        });
    pool
}

/// Whether a component is large.
pub(crate) fn is_large(component: &Component) -> bool {
    let largest = component.resources_required().and_then(|resources| resources.max_initial_memory_size);
    largest.is_some_and(|pages| pages >= LARGE)
}
