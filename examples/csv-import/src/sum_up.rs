//! Adds up the slices and checks the sums against the expected totals.

use tasker_handler::prelude::*;

use crate::{
    import_rows::{Fault, Imported, MAX_FAULTS},
    plan_import::{Expected, Import, Plan},
    sums::{Regions, Sums},
};

/// The totals of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The totals of the valid rows.
    #[serde(flatten)]
    pub total: Sums,
    /// The number of faulty rows.
    pub faulty_rows: u64,
    /// The first faulty rows.
    pub faults: Vec<Fault>,
    /// The totals by region.
    pub regions: Regions,
    /// The URL of the file, without its query.
    pub url: String,
    /// The size of the file, in bytes.
    pub bytes: u64,
    /// The number of slices.
    pub slices: u64,
    /// The number of requests to the storage for the slices.
    pub requests: u64,
    /// The number of bytes read from the storage for the slices.
    pub bytes_read: u64,
}

/// Adds up the slices. Fails unless they cover the whole file, so that no partial sum is published.
#[handler]
pub(crate) fn sum_up(ctx: &Context, import: Import) -> Result<Summary, Failure> {
    let plan: Plan = ctx.dependency("plan_import")?;
    let slices: Vec<Imported> =
        ctx.worker_results("import_rows")?.into_iter().map(|(_, imported)| imported).collect();
    check_slices(&plan, &slices)?;

    let rows: u64 = slices.iter().map(|imported| imported.rows).sum();
    let faulty_rows = slices.iter().map(|imported| imported.faulty_rows).sum();
    let requests = slices.iter().map(|imported| imported.requests).sum();
    let bytes_read = slices.iter().map(|imported| imported.bytes_read).sum();
    let faults = slices.iter().flat_map(|imported| imported.faults.clone()).take(MAX_FAULTS).collect();
    let regions = batch::merge(slices.into_iter().map(|imported| imported.regions));
    let total: Sums = regions.values().copied().sum();
    if total.rows + faulty_rows != rows {
        let message = format!(
            "the slices contain {rows} rows, but the regions contain {} and {faulty_rows} are faulty",
            total.rows
        );
        return Err(Failure::permanent("RowsDoNotAddUp", message));
    }
    if let Some(expected) = &import.expected {
        check_expected(expected, total, &regions)?;
    }
    log::info!("{}: {} rows, {faulty_rows} faulty ones", plan.object.name(), total.rows);
    Ok(Summary {
        total,
        faulty_rows,
        faults,
        regions,
        url: plan.object.name().to_owned(),
        bytes: plan.object.bytes,
        slices: plan.slices,
        requests,
        bytes_read,
    })
}

/// Checks that the slices cover the whole file, without gap or overlap.
fn check_slices(plan: &Plan, slices: &[Imported]) -> Result<(), Failure> {
    let mut next = plan.first_row;
    for slice in slices.iter().map(|imported| imported.slice).filter(|slice| !slice.is_empty()) {
        if slice.start != next {
            break;
        }
        next = slice.end;
    }
    if next == plan.object.bytes {
        return Ok(());
    }
    let message = format!(
        "of the {} slices of {}, the one that starts at byte {next} has no result",
        plan.slices,
        plan.object.name()
    );
    Err(Failure::permanent("SliceMissing", message))
}

fn check_expected(expected: &Expected, total: Sums, regions: &Regions) -> Result<(), Failure> {
    if (expected.total, &expected.regions) == (total, regions) {
        return Ok(());
    }
    let message = format!(
        "the file contains {} rows, {} pieces and {} cents, but {}, {} and {} were expected",
        total.rows,
        total.quantity,
        total.revenue_cents,
        expected.total.rows,
        expected.total.quantity,
        expected.total.revenue_cents
    );
    let details = json!({ "imported": regions, "expected": expected.regions });
    Err(Failure::permanent("TotalsDiffer", message).with_details(details))
}
