//! Imports one slice of the file, one chunk per run.

use tasker_handler::prelude::*;

use crate::{
    object::Object,
    plan_import::Plan,
    row::{MAX_LINE_BYTES, Parser, excerpt},
    sums::Regions,
};

/// The maximum number of faulty rows that are reported with their text.
pub const MAX_FAULTS: usize = 5;
/// Bytes to read beyond a chunk, for the rest of its last line.
const MARGIN_BYTES: u64 = 256;

/// How a slice is imported.
#[derive(Debug, Deserialize)]
struct Settings {
    /// Bytes per run.
    chunk_bytes: u64,
    /// The valid regions.
    regions: Vec<String>,
}

/// The result of a slice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Imported {
    /// The slice.
    pub slice: batch::Range,
    /// The number of rows that begin in it, including faulty ones.
    pub rows: u64,
    /// The number of faulty rows.
    pub faulty_rows: u64,
    /// The first faulty rows.
    pub faults: Vec<Fault>,
    /// The sums of the valid rows, by region.
    pub regions: Regions,
    /// The number of requests to the storage.
    pub requests: u64,
    /// The number of bytes read from the storage.
    pub bytes_read: u64,
}

/// A row that could not be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// The position in the file, in bytes.
    pub byte: u64,
    /// The beginning of the row.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

/// Imports the rows that begin in its slice. The last one may end after the slice.
#[handler]
pub(crate) fn import_rows(ctx: &Context) -> Result<Outcome<Imported>, Failure> {
    let slice = ctx.slice()?;
    if slice.is_empty() {
        return Ok(Outcome::Complete(Imported::default()));
    }
    let plan: Plan = ctx.dependency("plan_import")?;
    let settings: Settings = ctx.configuration()?;
    let mut progress: batch::Progress<Imported> = batch::Progress::resume(ctx)?;
    let rows_before = progress.accumulated.rows;
    let end = slice.end.min(progress.cursor + settings.chunk_bytes.max(1));
    let next = progress.accumulated.import(&plan.object, progress.cursor..end, &settings.regions)?;
    let rows = progress.accumulated.rows - rows_before;
    progress.advance(next, rows);
    if next < slice.end {
        // After this, no host reads the chunk again.
        return progress.checkpoint();
    }
    Ok(Outcome::Complete(Imported { slice, ..progress.accumulated }))
}

impl Imported {
    /// Imports the rows that begin in a part of the file. Returns the position to continue from.
    fn import(
        &mut self,
        object: &Object,
        part: std::ops::Range<u64>,
        regions: &[String],
    ) -> Result<u64, Failure> {
        // The preceding byte shows whether a row begins at the start of the part or the previous part's row
        // continues.
        let from = part.start.saturating_sub(1);
        let mut text = self.read(object, from, part.end + MARGIN_BYTES)?;
        let Some(line_break) = find(b'\n', &text) else {
            // The part is the middle of one long line.
            return Ok(from + text.len() as u64);
        };
        let mut parser = Parser::new();
        let mut at = line_break + 1;
        while from + (at as u64) < part.end {
            let length = match find(b'\n', &text[at..]) {
                Some(length) => length,
                // The line ends after the margin.
                None if text.len() - at <= MAX_LINE_BYTES && from + (text.len() as u64) < object.bytes => {
                    let behind = from + text.len() as u64;
                    text.extend(self.read(object, behind, behind + MAX_LINE_BYTES as u64)?);
                    continue;
                }
                None => text.len() - at,
            };
            self.take(&mut parser, from + at as u64, &text[at..at + length], regions);
            at = (at + length + 1).min(text.len());
        }
        Ok(from + at as u64)
    }

    fn read(&mut self, object: &Object, start: u64, end: u64) -> Result<Vec<u8>, Failure> {
        let part = batch::Range { start, end: end.min(object.bytes) };
        self.requests += 1;
        self.bytes_read += part.len();
        object.read(part)
    }

    /// Imports one line.
    fn take(&mut self, parser: &mut Parser, byte: u64, line: &[u8], regions: &[String]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return;
        }
        self.rows += 1;
        let why = match parser.row(line) {
            Ok(row) => match self.regions.get_mut(row.region) {
                Some(sums) => return *sums += row.sums,
                None if regions.iter().any(|known| known == row.region) => {
                    self.regions.insert(row.region.to_owned(), row.sums);
                    return;
                }
                None => format!("there is no region `{}`", excerpt(row.region)),
            },
            Err(why) => why,
        };
        self.faulty_rows += 1;
        if self.faults.len() < MAX_FAULTS {
            let beginning = &line[..line.len().min(MAX_LINE_BYTES)];
            self.faults.push(Fault { byte, text: excerpt(&String::from_utf8_lossy(beginning)), why });
        }
    }
}

fn find(wanted: u8, text: &[u8]) -> Option<usize> {
    text.iter().position(|&byte| byte == wanted)
}
