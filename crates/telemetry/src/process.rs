//! What the operating system says of this process, under the usual names.

use std::fs;

use opentelemetry::metrics::Meter;

use crate::kinds::{Described, Kind};

/// What is read of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Read {
    cpu_seconds: f64,
    resident_bytes: f64,
    threads: f64,
}

/// The rows of the table.
pub(crate) const ROWS: &[Described] = &[CPU, MEMORY, THREADS, FILES];

const CPU: Described =
    row(Kind::Sum, "process_cpu_seconds", "s", "Processor time of the process, where the system tells.");
const MEMORY: Described = row(
    Kind::Observed,
    "process_resident_memory_bytes",
    "By",
    "Memory of the process, where the system tells.",
);
const THREADS: Described =
    row(Kind::Observed, "process_threads", "", "Threads of the process, where the system tells.");
const FILES: Described = row(
    Kind::Observed,
    "process_open_fds",
    "",
    "Open files and connections of the process, where the system tells.",
);

const fn row(kind: Kind, name: &'static str, unit: &'static str, description: &'static str) -> Described {
    Described { name, kind, unit, labels: &[], description }
}

/// Exports the process's processor time, memory, threads and files, where the system tells.
pub(crate) fn observe(meter: &Meter) {
    if read().is_none() {
        return;
    }
    let cpu = meter.f64_observable_counter(CPU.name).with_unit(CPU.unit).with_description(CPU.description);
    cpu.with_callback(|observer| {
        if let Some(read) = read() {
            observer.observe(read.cpu_seconds, &[]);
        }
    })
    .build();
    gauge(meter, &MEMORY, || read().map(|read| read.resident_bytes));
    gauge(meter, &THREADS, || read().map(|read| read.threads));
    gauge(meter, &FILES, || Some(fs::read_dir("/proc/self/fd").ok()?.count() as f64));
}

fn gauge(meter: &Meter, row: &Described, value: impl Fn() -> Option<f64> + Send + Sync + 'static) {
    let gauge = meter.f64_observable_gauge(row.name).with_unit(row.unit).with_description(row.description);
    gauge
        .with_callback(move |observer| {
            if let Some(value) = value() {
                observer.observe(value, &[]);
            }
        })
        .build();
}

fn read() -> Option<Read> {
    parse(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// Reads `/proc/self/stat`. The name of the program stands in parentheses, and may contain anything.
fn parse(stat: &str) -> Option<Read> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // By proc(5): utime 14, stime 15, num_threads 20, rss 24, counted from 1; the rest begins with field 3.
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    Some(Read {
        cpu_seconds: (field(14)? + field(15)?) / ticks,
        resident_bytes: field(24)? * rustix::param::page_size() as f64,
        threads: field(20)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_any_name() {
        let stat = "7 (a) b ( c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 12 0 100 8192 3 0 0";
        let read = parse(stat).unwrap();
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let page = rustix::param::page_size() as f64;
        assert_eq!(read, Read { cpu_seconds: 300.0 / ticks, resident_bytes: 3.0 * page, threads: 12.0 });
    }
}
