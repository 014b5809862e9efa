//! Describes the machine of a measurement.

use std::fs;

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
