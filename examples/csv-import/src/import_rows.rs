//! Imports one slice of the file, a chunk in each run.

use tasker_handler::prelude::*;

use crate::{
    object::Object,
    plan_import::Plan,
    row::{MAX_LINE_BYTES, Parser, excerpt},
    sums::Regions,
};

/// How many faulty rows are told of with their text.
pub const MAX_FAULTS: usize = 5;
/// What is read beyond a chunk at once, for the end of its last line.
const MARGIN_BYTES: u64 = 256;

/// How a slice is imported.
#[derive(Debug, Deserialize)]
struct Settings {
    /// How much one run reads.
    chunk_bytes: u64,
    /// The regions that there are.
    regions: Vec<String>,
}

/// What a slice came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Imported {
    /// The slice.
    pub slice: batch::Range,
    /// How many rows began in it, faulty ones included.
    pub rows: u64,
    /// How many of them were faulty.
    pub faulty_rows: u64,
    /// The first few of those.
    pub faults: Vec<Fault>,
    /// What the others came to.
    pub regions: Regions,
    /// How many requests were sent to the storage.
    pub requests: u64,
    /// How many bytes were read from it.
    pub bytes_read: u64,
}

/// A row that could not be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// Where it begins in the file.
    pub byte: u64,
    /// How it begins.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

/// Imports the rows that begin in its slice: the last of them may end behind it.
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
        // Whatever happens to this host, no other reads this chunk again.
        return progress.checkpoint();
    }
    Ok(Outcome::Complete(Imported { slice, ..progress.accumulated }))
}

impl Imported {
    /// Imports the rows that begin in a part of the file, and answers where to go on.
    fn import(
        &mut self,
        object: &Object,
        part: std::ops::Range<u64>,
        regions: &[String],
    ) -> Result<u64, Failure> {
        // The byte before tells whether a row begins with the part, or is the previous one's to finish.
        let from = part.start.saturating_sub(1);
        let mut text = self.read(object, from, part.end + MARGIN_BYTES)?;
        let Some(line_break) = find(b'\n', &text) else {
            // All of it is the middle of one long line.
            return Ok(from + text.len() as u64);
        };
        let mut parser = Parser::new();
        let mut at = line_break + 1;
        while from + (at as u64) < part.end {
            let length = match find(b'\n', &text[at..]) {
                Some(length) => length,
                // Its rest lies behind the margin.
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

    /// Takes one line.
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
