//! A curve's points as rows of text, for the terminal and for the page.

use super::curve::{Column, Curve, Point};
use crate::processes::{Memory, POSTGRESQL};

/// The head and the rows of a curve's table.
pub(crate) fn cells(curve: &Curve, points: &[Point]) -> Vec<Vec<String>> {
    let mut head = vec![curve.axis.to_owned()];
    for column in curve.columns {
        head.push(column.title.to_owned());
        if column.compared {
            head.push("against the first".to_owned());
        }
    }
    head.push("peak memory, MiB".to_owned());
    let mut rows = vec![head];
    for (index, point) in points.iter().enumerate() {
        let mut row = vec![point.label.clone()];
        for column in curve.columns {
            let value = figure(point, column);
            row.push(value.map_or_else(String::new, |value| grouped(value, column.digits)));
            if column.compared {
                let first = points.first().filter(|_| index > 0).and_then(|first| figure(first, column));
                row.push(match (value, first) {
                    (Some(value), Some(first)) => change(value / first),
                    _ => String::new(),
                });
            }
        }
        row.push(memory(&point.memory));
        rows.push(row);
    }
    rows
}

/// A table for the terminal.
pub(crate) fn plain(curve: &Curve, points: &[Point]) -> String {
    let cells = cells(curve, points);
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..cells[0].len()).map(width).collect();
    let last = widths.len() - 1;
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| {
            // The memory is a list, so it is on the left of its column.
            if column == last { cell.clone() } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    format!("{}\n\n{}\n", curve.title, cells.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// The value of a column at a point.
pub(crate) fn figure(point: &Point, column: &Column) -> Option<f64> {
    point.figures.get(column.figure).copied()
}

/// A ratio as a change in percent.
fn change(ratio: f64) -> String {
    match ((ratio - 1.0) * 100.0).round() {
        // Without the sign, which a zero has, too.
        0.0 => "0 %".to_owned(),
        percent => format!("{percent:+.0} %"),
    }
}

/// A number with so many digits after the point, and with commas between thousands.
pub(crate) fn grouped(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

/// The peak of each process; of PostgreSQL's many only the largest.
fn memory(peaks: &[Memory]) -> String {
    let mut groups: Vec<(&str, Vec<&Memory>)> = Vec::new();
    for peak in peaks {
        match groups.last_mut() {
            Some((process, group)) if *process == peak.process => group.push(peak),
            _ => groups.push((&peak.process, vec![peak])),
        }
    }
    let size = |peak: &&Memory| grouped(peak.peak_mib, 0);
    let texts: Vec<String> = groups
        .iter()
        .filter_map(|(process, group)| {
            Some(if *process == POSTGRESQL {
                format!("{process} {} (largest of {})", size(group.first()?), group.len())
            } else {
                format!("{process} {}", group.iter().map(size).collect::<Vec<_>>().join(" + "))
            })
        })
        .collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{change, grouped};

    #[test]
    fn thousands_are_separated() {
        let shown = [(0.0, 0), (999.4, 0), (1000.0, 0), (1_234_567.891, 2), (-1234.0, 0), (-123.0, 0)]
            .map(|(value, digits)| grouped(value, digits));
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567.89", "-1,234", "-123"]);
    }

    #[test]
    fn changes_have_a_sign_unless_there_is_none() {
        assert_eq!([0.9, 0.999, 1.0, 1.001, 1.256].map(change), ["-10 %", "0 %", "0 %", "0 %", "+26 %"]);
    }
}
