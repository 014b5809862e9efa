//! Keeps the memory that large components touch resident between their executions.
//!
//! After an execution the engine asks the kernel which pages were touched, writes their original content back and keeps
//! them, so that the next execution touches them without a page fault. wasmtime 48 asks for 32 ranges at most. What lies
//! behind the 32nd is given back and costs a fault per page in the next execution, twenty times what it costs to write a
//! page back. A Python component touches 160 pages in 118 ranges.
//!
//! So the host makes the pages between ranges resident as well: the ranges join, and the engine finds fewer. It does this at
//! the end of an execution, before the engine asks. The pages stay, so it has nothing to do again until another component
//! has used the slot; it looks less and less often. A component that touches other pages each time gives it something to do
//! each time, so looks get a fixed share of the time of one thread at most, whatever components do.
//!
//! Only residence changes, never content, and the engine resets these pages like all others. So a look may meet memory of
//! another execution, or a slot that has just been freed, without harm.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, TryLockError};
use std::time::{Duration, Instant};

/// The number of ranges that should be left. The engine finds up to 32; executions on other inputs touch a few more.
const RANGES: usize = 28;

/// The number that may be left, if the pages between more ranges would be too many.
const MOST_RANGES: usize = 30;

/// The longest interval between looks, in executions of a component. A look costs about as much as ten executions.
const LONGEST_INTERVAL: u32 = 1_024;

/// After a look there is none for so many times its duration.
const PAUSE: u32 = 100;

/// The longest pause, so that a machine that stood still for long looks again.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// From when on there may be a look, and whether there is one now. One for the process, because a look concerns all its
/// memory.
static TURN: Mutex<Option<Instant>> = Mutex::new(None);

/// A bit of the kernel's page map: the page is in memory.
const PRESENT: u64 = 1 << 63;

/// A bit of the kernel's page map: the page belongs to a file, so it was not written to.
const FILE: u64 = 1 << 61;

/// The part of a mapping's name that tells the memory of components.
const IMAGE: &str = "wasm-memory-image";

/// When to look at the memory of one component.
#[derive(Debug)]
pub(crate) struct Resident {
    executions: AtomicU32,
    /// The execution that looks next.
    next: AtomicU32,
    interval: AtomicU32,
    /// The memory per execution that the engine keeps, in bytes.
    keeps: usize,
}

impl Resident {
    pub(crate) fn new(keeps: usize) -> Self {
        Self { executions: AtomicU32::new(0), next: AtomicU32::new(0), interval: AtomicU32::new(1), keeps }
    }

    /// At the end of an execution, before its memory is reset.
    pub(crate) fn execution_ends(&self) {
        let execution = self.executions.fetch_add(1, Ordering::Relaxed);
        let next = self.next.load(Ordering::Relaxed);
        // The difference is negative before the next look. It wraps with the counter.
        if execution.wrapping_sub(next).cast_signed() < 0 {
            return;
        }
        // Without a turn, the next execution tries again.
        let Some(joined) = in_turn(&TURN, || join_ranges(self.keeps).unwrap_or(false)) else { return };
        let interval = if joined {
            1
        } else {
            self.interval.load(Ordering::Relaxed).saturating_mul(2).min(LONGEST_INTERVAL)
        };
        self.interval.store(interval, Ordering::Relaxed);
        self.next.store(execution.wrapping_add(interval), Ordering::Relaxed);
    }
}

/// Looks, if nobody else does and the pause after the last look is over.
fn in_turn<T>(turn: &Mutex<Option<Instant>>, look: impl FnOnce() -> T) -> Option<T> {
    let mut not_before = match turn.try_lock() {
        Ok(not_before) => not_before,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return None,
    };
    let start = Instant::now();
    if not_before.is_some_and(|not_before| start < not_before) {
        return None;
    }
    let found = look();
    let end = Instant::now();
    let pause = (end - start).saturating_mul(PAUSE).min(LONGEST_PAUSE);
    *not_before = Some(end + pause);
    Some(found)
}

/// Joins the ranges of touched pages in all memories of components. Returns whether there was something to join.
fn join_ranges(keeps: usize) -> std::io::Result<bool> {
    let page = rustix::param::page_size();
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let pages = File::open("/proc/self/pagemap")?;
    let mut any = false;
    for memory in memories(&maps) {
        let mut entries = vec![0; memory.len() / page * 8];
        pages.read_exact_at(&mut entries, (memory.start / page * 8) as u64)?;
        for range in joins(&touched(&entries), keeps / page) {
            let start = memory.start + range.start * page;
            let done = make_resident(start, range.len() * page);
            any |= done.is_ok();
        }
    }
    Ok(any)
}

/// Makes a range of pages resident and writable without a further page fault.
#[cfg(target_os = "linux")]
fn make_resident(start: usize, length: usize) -> std::io::Result<()> {
    use rustix::mm::{Advice, madvise};

    #[expect(unsafe_code, reason = "there is no safe way to make pages resident")]
    // SAFETY: this advice changes no content and no permission. Where nothing is mapped any more, or something else, it
    // fails or makes that resident.
    unsafe {
        madvise(std::ptr::without_provenance_mut(start), length, Advice::LinuxPopulateWrite)?;
    }
    Ok(())
}

