//! What a command prints: text for people on a terminal, plain text in a pipe, JSON for programs.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use anyhow::Result;
use serde::Serialize;

/// How a command prints.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) json: bool,
    /// Whether standard output is a terminal that takes colours and moves its cursor.
    pub(crate) live: bool,
}

/// What a piece of text stands for.
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

    /// A line for people; nothing where JSON is wanted.
    pub(crate) fn say(&self, line: &str) {
        if !self.json {
            print(line);
        }
    }

    /// The result of a command.
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

    /// Tells of an error, and answers the exit code that goes with it.
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

    /// Text in the colour of what it stands for, where colours are taken.
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

/// Prints a line. A reader that has gone away (`| head`) wants no more; that is no error.
pub(crate) fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Rows as aligned columns, without the last column's trailing space.
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
