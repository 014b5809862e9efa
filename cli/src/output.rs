//! The output of commands: text with colours on a terminal, plain text in a pipe, or JSON.

use std::{
    io::{ErrorKind, IsTerminal, Write},
    process::ExitCode,
};

use anyhow::Result;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::json::pretty;

/// The output settings of a command.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) json: bool,
    /// Whether standard output is a terminal that supports colours and cursor movement.
    pub(crate) live: bool,
}

/// The meaning of a text, which determines its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Good,
    Bad,
    Waiting,
    Active,
    Faint,
    Strong,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { json, live: !json && !plain && !dumb && std::io::stdout().is_terminal() }
    }

    /// Prints a line of text, unless JSON is requested. If nobody reads it, the command goes on: it does more than print.
    pub(crate) fn say(&self, line: &str) {
        if !self.json {
            let _ = writeln!(std::io::stdout(), "{}", printable(line));
        }
    }

    /// Prints the result of a command.
    pub(crate) fn result<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) -> Result<()> {
        if self.json {
            print(&pretty(value)?);
        } else {
            let text = text();
            if !text.is_empty() {
                print(&printable(&text));
            }
        }
        Ok(())
    }

    /// Prints an error. Returns the exit code.
    pub(crate) fn failure(&self, error: &anyhow::Error) -> ExitCode {
        if self.json {
            print(&serde_json::json!({ "error": format!("{error:#}") }).to_string());
        } else {
            let mut stderr = std::io::stderr();
            let mark = if stderr.is_terminal() { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
            let _ = writeln!(stderr, "{mark} {}", printable(&format!("{error:#}")));
        }
        ExitCode::FAILURE
    }

    /// Colours a text, if colours are supported.
    pub(crate) fn style(&self, style: Style, text: &str) -> String {
        if !self.live || text.is_empty() {
            return text.to_owned();
        }
        let code = match style {
            Style::Good => "\x1b[32m",
            Style::Bad => "\x1b[31m",
            Style::Waiting => "\x1b[33m",
            Style::Active => "\x1b[36m",
            Style::Faint => "\x1b[2m",
            Style::Strong => "\x1b[1m",
        };
        format!("{code}{text}{RESET}")
    }
}

/// The codes of [`Output::style`].
const CODES: [&str; 6] = ["\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[2m", "\x1b[1m"];
const RESET: &str = "\x1b[0m";

/// Prints a line of the command's result. If it cannot be written, ends the process: quietly if its reader has ended, as in
/// `| head`, and else with an error.
pub(crate) fn print(text: &str) {
    let mut stdout = std::io::stdout();
    let Err(error) = writeln!(stdout, "{text}").and_then(|()| stdout.flush()) else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    let _ = writeln!(std::io::stderr(), "error: the result cannot be written to standard output: {error}");
    std::process::exit(1);
}

/// Makes a text harmless for a terminal: replaces every control character by its number, except line breaks, tabs and the
/// codes of [`Output::style`]. Texts of tasks come from other people.
pub(crate) fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let code = CODES.iter().chain([&RESET]).find(|code| rest.starts_with(**code));
        let taken = code.map_or(character.len_utf8(), |code| code.len());
        if code.is_some() || !is_control(character) {
            clean.push_str(&rest[..taken]);
        } else {
            clean.extend(character.escape_unicode());
        }
        rest = &rest[taken..];
    }
    clean
}

/// Whether a terminal obeys this character instead of showing it. The last two ranges change the direction of the text.
fn is_control(character: char) -> bool {
    character.is_control() && character != '\n' && character != '\t'
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Formats rows as aligned columns, without trailing spaces.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let header = header.iter().map(|&cell| cell.to_owned()).collect();
    // A line break in a cell would forge a row.
    let clean = |row: &Vec<String>| row.iter().map(|cell| printable(cell).replace('\n', " ")).collect();
    let all: Vec<Vec<String>> = std::iter::once(header).chain(rows.iter().map(clean)).collect();
    let widths: Vec<usize> = (0..all[0].len())
        .map(|column| all.iter().map(|row| row[column].width()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let padded = |(cell, width): (&String, &usize)| format!("{cell}{}", " ".repeat(width - cell.width()));
        row.iter().zip(&widths).map(padded).collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_no_text_of_others() {
        let own = Output { json: false, live: true }.style(Style::Bad, "failed");
        assert_eq!(printable(&own), own);
        for (attack, shown) in [
            ("\x1b]52;c;ZXZpbA==\x07", "\\u{1b}]52;c;ZXZpbA==\\u{7}"),
            ("\x1b[2J\x1b[H", "\\u{1b}[2J\\u{1b}[H"),
            ("a\u{9b}31mb\rc", "a\\u{9b}31mb\\u{d}c"),
            ("\u{202e}txt", "\\u{202e}txt"),
            ("two\nlines\tand 検証", "two\nlines\tand 検証"),
        ] {
            assert_eq!(printable(attack), shown);
        }
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        let rows = [vec!["検証".to_owned(), "x".to_owned()], vec!["plain".to_owned(), "y".to_owned()]];
        assert_eq!(table(&["NAME", "Z"], &rows), "NAME   Z\n検証   x\nplain  y");
    }
}