/// Only Linux tells which pages were touched; elsewhere nothing gets here.
#[cfg(not(target_os = "linux"))]
fn make_resident(_: usize, _: usize) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// The address ranges of components' memories: adjacent writable mappings, one of them of an image.
fn memories(maps: &str) -> Vec<Range<usize>> {
    let mut found: Vec<(Range<usize>, bool)> = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (Some(range), Some("rw-p")) = (fields.next(), fields.next()) else { continue };
        let Some((start, end)) = range.split_once('-') else { continue };
        let (Ok(start), Ok(end)) = (usize::from_str_radix(start, 16), usize::from_str_radix(end, 16)) else {
            continue;
        };
        let is_image = line.contains(IMAGE);
        match found.last_mut() {
            Some((last, has_image)) if last.end == start => {
                last.end = end;
                *has_image |= is_image;
            }
            _ => found.push((start..end, is_image)),
        }
    }
    found.into_iter().filter_map(|(range, has_image)| has_image.then_some(range)).collect()
}

/// The ranges of touched pages in a part of the kernel's page map, as page numbers.
fn touched(entries: &[u8]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (number, entry) in entries.as_chunks::<8>().0.iter().enumerate() {
        let entry = u64::from_ne_bytes(*entry);
        if entry & PRESENT == 0 || entry & FILE != 0 {
            continue;
        }
        match ranges.last_mut() {
            Some(last) if last.end == number => last.end += 1,
            _ => ranges.push(number..number + 1),
        }
    }
    ranges
}

/// The ranges to make resident, over the smallest gaps, so that [`RANGES`] are left or a few more. None if there are as few
/// already, or if the pages would be more than the engine keeps.
fn joins(ranges: &[Range<usize>], keeps: usize) -> Vec<Range<usize>> {
    let mut gaps: Vec<usize> = ranges.windows(2).map(|pair| pair[1].start - pair[0].end).collect();
    gaps.sort_unstable();
    let touched: usize = ranges.iter().map(ExactSizeIterator::len).sum();
    let fits = |&left: &usize| {
        let closed = ranges.len().saturating_sub(left);
        touched + gaps[..closed].iter().sum::<usize>() <= keeps
    };
    let Some(left) = (RANGES..=MOST_RANGES).find(fits).filter(|left| ranges.len() > *left) else {
        return Vec::new();
    };
    let closed = &gaps[..ranges.len() - left];
    let widest = closed.last().copied().unwrap_or(0);
    // Of the widest gaps to close there may be more than must be closed.
    let mut of_widest = closed.iter().filter(|&&gap| gap == widest).count();
    let mut joined: Vec<(Range<usize>, usize)> = Vec::new();
    for range in ranges {
        if let Some((last, parts)) = joined.last_mut() {
            let gap = range.start - last.end;
            if gap < widest || (gap == widest && of_widest > 0) {
                of_widest -= usize::from(gap == widest);
                last.end = range.end;
                *parts += 1;
                continue;
            }
        }
        joined.push((range.clone(), 1));
    }
    joined.into_iter().filter_map(|(range, parts)| (parts > 1).then_some(range)).collect()
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "one range is meant")]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_look_at_a_time_and_a_pause_after_it() {
        let turn = Mutex::new(None);
        let start = Instant::now();
        let inner = in_turn(&turn, || {
            std::thread::sleep(Duration::from_millis(5));
            std::thread::scope(|scope| scope.spawn(|| in_turn(&turn, || ())).join().unwrap())
        });
        assert_eq!(inner, Some(None), "no second look while there is one");
        let not_before = turn.lock().unwrap().unwrap();
        assert!(not_before >= start + Duration::from_millis(5) * (PAUSE + 1));
        *turn.lock().unwrap() = Some(Instant::now() + Duration::from_hours(1));
        assert_eq!(in_turn(&turn, || ()), None, "the pause is not over");
        *turn.lock().unwrap() = Some(Instant::now());
        assert_eq!(in_turn(&turn, || ()), Some(()));
    }

    #[test]
    fn a_memory_is_what_adjoins_an_image() {
        let maps = "1000-3000 rw-p 0 00:00 0\n\
                    3000-4000 rw-p 0 00:01 9 /memfd:wasm-memory-image (deleted)\n\
                    4000-6000 rw-p 0 00:00 0\n\
                    6000-9000 ---p 0 00:00 0\n\
                    9000-a000 rw-p 0 00:00 0 [heap]\n\
                    b000-c000 r--p 0 00:01 9 /memfd:wasm-memory-image (deleted)\n";
        assert_eq!(memories(maps), [0x1000..0x6000]);
    }

    #[test]
    fn a_page_is_touched_if_it_is_present_and_of_no_file() {
        let entries: Vec<u8> = [PRESENT | 7, PRESENT, PRESENT | FILE, 0, PRESENT]
            .into_iter()
            .flat_map(u64::to_ne_bytes)
            .collect();
        assert_eq!(touched(&entries), [0..2, 4..5]);
    }

    #[test]
    fn the_smallest_gaps_are_closed() {
        // Gaps of 1, 2, 3, … pages.
        let mut at = 0;
        let ranges: Vec<_> = (0..RANGES + 3)
            .map(|number| {
                at += number + 1;
                at - 1..at
            })
            .collect();
        let joined = joins(&ranges, 1_000);
        assert_eq!(joined, [ranges[0].start..ranges[3].end]);
        assert!(joins(&ranges[..RANGES], 1_000).is_empty());
        // 31 pages and 6 between them.
        assert_eq!(joins(&ranges, RANGES + 3 + 6), joined);
        assert_eq!(joins(&ranges, RANGES + 3 + 5), [ranges[0].start..ranges[2].end], "one more is left");
        assert!(joins(&ranges, RANGES).is_empty(), "the pages touched are more than are kept");
    }

    /// Equal gaps: no more are closed than must be.
    #[test]
    fn not_all_gaps_of_one_size_are_closed() {
        let ranges: Vec<_> = (0..2 * RANGES).map(|number| 2 * number..2 * number + 1).collect();
        assert_eq!(joins(&ranges, 1_000), [0..2 * RANGES + 1]);
    }
}
