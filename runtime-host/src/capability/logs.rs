//! Captures the output of a guest up to a limit and removes control characters. Text above the limit is dropped and
//! does not make the guest fail. The text below it counts as memory of the execution.
//!
//! The text is hostile: it may be endless, binary, or contain terminal escapes that attack its reader.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use tasker_protocol::{LogLevel, LogLine};

use crate::execution::breach::Breach;
use crate::execution::budget::{Budget, Held};

/// The `target` of log lines that explain a rejected HTTP request.
pub(crate) const HTTP_TARGET: &str = "tasker:http";

/// The maximum length of a line. A longer one is split.
const MAX_LINE_BYTES: usize = 8 << 10;

/// How much of the end of standard error is added to a crash report.
const TAIL_BYTES: usize = 2 << 10;

/// The cost of a line besides its text, so that empty lines count against the limit too.
const LINE_OVERHEAD: u64 = 32;

/// The memory of a line besides its text: its place in a vector that may be half empty, and two allocations.
const LINE_MEMORY: u64 = 2 * size_of::<LogLine>() as u64 + 32;

/// Values of `target`.
const STDOUT: &str = "stdout";
const STDERR: &str = "stderr";

/// One of the two standard streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Output,
    Error,
}

/// The captured logs of one execution. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Logs {
    captured: Arc<Mutex<Captured>>,
}

#[derive(Debug)]
struct Captured {
    lines: Vec<LogLine>,
    budget: Arc<Budget>,
    /// The memory of the lines. None before the first one.
    held: Option<Held>,
    left: u64,
    dropped: u64,
    /// The unfinished line of each stream.
    output: Vec<u8>,
    error: Vec<u8>,
    /// The last bytes of standard error, even above the limit: they usually explain a crash.
    tail: Vec<u8>,
}

impl Logs {
    /// Captures up to `limit` bytes of text.
    pub(crate) fn new(limit: u64, budget: Arc<Budget>) -> Self {
        let captured = Captured {
            lines: Vec::new(),
            budget,
            held: None,
            left: limit,
            dropped: 0,
            output: Vec::new(),
            error: Vec::new(),
            tail: Vec::new(),
        };
        Self { captured: Arc::new(Mutex::new(captured)) }
    }

    /// Captures a message of the guest, one log line per line.
    ///
    /// # Errors
    /// The memory of the execution is used up.
    pub(crate) fn log(&self, level: LogLevel, target: &str, message: &str) -> Result<(), Breach> {
        let mut captured = self.lock();
        message.lines().try_for_each(|line| captured.push(level, target, line))
    }

    /// Captures a message of the host to the handler's author. Dropped if the memory of the execution is used up.
    pub(crate) fn explain(&self, level: LogLevel, target: &str, message: &str) {
        let _ = self.log(level, target, message);
    }

    /// Captures bytes written to a standard stream.
    ///
    /// # Errors
    /// The memory of the execution is used up.
    pub(crate) fn write(&self, stream: Stream, bytes: &[u8]) -> Result<(), Breach> {
        let mut captured = self.lock();
        if stream == Stream::Error {
            captured.keep_tail(bytes);
        }
        let mut pieces = bytes.split_inclusive(|byte| *byte == b'\n');
        pieces.try_for_each(|piece| captured.write_piece(stream, piece))
    }

    /// The end of standard error, without control characters.
    pub(crate) fn error_tail(&self) -> Option<String> {
        let captured = self.lock();
        let tail = String::from_utf8_lossy(&captured.tail);
        let lines: Vec<String> = tail.lines().map(clean).filter(|line| !line.trim().is_empty()).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// Takes the captured lines and the number of dropped bytes.
    pub(crate) fn take(&self) -> (Vec<LogLine>, u64) {
        let mut captured = self.lock();
        for stream in [Stream::Output, Stream::Error] {
            let _ = captured.finish_line(stream);
        }
        (std::mem::take(&mut captured.lines), captured.dropped)
    }

    fn lock(&self) -> MutexGuard<'_, Captured> {
        self.captured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Captured {
    fn write_piece(&mut self, stream: Stream, piece: &[u8]) -> Result<(), Breach> {
        if self.left == 0 {
            self.dropped += piece.len() as u64;
            return Ok(());
        }
        let (text, ends) = match piece.split_last() {
            Some((b'\n', text)) => (text, true),
            _ => (piece, false),
        };
        for part in text.chunks(MAX_LINE_BYTES) {
            let line = self.unfinished(stream);
            if line.len() + part.len() > MAX_LINE_BYTES {
                self.finish_line(stream)?;
            }
            self.unfinished(stream).extend_from_slice(part);
        }
        if ends { self.finish_line(stream) } else { Ok(()) }
    }

    fn finish_line(&mut self, stream: Stream) -> Result<(), Breach> {
        let line = std::mem::take(self.unfinished(stream));
        if line.is_empty() {
            return Ok(());
        }
        let (level, target) = match stream {
            Stream::Output => (LogLevel::Info, STDOUT),
            Stream::Error => (LogLevel::Warn, STDERR),
        };
        self.push(level, target, &String::from_utf8_lossy(&line))
    }

    fn push(&mut self, level: LogLevel, target: &str, message: &str) -> Result<(), Breach> {
        // Above the limit there is no need to clean the text.
        if self.left == 0 {
            self.dropped += message.len() as u64;
            return Ok(());
        }
        let kept =
            message.floor_char_boundary(usize::try_from(self.left).unwrap_or(usize::MAX).min(MAX_LINE_BYTES));
        self.dropped += (message.len() - kept) as u64;
        let target = clean(&target[..target.floor_char_boundary(128)]);
        let message = clean(&message[..kept]);
        let text = (target.len() + message.len()) as u64;
        self.hold(text + LINE_MEMORY)?;
        self.left = self.left.saturating_sub(text + LINE_OVERHEAD);
        self.lines.push(LogLine { at: Utc::now(), level, target, message });
        Ok(())
    }

    fn hold(&mut self, bytes: u64) -> Result<(), Breach> {
        match &mut self.held {
            Some(held) => held.grow(bytes)?,
            none => *none = Some(self.budget.hold(bytes)?),
        }
        Ok(())
    }

    fn keep_tail(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(TAIL_BYTES)..];
        let surplus = (self.tail.len() + bytes.len()).saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus.min(self.tail.len()));
        self.tail.extend_from_slice(bytes);
    }

