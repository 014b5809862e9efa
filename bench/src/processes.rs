//! The processes of the measured system, which are all descendants of this one: their processor time and memory.

use std::{collections::BTreeSet, fs, path::Path};

use serde::{Deserialize, Serialize};

/// Clock ticks per second in `/proc/PID/stat`, on every Linux.
const TICKS: f64 = 100.0;
/// What all processes of PostgreSQL are called.
pub(crate) const POSTGRESQL: &str = "PostgreSQL";

/// The peak of a process's resident memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// `tasker` and its command, or `PostgreSQL`, which has a process per connection.
    pub(crate) process: String,
    /// `VmHWM`, in MiB. PostgreSQL's processes include the shared buffers that they used.
    pub(crate) peak_mib: f64,
}

/// A descendant of this process.
struct Descendant {
    pid: u32,
    /// The fields of `/proc/PID/stat` after the name.
    fields: Vec<u64>,
}

/// Processor time of the system so far, ended processes included, in seconds.
pub(crate) fn cpu_seconds() -> f64 {
    // Fields 14 to 17 of proc(5): user and system time, the second two of ended children.
    let ticks = |process: &Descendant| process.fields.iter().skip(11).take(4).sum::<u64>();
    descendants().iter().map(ticks).sum::<u64>() as f64 / TICKS
}

/// Lets peaks count from now on. Where the kernel refuses that, they count from the start of a process.
pub(crate) fn reset_peaks() {
    let refused = |process: &Descendant| {
        fs::write(format!("/proc/{}/clear_refs", process.pid), "5").is_err()
            && Path::new(&format!("/proc/{}", process.pid)).exists()
    };
    if descendants().iter().any(refused) {
        eprintln!("the kernel does not reset peaks of memory: they count from the start of each process");
    }
}

/// The peaks of the processes that run now.
pub(crate) fn peaks() -> Vec<Memory> {
    let mut peaks: Vec<Memory> = descendants().iter().filter_map(|process| peak(process.pid)).collect();
    let rank = |memory: &Memory| (memory.process == POSTGRESQL, memory.process.clone());
    peaks.sort_by(|one, other| rank(one).cmp(&rank(other)).then(other.peak_mib.total_cmp(&one.peak_mib)));
    peaks
}

fn peak(pid: u32) -> Option<Memory> {
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<_> = command.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    // A process for a connection is called `postgres: USER DATABASE …`, and that may contain slashes.
    let program = words.first()?.split(' ').next()?.trim_end_matches(':');
    let process = match Path::new(program).file_name()?.to_str()? {
        "postgres" => POSTGRESQL.to_owned(),
        "tasker" => format!("tasker {}", words.get(1)?),
        _ => return None,
    };
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(Memory { process, peak_mib: kibibytes / 1024.0 })
}

fn descendants() -> Vec<Descendant> {
    let mut others = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name is in parentheses and may contain any.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields = fields.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
        others.push(Descendant { pid, fields });
    }
    let mut family = BTreeSet::from([std::process::id()]);
    let mut found = Vec::new();
    loop {
        let parent = |process: &Descendant| process.fields.get(1).copied().unwrap_or(0) as u32;
        let (children, rest): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|process| family.contains(&parent(process)));
        if children.is_empty() {
            return found;
        }
        family.extend(children.iter().map(|child| child.pid));
        found.extend(children);
        others = rest;
    }
}
