//! Step handlers that import a large CSV file from object storage in parallel slices.

mod import_rows;
mod object;
mod plan_import;
mod row;
mod sum_up;
mod sums;
#[cfg(test)]
mod tests;
