"""The machine of a measurement: its hardware, its disk, and the processor time that processes used."""

import os
import platform
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# The share of processor time of other programs above which figures mean nothing.
TOO_BUSY = 0.1


def describe() -> str:
    """Processor, cores, memory and kernel in one line."""

    def field(file: str, name: str) -> str:
        lines = Path(file).read_text().splitlines()
        return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")

    processor = field("/proc/cpuinfo", "model name") or platform.machine()
    gibibytes = int(field("/proc/meminfo", "MemTotal").split()[0]) / (1 << 20)
    return f"{processor}, {os.cpu_count()} cores, {gibibytes:.0f} GiB, Linux {platform.release()}"


def file_system(folder: Path) -> tuple[str, str]:
    """The device and the type of the file system that holds a folder."""
    found = ("", "", "")
    for line in Path("/proc/mounts").read_text().splitlines():
        device, mount, kind = line.split()[:3]
        if folder.is_relative_to(mount) and len(mount) >= len(found[0]):
            found = (mount, device, kind)
    return found[1], found[2]


def fdatasync_milliseconds(folder: Path) -> dict[str, float]:
    """How long it takes to write 8 KiB and wait for the disk, in a file that has its size, like PostgreSQL's log."""
    path = folder / "fdatasync"
    times, runs, size = [], 300, 8192
    file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.write(file, bytes(runs * size))
        os.fsync(file)
        os.lseek(file, 0, os.SEEK_SET)
        for _ in range(runs):
            started = time.perf_counter()
            os.write(file, bytes(size))
            os.fdatasync(file)
            times.append((time.perf_counter() - started) * 1000)
    finally:
        os.close(file)
        path.unlink()
    return percentiles(times)


def busy_share() -> float:
    """The share of all cores' time that is not idle, over one second."""

    def read() -> tuple[int, int]:
        values = [int(value) for value in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return sum(values), values[3] + values[4]

    (total, idle), _ = read(), time.sleep(1)
    later, later_idle = read()
    return 1 - (later_idle - idle) / max(later - total, 1)


def cpu_seconds(roots: list[int]) -> float:
    """The processor time of these processes and of all that they started."""
    parents, ticks = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It has ended.
        parents[int(entry.name)] = int(fields[1])
        # User and system time, its own and that of its ended children: fields 14 to 17 of proc(5).
        ticks[int(entry.name)] = sum(int(field) for field in fields[11:15])

    def belongs(process: int) -> bool:
        while process not in roots and process > 1:
            process = parents.get(process, 0)
        return process in roots

    return sum(value for process, value in ticks.items() if belongs(process)) / TICKS


def percentiles(values: list[float]) -> dict[str, float]:
    """p50 and p99 by the nearest rank, as tasker-bench calculates them."""
    ordered = sorted(values)

    def at(percent: int) -> float:
        return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]

    return {"runs": len(ordered), "p50": at(50), "p99": at(99)}
