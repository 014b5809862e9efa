//! Renders results as a Markdown page, with a folder of plots beside it.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use super::{
    curve::{Curve, Point},
    plot::{Plot, PlotPoint},
    results::Results,
    table,
};

/// Writes the page, and its plots into the folder of the same name.
pub(crate) fn write(curves: &[Curve], results: &Results, page: &Path) -> Result<()> {
    let (Some(stem), Some(folder)) = (page.file_stem(), page.parent()) else {
        bail!("{} is not the name of a file", page.display());
    };
    let stem = stem.to_string_lossy();
    let plots = folder.join(stem.as_ref());
    fs::create_dir_all(&plots).with_context(|| format!("making {}", plots.display()))?;
    let mut text = head(results);
    for curve in curves {
        let Some(points) = results.curves.get(curve.name) else { continue };
        text.push_str(&format!("\n## {}\n\n{}\n", curve.title, curve.text));
        for (name, plot) in plotted(curve, points) {
            let file = plots.join(&name);
            fs::write(&file, plot.svg()).with_context(|| format!("writing {}", file.display()))?;
            text.push_str(&format!("\n![{}]({stem}/{name})\n", plot.title));
        }
        text.push_str(&format!("\n{}", markdown(&table::cells(curve, points))));
    }
    fs::write(page, text).with_context(|| format!("writing {}", page.display()))
}

fn head(results: &Results) -> String {
    format!(
        "# Performance\n\n\
         How Tasker behaves as its load, its tasks and its database grow. `make bench-curves` measures this on your machine, and \
         `UPDATE_DOCS=1 make bench-curves` writes this page from one run. The README has the figures of single workflows, from another \
         machine: machines differ by a factor of three and more, so compare within a curve.\n\n\
         | | |\n|---|---|\n| machine | {} |\n| `fdatasync` of 8 KiB | {:.2} ms at p50 |\n| Tasker | {} |\n| PostgreSQL | {} |\n\n\
         Clients, Tasker and PostgreSQL share this machine. Unless stated otherwise, Tasker is one process (`tasker dev`), every \
         step runs in a new sandbox, and times come from the timestamps in the database. A task of `linear_4` has four steps in a \
         line. Rates are of the middle of a run: the filling and the draining at its ends do not count.\n\n\
         Peak memory is the largest resident memory of a process during the point (`VmHWM`). PostgreSQL has a process per connection, and \
         each counts the shared buffers that it used, so only the largest is shown.\n",
        results.machine, results.fdatasync_ms, results.tasker, results.postgresql
    )
}

/// The plots of a curve, with their file names.
fn plotted<'a>(curve: &'a Curve, points: &'a [Point]) -> Vec<(String, Plot<'a>)> {
    let plotted = curve.columns.iter().filter(|column| column.plotted);
    plotted
        .map(|column| {
            let point = |point: &'a Point| {
                Some(PlotPoint { label: &point.label, x: point.value, y: table::figure(point, column)? })
            };
            let plot = Plot {
                title: format!("{}: {} against {}", curve.title, column.title, curve.axis),
                x_title: curve.axis,
                y_title: column.title,
                logarithmic: curve.logarithmic,
                digits: column.digits,
                points: points.iter().filter_map(point).collect(),
            };
            (format!("{}-{}.svg", curve.name, column.figure), plot)
        })
        .collect()
}

/// A table in Markdown: the first column and the memory on the left, figures on the right.
fn markdown(cells: &[Vec<String>]) -> String {
    let row = |cells: &Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut lines = cells.iter().map(row);
    let columns = cells.first().map_or(0, Vec::len);
    let rule: Vec<&str> = (0..columns)
        .map(|column| if column == 0 || column + 1 == columns { "---" } else { "---:" })
        .collect();
    format!("{}|{}|\n{}", lines.next().unwrap_or_default(), rule.join("|"), lines.collect::<String>())
}
