"""Formats the figures as Markdown."""

import machine


def markdown(result: dict) -> str:
    lines = [
        f"{result['machine']}; data on {result['disk']}; began {result['began']}. Times in ms, start → result by the "
        "client's clock. Each system alone, one after another, with fsync.",
        "",
        "| system | 4 in a line, p50 | p99 | 1 + 100 + 1, p50 | p99 | steps/s | processes, in flight | CPU-s per 1,000 "
        "steps | fdatasync, p50 | p99 | busy before |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [row(system) for system in result["systems"]]
    clocked = [system for system in result["systems"] if "database" in system["linear_4"]]
    if clocked:
        lines += ["", "By the database's clock, created → completed:", ""]
        lines += ["| system | 4 in a line, p50 | p99 | 1 + 100 + 1, p50 | p99 |", "|---|---|---|---|---|"]
        for system in clocked:
            lines.append(cells(system["system"], *times(system, "database")))
    lines += ["", "All levels of the throughput, in steps/s by processes × workflows in flight per process:", ""]
    for system in result["systems"]:
        if len(system["levels"]) > 1:
            levels = [
                f"{level['processes']} × {level['in_flight'] // level['processes']}: {level['steps_per_second']:,.0f}"
                for level in system["levels"]
            ]
            lines.append(f"- {system['system']}: {', '.join(levels)}")
    lines += ["", "Versions and durability:", ""]
    lines += [f"- {system['system']}: {system['versions']}. {system['durability']}" for system in result["systems"]]
    few = [
        f"{system['system']} ran {shape} only {system[shape]['runs']} times, because its time was over."
        for system in result["systems"]
        for shape in ("linear_4", "fan_out_100")
        if system[shape]["runs"] < 200
    ]
    if few:
        lines += ["", *few]
    for name, error in result["failed"].items():
        lines += ["", f"{name} failed: {error.splitlines()[0]}"]
    if any(system["busy_before"] > machine.TOO_BUSY for system in result["systems"]):
        lines += ["", f"**Other programs were running (busy before > {machine.TOO_BUSY:.0%}): do not publish these figures.**"]
    return "\n".join(lines) + "\n"


def row(system: dict) -> str:
    best = max(system["levels"], key=lambda level: level["steps_per_second"])
    in_flight = f"{best['processes']}, {best['in_flight'] or 'a full queue'}"
    cpu = best["cpu_seconds_per_1000_steps"]
    disk = system["fdatasync_ms"]
    return cells(
        system["system"],
        *times(system),
        f"{best['steps_per_second']:,.0f}",
        in_flight,
        "–" if cpu is None else f"{cpu:.2f}",
        f"{disk['p50']:.2f}",
        f"{disk['p99']:.2f}",
        f"{system['busy_before']:.0%}",
    )


def times(system: dict, clock: str | None = None) -> list[str]:
    found = [system[shape] if clock is None else system[shape][clock] for shape in ("linear_4", "fan_out_100")]
    return [f"{figures[key]:.1f}" for figures in found for key in ("p50", "p99")]


def cells(*values: str) -> str:
    return f"| {' | '.join(values)} |"
