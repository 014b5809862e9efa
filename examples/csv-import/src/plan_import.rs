//! Cuts the file into slices.

use tasker_handler::prelude::*;

use crate::{
    object::Object,
    row::{COLUMNS, MAX_LINE_BYTES, Parser, excerpt},
    sums::{Regions, Sums},
};

/// The most slices that a file is cut into: of a larger one each is larger.
const MAX_SLICES: u64 = 1000;

/// The input of the workflow.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Import {
    /// Where the file is.
    pub url: String,
    /// What its rows come to according to whoever wrote it.
    pub expected: Option<Expected>,
}

/// What rows come to according to whoever wrote them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Expected {
    /// All of them.
    #[serde(flatten)]
    pub total: Sums,
    /// By region.
    pub regions: Regions,
}

/// What is imported, for all who take part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The file.
    pub object: Object,
    /// Where its first row begins.
    pub first_row: u64,
    /// How many slices its rows were cut into.
    pub slices: u64,
}

/// Cuts a file into slices by bytes: nobody knows where its rows are before they are read. A file without rows has no
/// slices.
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

/// Checks the header, and answers where it ends.
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
        "{} begins with `{}` and not with the header `{}`",
        object.name(),
        excerpt(&String::from_utf8_lossy(header)),
        COLUMNS.join(",")
    );
    Err(Failure::permanent("UnexpectedHeader", message))
}
