//! Describes the machine of a measurement.

use std::{
    fs,
    io::{Seek, Write},
    time::Instant,
};

use anyhow::{Context, Result};

/// How often the disk is measured.
const SYNCS: usize = 200;
/// What is written each time: a page of PostgreSQL's log.
const PAGE: [u8; 8192] = [1; 8192];

/// The machine in one line: processor, cores, memory, kernel.
pub(crate) fn describe() -> String {
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| field(&text, "model name"));
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| field(&text, "MemTotal"));
    let kibibytes: Option<u64> = memory.and_then(|text| text.split(' ').next()?.parse().ok());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{}, {cores} cores, {} GiB, {} {}",
        cpu.unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        kibibytes.unwrap_or(0) / (1 << 20),
        std::env::consts::OS,
        kernel.trim(),
    )
}

/// The median time that `fdatasync` takes after writing a page where the databases will be, in milliseconds.
pub(crate) fn fdatasync_ms() -> Result<f64> {
    let mut file = tempfile::tempfile().context("making a file to measure the disk")?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let started = Instant::now();
        file.rewind()?;
        file.write_all(&PAGE)?;
        file.sync_data()?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[SYNCS / 2])
}
