//! Rows of an analysis, for people or as comma-separated values.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use crate::output::table;

/// A column: its name in CSV, and its heading.
pub(super) type Column = (&'static str, &'static str);

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Count(i64),
    Number(Option<f64>),
    /// In seconds.
    Time(Option<f64>),
    /// Of 1.
    Part(Option<f64>),
    Bytes(i64),
    At(Option<DateTime<Utc>>),
}

/// Rows of an analysis, and lines before and after them for people.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) before: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) after: String,
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Number(Some(number)) => short(*number),
            Self::Number(None) | Self::Time(None) | Self::Part(None) | Self::At(None) => "–".to_owned(),
            Self::Time(Some(seconds)) => time(*seconds),
            Self::Part(Some(part)) => format!("{:.1} %", part * 100.0),
            Self::Bytes(bytes) => format!("{:.1} MiB", *bytes as f64 / f64::from(1 << 20)),
            Self::At(Some(at)) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }

    fn csv(&self) -> String {
        match self {
            Self::Text(text) if text.contains(['"', ',', '\n', '\r']) => {
                format!("\"{}\"", text.replace('"', "\"\""))
            }
            Self::Text(text) => text.clone(),
            Self::Count(number) | Self::Bytes(number) => number.to_string(),
            Self::Number(Some(number)) | Self::Time(Some(number)) | Self::Part(Some(number)) => {
                number.to_string()
            }
            Self::Number(None) | Self::Time(None) | Self::Part(None) | Self::At(None) => String::new(),
            Self::At(Some(at)) => at.to_rfc3339(),
        }
    }
}

/// A number for people.
fn short(number: f64) -> String {
    if number.abs() >= 100.0 { format!("{number:.0}") } else { format!("{number:.2}") }
}

/// A time for people, from seconds.
pub(super) fn time(seconds: f64) -> String {
    match seconds {
        ..0.001 => format!("{:.0} µs", seconds * 1e6),
        ..1.0 => format!("{:.1} ms", seconds * 1e3),
        ..120.0 => format!("{seconds:.2} s"),
        ..7200.0 => format!("{:.1} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

impl Sheet {
    pub(super) fn csv(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let mut text = names.join(",") + "\n";
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(Cell::csv).collect();
            let _ = writeln!(text, "{}", cells.join(","));
        }
        text
    }

    pub(super) fn text(&self) -> String {
        let head: Vec<&str> = self.columns.iter().map(|(_, heading)| *heading).collect();
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(Cell::text).collect()).collect();
        let rows = if rows.is_empty() { "nothing in this period".to_owned() } else { table(&head, &rows) };
        let parts = [self.before.as_str(), &rows, &self.after];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_what_would_end_a_value() {
        let sheet = Sheet {
            columns: vec![("step", "STEP"), ("p95_seconds", "P95"), ("rate", "RATE")],
            rows: vec![
                vec![Cell::Text("a,\"b\"\nc".into()), Cell::Time(Some(0.0125)), Cell::Part(Some(0.5))],
                vec![Cell::Text("d".into()), Cell::Time(None), Cell::Part(None)],
            ],
            ..Sheet::default()
        };
        assert_eq!(sheet.csv(), "step,p95_seconds,rate\n\"a,\"\"b\"\"\nc\",0.0125,0.5\nd,,\n");
        assert_eq!(sheet.text(), "STEP     P95      RATE\na,\"b\" c  12.5 ms  50.0 %\nd        –        –");
    }
}
