//! Splits the file into slices.

use tasker_handler::prelude::*;

use crate::{
    object::Object,
    row::{COLUMNS, MAX_LINE_BYTES, Parser, excerpt},
    sums::{Regions, Sums},
};

/// The maximum number of slices. A larger file has larger slices.
const MAX_SLICES: u64 = 1000;

/// The input of the workflow.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Import {
    /// The URL of the file.
    pub url: String,
    /// The expected totals, if the writer of the file knows them.
    pub expected: Option<Expected>,
}

/// The expected totals of the rows.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Expected {
    /// The totals of all rows.
    #[serde(flatten)]
    pub total: Sums,
    /// The totals by region.
    pub regions: Regions,
}

/// The plan that all steps of the import share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The file.
    pub object: Object,
    /// The position of the first row, in bytes.
    pub first_row: u64,
    /// The number of slices.
    pub slices: u64,
}

/// Splits a file into slices by bytes, because the positions of rows are unknown before the file is read. A
/// file without rows has no slices.
#[handler]
pub(crate) fn plan_import(ctx: &Context, import: Import) -> Result<Outcome<Plan>, Failure> {
    let slice_bytes: u64 = ctx.config("slice_bytes")?;
    let (object, beginning) = Object::look(&import.url, MAX_LINE_BYTES as u64)?;
    let first_row = read_header(&object, &beginning)?;
    let to_cut = object.bytes - first_row;
    let slice_bytes = slice_bytes.max(to_cut.div_ceil(MAX_SLICES));
    let slices: Vec<batch::Range> = batch::ranges(to_cut, slice_bytes)
        .into_iter()
        .map(|slice| batch::Range { start: first_row + slice.start, end: first_row + slice.end })
        .collect();
    log::info!("{}: {} bytes in {} slices", object.name(), object.bytes, slices.len());
    let plan = Plan { object, first_row, slices: slices.len() as u64 };
    Outcome::batch(slices, plan)
}

/// Checks the header. Returns the position after it.
fn read_header(object: &Object, beginning: &[u8]) -> Result<u64, Failure> {
    if object.bytes == 0 {
        return Ok(0);
    }
    let line_break = beginning.iter().position(|&byte| byte == b'\n');
    let header = &beginning[..line_break.unwrap_or(beginning.len())];
    let header = header.strip_suffix(b"\r").unwrap_or(header);
    if Parser::new().fields(header).is_ok_and(|fields| fields == COLUMNS) {
        return Ok(line_break.map_or(object.bytes, |place| place as u64 + 1));
    }
    let message = format!(
        "{} begins with `{}`, not with the header `{}`",
        object.name(),
        excerpt(&String::from_utf8_lossy(header)),
        COLUMNS.join(",")
    );
    Err(Failure::permanent("UnexpectedHeader", message))
}
