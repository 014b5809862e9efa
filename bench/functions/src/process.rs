//! Resource usage of a process, from `/proc`.

use std::{fs, time::Duration};

/// Processor time of its live threads.
pub(crate) fn processor_time(process: u32) -> Duration {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
        let text = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        nanoseconds += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
    }
    Duration::from_nanos(nanoseconds)
}

/// Resident memory, in bytes.
pub(crate) fn resident_bytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kibibytes| kibibytes.parse::<u64>().ok()).unwrap_or(0) << 10
}

/// Processor time of all children of a process, including ended ones.
pub(crate) fn processor_time_of_children(parent: u32) -> Duration {
    let mut total = Duration::ZERO;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        // Fields 4 (parent), 16 and 17 (time of ended children) of proc(5), counted after the name.
        let field = |index: usize| rest.split_whitespace().nth(index)?.parse::<u64>().ok();
        let process: u32 = entry.file_name().to_string_lossy().parse().unwrap_or(0);
        if process == parent {
            let ticks = field(13).unwrap_or(0) + field(14).unwrap_or(0);
            total += Duration::from_millis(ticks * 10);
        } else if field(1) == Some(u64::from(parent)) {
            total += processor_time(process);
        }
    }
    total
}
