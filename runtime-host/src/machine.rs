//! What this process may use of its machine, read from `/proc` and from the control groups: memory, and whether that
//! memory may be swapped out.

use std::path::{Path, PathBuf};

/// The machine, seen through its files.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    /// The folder that contains `proc` and `sys`.
    root: PathBuf,
}

/// What this process has used, as far as the system tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ProcessUsage {
    /// Its processor time since its start, in milliseconds.
    pub(crate) cpu_ms: Option<u64>,
    /// Its memory, in bytes.
    pub(crate) memory_bytes: Option<u64>,
}

/// Whether memory of this process may be swapped out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Swap {
    /// Not as long as the stated fact holds.
    Impossible(&'static str),
    /// It may, or it is not known.
    Possible(&'static str),
}

impl Machine {
    /// This machine.
    pub(crate) fn here() -> Self {
        Self { root: PathBuf::from("/") }
    }

    #[cfg(test)]
    pub(crate) fn under(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Whether memory of this process may be swapped out now.
    pub(crate) fn swap(&self) -> Swap {
        swap(self.read("proc/swaps").as_deref(), &self.limits("memory.swap.max", None))
    }

    /// The memory that this process may use, in bytes. None if nothing states it.
    pub(crate) fn memory(&self) -> Option<u64> {
        // Lambda's functions have no control group of their own to read.
        let function = std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok();
        let limits = self.limits("memory.max", Some("memory.limit_in_bytes"));
        memory(function.as_deref(), &limits, self.read("proc/meminfo").as_deref())
    }

    /// What this process has used.
    pub(crate) fn process_usage(&self) -> ProcessUsage {
        ProcessUsage {
            cpu_ms: self.read("proc/self/stat").and_then(|stat| processor_time(&stat)),
            memory_bytes: self.read("proc/self/status").and_then(|status| kibibytes(&status, "VmRSS:")),
        }
    }

    fn read(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(file)).ok()
    }

    /// The content of this file in every control group that this process is in: its own and those around it. A limit
    /// applies wherever it is set. `first` is the file's name in version 1, if its meaning is the same.
    fn limits(&self, name: &str, first: Option<&str>) -> Vec<String> {
        let groups = self.read("proc/self/cgroup").unwrap_or_default();
        let mut contents = Vec::new();
        for line in groups.lines() {
            let mut fields = line.splitn(3, ':');
            let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let (mounts, name): (&[&str], &str) = match (controllers, first) {
                ("", _) => (&["sys/fs/cgroup", "sys/fs/cgroup/unified"], name),
                (controllers, Some(first)) if controllers.split(',').any(|one| one == "memory") => {
                    (&["sys/fs/cgroup/memory"], first)
                }
                _ => continue,
            };
            // In a container the path may be that of the machine outside; the last folder, the mount itself, is ours.
            for group in Path::new(path.trim_start_matches('/')).ancestors() {
                contents.extend(
                    mounts
                        .iter()
                        .filter_map(|mount| self.read(Path::new(mount).join(group).join(name).to_str()?)),
                );
            }
        }
        contents
    }
}

/// Whether memory may be swapped out, from the content of `/proc/swaps` and of every `memory.swap.max`.
///
/// The limit of version 1 (`memory.memsw.limit_in_bytes`) is not asked: it limits memory and swap together, so it
/// does not keep a process below it from being swapped out.
fn swap(swaps: Option<&str>, limits: &[String]) -> Swap {
    let Some((header, areas)) = swaps.map(|swaps| swaps.split_once('\n').unwrap_or((swaps, ""))) else {
        return Swap::Possible("/proc/swaps cannot be read");
    };
    if !header.starts_with("Filename") {
        return Swap::Possible("/proc/swaps has an unknown format");
    }
    if areas.trim().is_empty() {
        return Swap::Impossible("the machine has no swap");
    }
    if limits.iter().any(|limit| limit.trim() == "0") {
        return Swap::Impossible("the control group may not swap");
    }
    Swap::Possible("the machine has swap")
}

/// The memory of this process, from the size of its Lambda function in MiB, from every limit of its control groups,
/// and from `/proc/meminfo`. The least applies.
fn memory(function: Option<&str>, limits: &[String], meminfo: Option<&str>) -> Option<u64> {
    let function = function.and_then(|mebibytes| mebibytes.trim().parse::<u64>().ok()).map(|size| size << 20);
    // `max` is no number, and no limit.
    let limits = limits.iter().filter_map(|limit| limit.trim().parse().ok());
    let total = meminfo.and_then(|meminfo| kibibytes(meminfo, "MemTotal:"));
    limits.chain(function).chain(total).min()
}

/// The size in a line of a file of `/proc`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1 << 10)
}