    fn unfinished(&mut self, stream: Stream) -> &mut Vec<u8> {
        match stream {
            Stream::Output => &mut self.output,
            Stream::Error => &mut self.error,
        }
    }
}

/// Removes terminal escapes (ECMA-48 control sequences and strings) and other control characters.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => skip_escape(&mut characters),
            '\u{9b}' => skip_sequence(&mut characters),
            '\t' => clean.push(character),
            // Direction overrides change how a line reads.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            _ if character.is_control() => {}
            _ => clean.push(character),
        }
    }
    // Text that consists of escapes must not keep the memory for them.
    clean.shrink_to_fit();
    clean
}

/// Skips the rest of an escape sequence.
fn skip_escape(characters: &mut std::str::Chars<'_>) {
    match characters.next() {
        Some('[') => skip_sequence(characters),
        // Strings (titles, hyperlinks) end with BEL or with ESC and a backslash.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(character) = characters.next() {
                match character {
                    '\u{7}' | '\u{9c}' => return,
                    '\u{1b}' => {
                        characters.next();
                        return;
                    }
                    _ => {}
                }
            }
        }
        // Intermediate bytes, then a final byte.
        Some(' '..='/') => {
            characters.next();
        }
        _ => {}
    }
}

/// Skips a control sequence including its final byte.
fn skip_sequence(characters: &mut std::str::Chars<'_>) {
    for character in characters.by_ref() {
        if matches!(character, '@'..='~') {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(limit: u64) -> Logs {
        Logs::new(limit, Budget::new(u64::MAX))
    }

    fn messages(logs: &Logs) -> Vec<String> {
        logs.take().0.into_iter().map(|line| line.message).collect()
    }

    #[test]
    fn writes_become_lines_wherever_they_are_cut() {
        let logs = logs(1000);
        for piece in ["one\ntw", "o", "\n\nthree"] {
            logs.write(Stream::Output, piece.as_bytes()).unwrap();
        }
        assert_eq!(messages(&logs), ["one", "two", "three"]);
    }

    #[test]
    fn what_exceeds_the_limit_is_dropped_and_counted() {
        let logs = logs(100);
        for _ in 0..1000 {
            logs.write(Stream::Output, b"0123456789\n").unwrap();
        }
        let (lines, dropped) = logs.take();
        assert_eq!(lines.len(), 3);
        assert!(dropped > 9_900, "{dropped}");
    }

    #[test]
    fn a_line_without_end_does_not_grow_without_end() {
        let logs = logs(u64::MAX);
        logs.write(Stream::Output, &vec![b'x'; 10 * MAX_LINE_BYTES]).unwrap();
        assert!(messages(&logs).iter().all(|line| line.len() <= MAX_LINE_BYTES));
    }

    #[test]
    fn kept_lines_count_as_memory_and_dropped_ones_do_not() {
        let budget = Budget::new(3 * 8_000);
        let logs = Logs::new(10_000, budget.clone());
        let line = "x".repeat(7_500);
        for _ in 0..100 {
            logs.log(LogLevel::Info, "", &line).unwrap();
        }
        assert!(budget.peak() >= 10_000, "{}", budget.peak());
        let logs = Logs::new(u64::MAX, budget);
        logs.log(LogLevel::Info, "", &line).unwrap();
        assert_eq!(logs.log(LogLevel::Info, "", &line), Err(Breach::Memory));
    }

    #[test]
    fn cleaned_text_keeps_no_memory_for_what_was_removed() {
        assert!(clean(&"\u{1b}[31m".repeat(1_000)).capacity() < 100);
    }

    #[test]
    fn terminal_escapes_and_control_characters_are_removed() {
        for (text, expected) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("\u{1b}]8;;http://x\u{1b}\\link", "link"),
            ("\u{9b}2Jgone", "gone"),
            ("a\u{0}b\u{8}c\rd", "abcd"),
            ("kept\ttab", "kept\ttab"),
            ("\u{202e}reversed", "reversed"),
            ("\u{1b}", ""),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_end_of_standard_error_is_kept_even_past_the_limit() {
        let logs = logs(0);
        logs.write(Stream::Error, &vec![b'x'; 10_000]).unwrap();
        logs.write(Stream::Error, b"\nthread panicked\n").unwrap();
        assert!(logs.error_tail().unwrap().ends_with("thread panicked"));
    }
}
