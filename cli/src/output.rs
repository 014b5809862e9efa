//! The output of commands: text with colours on a terminal, plain text in a pipe, or JSON.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use anyhow::Result;
use serde::Serialize;

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

    /// Prints a line of text, unless JSON is requested.
    pub(crate) fn say(&self, line: &str) {
        if !self.json {
            print(line);
        }
    }

    /// Prints the result of a command.
    pub(crate) fn result<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) -> Result<()> {
        if self.json {
            print(&serde_json::to_string_pretty(value)?);
        } else {
            let text = text();
            if !text.is_empty() {
                print(&text);
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
            let _ = writeln!(stderr, "{mark} {error:#}");
        }
        ExitCode::FAILURE
    }

    /// Colours a text, if colours are supported.
    pub(crate) fn style(&self, style: Style, text: &str) -> String {
        if !self.live || text.is_empty() {
            return text.to_owned();
        }
        let code = match style {
            Style::Good => "32",
            Style::Bad => "31",
            Style::Waiting => "33",
            Style::Active => "36",
            Style::Faint => "2",
            Style::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Prints a line. Ignores a closed pipe (`| head`).
pub(crate) fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Formats rows as aligned columns, without trailing spaces.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let all =
        || std::iter::once(header.iter().map(|&cell| cell.to_owned()).collect()).chain(rows.iter().cloned());
    let widths: Vec<usize> = (0..header.len())
        .map(|column| all().map(|row: Vec<String>| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all().map(line).collect::<Vec<_>>().join("\n")
}