/// The time in user and kernel mode from `/proc/self/stat`, in milliseconds. The name of the process may contain anything but
/// ends with the last parenthesis; a tick of the clock is a hundredth of a second on all systems that Linux reports to.
fn processor_time(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, kernel): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    user.checked_add(kernel)?.checked_mul(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
    const ONE: &str =
        "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/swapfile file\t\t1048572\t\t0\t\t-2\n";

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn a_process_knows_what_it_has_used() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 8 0 100 1 2 3";
        assert_eq!(processor_time(stat), Some(3000));
        assert_eq!(kibibytes("Name:\ttasker\nVmRSS:\t   2048 kB\n", "VmRSS:"), Some(2 << 20));
        assert_eq!((processor_time("42"), kibibytes("", "VmRSS:")), (None, None));
        let here = Machine::here().process_usage();
        assert!(here.memory_bytes.is_some_and(|bytes| bytes > 1 << 20), "{here:?}");
    }

    #[test]
    fn memory_stays_only_where_nothing_can_swap_it_out() {
        for (swaps, limits, stays) in [
            (Some(NONE), &[][..], true),
            (Some(NONE.trim_end()), &["max\n"], true),
            (Some(ONE), &[], false),
            (Some(ONE), &["max\n"], false),
            (Some(ONE), &["1048576\n", "max\n"], false),
            // The own group may swap, but one around it may not.
            (Some(ONE), &["max\n", "0\n"], true),
            (Some("/dev/zram0 partition 1 0 100\n"), &[], false),
            (Some(""), &[], false),
            (None, &[], false),
            (None, &["0\n"], false),
        ] {
            let found = swap(swaps, &texts(limits));
            assert_eq!(matches!(found, Swap::Impossible(_)), stays, "{swaps:?} {limits:?}: {found:?}");
        }
    }

    #[test]
    fn the_least_limit_on_memory_applies() {
        let meminfo = "MemTotal:       2048 kB\nMemFree:        1024 kB\n";
        for (function, limits, meminfo, expected) in [
            (None, &[][..], Some(meminfo), Some(2048 << 10)),
            (None, &["max\n"], Some(meminfo), Some(2048 << 10)),
            (None, &["1048576\n", "max\n"], Some(meminfo), Some(1 << 20)),
            // What version 1 says when there is no limit.
            (None, &["9223372036854771712\n"], Some(meminfo), Some(2048 << 10)),
            (Some("1"), &["max\n"], Some(meminfo), Some(1 << 20)),
            (Some("many"), &[], None, None),
            (None, &[], Some("MemFree: 1 kB\n"), None),
        ] {
            assert_eq!(memory(function, &texts(limits), meminfo), expected, "{function:?} {limits:?}");
        }
    }

    /// A machine with these files.
    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Machine) {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let machine = Machine::under(root.path());
        (root, machine)
    }

    #[test]
    fn the_limits_of_all_groups_around_the_process_are_read() {
        let (_root, machine) = machine(&[
            ("proc/swaps", ONE),
            ("proc/meminfo", "MemTotal: 8388608 kB\n"),
            ("proc/self/cgroup", "0::/a/b\n"),
            ("sys/fs/cgroup/a/b/memory.swap.max", "max\n"),
            ("sys/fs/cgroup/a/memory.swap.max", "0\n"),
            ("sys/fs/cgroup/a/b/memory.max", "4194304\n"),
            ("sys/fs/cgroup/a/memory.max", "2097152\n"),
            ("sys/fs/cgroup/c/memory.max", "1\n"),
        ]);
        assert_eq!(machine.swap(), Swap::Impossible("the control group may not swap"));
        assert_eq!(machine.memory(), Some(2 << 20));
    }

    #[test]
    fn in_a_container_of_version_1_the_mount_is_the_group() {
        let (_root, machine) = machine(&[
            ("proc/swaps", ONE),
            ("proc/meminfo", "MemTotal: 8388608 kB\n"),
            ("proc/self/cgroup", "5:cpu,memory:/docker/0123\n4:pids:/docker/0123\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n"),
            ("sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", "1073741824\n"),
        ]);
        assert_eq!(machine.memory(), Some(1 << 30));
        assert_eq!(machine.swap(), Swap::Possible("the machine has swap"));
    }
}
