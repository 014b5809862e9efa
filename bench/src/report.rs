//! Formats the figures as a table, and writes them to a file.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::{latency::Latency, throughput::Throughput};

/// All figures, for people.
pub(crate) fn table(published: &[Latency], large: &[Latency], throughput: &Throughput) -> String {
    let mut text = format!(
        "{:<14} {:>6} {:>14} {:>14} {:>14} {:>14} {:>14} {:>8}\n",
        "shape",
        "steps",
        "db p50 ms",
        "db p99 ms",
        "client p50 ms",
        "client p99 ms",
        "published ms",
        "faster"
    );
    for row in published.iter().chain(large) {
        let published = row.shape.published_ms.unwrap_or("–");
        let least: Option<f64> = published.split('–').next().and_then(|least| least.parse().ok());
        let faster = least.map_or(String::new(), |least| format!("{:.0}×", least / row.database.p50));
        text.push_str(&format!(
            "{:<14} {:>6} {:>14.2} {:>14.2} {:>14.2} {:>14.2} {:>14} {:>8}\n",
            row.shape.name,
            row.shape.steps,
            row.database.p50,
            row.database.p99,
            row.client.p50,
            row.client.p99,
            published,
            faster,
        ));
    }
    text.push_str(&format!(
        "\nthroughput: {:.0} steps/s sustained ({:.0} over the whole run of {} tasks), {:.3} CPU-seconds per 1,000 steps",
        throughput.steps_per_second,
        throughput.steps_per_second_overall,
        throughput.tasks,
        throughput.cpu_seconds_per_1000_steps,
    ));
    text
}

/// Writes figures as JSON. Makes the folder if it is missing.
pub(crate) fn save(path: &Path, figures: &impl Serialize) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let text = serde_json::to_string_pretty(figures)?;
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
