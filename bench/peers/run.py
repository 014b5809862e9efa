#!/usr/bin/env python3
"""Measures Tasker beside other systems for durable workflows: same machine, same shapes, one after another.

`run.py PROGRAMS RESULTS` takes the folder of `tasker`, `tasker-bench` and `private-postgres`, and the folder to write
`peers.json` and `peers.md` to. README.md explains what is measured and what the systems guarantee.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import machine
import report
from install import Installed, install
from programs import Failed, Group, Program

ROOT = Path(__file__).resolve().parents[2]
SHAPES = ("linear_4", "fan_out_100")
STEPS = 4
WARM_UP, RUNS = 20, 200
# A shape that does not reach its runs by then reports fewer.
LATENCY_SECONDS = 120
# Of each level of the throughput: uncounted, then counted.
RISE_SECONDS, COUNT_SECONDS = 3, 8
# How long a program may take to start or to finish its current work.
PATIENCE = 180


@dataclass
class Level:
    """How many processes run the peer's workflows, and how many workflows each keeps in flight."""

    processes: int
    concurrency: int


class Peer:
    """One system in one configuration."""

    def __init__(self, name: str, versions: str, durability: str, levels: list[Level]):
        self.name, self.versions, self.durability, self.levels = name, versions, durability, levels

    def start(self, group: Group, processes: int) -> None:
        """Starts its servers with an empty database. `processes` run workflows, if that is the servers' business."""
        raise NotImplementedError

    def program(self, group: Group, number: int, connections: int, arguments: list[object]) -> Program:
        """Starts the program that starts workflows and measures them."""
        raise NotImplementedError

    def measured(self, group: Group) -> list[int]:
        """The processes whose processor time counts."""
        return [program.process.pid for program in group.programs]


class OnPostgres(Peer):
    """A library that keeps its state in PostgreSQL: Tasker's private server with Tasker's settings."""

    def __init__(self, programs: Path, database: str, command: list[Path], environment: dict[str, str], **peer):
        super().__init__(**peer)
        self.server, self.database, self.command, self.environment = programs, database, command, environment

    def start(self, group: Group, processes: int) -> None:
        postgres = group.start("postgres", [self.server / "private-postgres", group.folder])
        postgres.ends_with_input = True
        url = postgres.line(PATIENCE).replace("postgres://", "postgresql://")
        run(group, "psql", ["psql", url, "--quiet", "--command", f"CREATE DATABASE {self.database}"])
        settings = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
        shown = [word for setting in settings for word in ("--command", f"SHOW {setting}")]
        answers = run(group, "psql", ["psql", url, "--no-align", "--tuples-only", *shown])
        version, *values = answers
        pairs = ", ".join(f"{setting}={value}" for setting, value in zip(settings[1:], values, strict=True))
        self.durability = f"PostgreSQL {version}: {pairs}"
        self.url = url.rpartition("/")[0] + f"/{self.database}"
        self.prepare(group)

    def prepare(self, group: Group) -> None:
        """Makes the peer's tables, if the peer does not do that itself."""

    def program(self, group: Group, number: int, connections: int, arguments: list[object]) -> Program:
        environment = self.environment | {"DATABASE_URL": self.url, "PEER_CONNECTIONS": str(connections)}
        return group.start(f"program-{number}", [*self.command, *arguments], environment)


class Absurd(OnPostgres):
    def __init__(self, tool: Path, **peer):
        super().__init__(**peer)
        self.tool = tool

    def prepare(self, group: Group) -> None:
        run(group, "absurdctl", [self.tool, "init", "--database", self.url])
        run(group, "absurdctl", [self.tool, "create-queue", "--database", self.url, "bench"])


class Restate(Peer):
    def __init__(self, installed: Installed, service: str, **peer):
        super().__init__(**peer)
        self.installed, self.service = installed, service

    def start(self, group: Group, processes: int) -> None:
        admin, ingress, node, services = free_ports(4)
        self.ingress = f"http://127.0.0.1:{ingress}"
        environment = {
            "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
            "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
            "RESTATE_DISABLE_TELEMETRY": "true",
            "RESTATE_LOG_FILTER": "warn",
        }
        server = [self.installed.restate_server, "--no-logo", "--node-name", "bench"]
        server += ["--base-dir", group.folder / "data"]
        server += ["--listen-mode", "tcp", "--bind-ip", "127.0.0.1", "--bind-port", node]
        group.start("restate-server", server, environment)
        # As Restate's documentation advises for production: no log line per invocation.
        quiet = {"NODE_ENV": "production", "RESTATE_LOGGING": "WARN"}
        endpoint = [self.installed.node, self.installed.folder / "restate/services.mjs", services, processes]
        group.start("services", endpoint, quiet).expect("ready", PATIENCE)
        request(f"http://127.0.0.1:{admin}/deployments", {"uri": f"http://127.0.0.1:{services}"})
        request(f"{self.ingress}/{self.service}/linear_4", 0)

    def program(self, group: Group, number: int, connections: int, arguments: list[object]) -> Program:
        environment = {"PEER_INGRESS": self.ingress, "PEER_SERVICE": self.service}
        client = [self.installed.node, self.installed.folder / "restate/client.mjs", *arguments]
        return group.start(f"client-{number}", client, environment)

    def measured(self, group: Group) -> list[int]:
        # Not the client: it does what a caller of any system does.
        return [program.process.pid for program in group.programs[:2]]


def peers(programs: Path, installed: Installed) -> list[Peer]:
    """All systems, each in the configurations that its authors describe."""

    def restate(name: str, service: str) -> Restate:
        versions = f"restate-server {installed.version('restate', '@restatedev/restate-server')}, restate-sdk "
        versions += f"{installed.version('restate', '@restatedev/restate-sdk')}, Node.js {installed.node_version}"
        durability = "one node, replicated loglet with replication 1, WAL with fsync (the server's defaults)"
        levels = [Level(1, 16), Level(1, 64), Level(1, 256), Level(1, 1024), Level(2, 64), Level(2, 256)]
        return Restate(installed, service, name=name, versions=versions, durability=durability, levels=levels)

    def absurd(name: str, environment: dict[str, str], levels: list[Level]) -> Absurd:
        return Absurd(
            tool=installed.python("absurd") / "absurdctl",
            programs=programs,
            database="absurd",
            command=[installed.node, installed.folder / "absurd/main.mjs"],
            environment=environment,
            name=name,
            versions=f"absurd-sdk {installed.version('absurd', 'absurd-sdk')}, schema of absurdctl "
            f"{installed.pinned('absurd', 'absurdctl')}, Node.js {installed.node_version}",
            durability="",
            levels=levels,
        )

    return [
        restate("Restate, `ctx.run` in one handler", "Inline"),
        restate("Restate, a service call per step", "Calls"),
        OnPostgres(
            programs=programs,
            database="dbos",
            command=[installed.node, installed.folder / "dbos-typescript/main.mjs"],
            environment={"NODE_ENV": "production"},
            name="DBOS, TypeScript",
            versions=f"dbos-sdk {installed.version('dbos-typescript', '@dbos-inc/dbos-sdk')}, "
            f"Node.js {installed.node_version}",
            durability="",
            levels=[Level(1, 8), Level(1, 32), Level(1, 128), Level(2, 16), Level(2, 64)],
        ),
        OnPostgres(
            programs=programs,
            database="dbos",
            command=[installed.python("dbos-python") / "python", installed.folder / "dbos-python/main.py"],
            environment={},
            name="DBOS, Python",
            versions=f"dbos {installed.pinned('dbos-python', 'dbos')}, Python {sys.version.split()[0]}",
            durability="",
            levels=[Level(1, 4), Level(1, 16), Level(1, 40), Level(2, 8), Level(2, 20)],
        ),
        # How often an idle worker polls does not matter to a full queue.
        absurd(
            "Absurd, polling as by default",
            {"PEER_POLL_SECONDS": "0.25", "PEER_WAIT": "sdk"},
            [Level(1, 128), Level(2, 64)],
        ),
        absurd(
            "Absurd, polling every 5 ms",
            {"PEER_POLL_SECONDS": "0.005", "PEER_WAIT": "poll"},
            [Level(1, 8), Level(1, 32), Level(1, 128), Level(2, 16), Level(2, 64)],
        ),
    ]


def measure(peer: Peer, folder: Path) -> dict:
    """Both shapes one run at a time, then the throughput at every level."""
    say(peer.name)
    result = {"system": peer.name, "versions": peer.versions} | surroundings(folder)
    with Group(fresh(folder)) as group:
        peer.start(group, 1)
        for shape in SHAPES:
            program = peer.program(group, 0, 20, ["latency", shape, WARM_UP, RUNS, LATENCY_SECONDS])
            times = program.value(LATENCY_SECONDS + PATIENCE)
            program.wait(PATIENCE)
            result[shape] = machine.percentiles(times["milliseconds"])
            if times.get("database"):
                result[shape]["database"] = machine.percentiles(times["database"])
            say(f"  {shape}: p50 {result[shape]['p50']:.1f} ms, p99 {result[shape]['p99']:.1f} ms")
    result["levels"] = [throughput(peer, level, fresh(folder)) for level in peer.levels]
    # After the start, which asks the server for its settings.
    result["durability"] = peer.durability
    return result


def throughput(peer: Peer, level: Level, folder: Path) -> dict:
    with Group(folder) as group:
        peer.start(group, level.processes)
        # The processes of a client-server peer are its servers'; one client is enough.
        clients = 1 if isinstance(peer, Restate) else level.processes
        in_flight = level.concurrency * level.processes // clients
        arguments = ["throughput", in_flight, RISE_SECONDS, COUNT_SECONDS]
        connections = min(level.concurrency, 40)
        programs = []
        for number in range(clients):
            # One after another: the first one makes the tables of some peers.
            program = peer.program(group, number, connections, arguments)
            program.expect("ready", PATIENCE)
            programs.append(program)
        for program in programs:
            program.go()
        for program in programs:
            program.expect("counting", RISE_SECONDS + PATIENCE)
        used = machine.cpu_seconds(peer.measured(group))
        answers = [program.value(COUNT_SECONDS + PATIENCE) for program in programs]
        used = machine.cpu_seconds(peer.measured(group)) - used
        steps = sum(answer["workflows"] for answer in answers) * STEPS
        per_second = sum(answer["workflows"] * STEPS / answer["seconds"] for answer in answers)
        for program in programs:
            program.wait(PATIENCE)
    in_flight = level.processes * level.concurrency
    say(f"  {level.processes} × {level.concurrency}: {per_second:.0f} steps/s")
    return {
        "processes": level.processes,
        "in_flight": in_flight,
        "steps_per_second": per_second,
        "cpu_seconds_per_1000_steps": used * 1000 / steps if steps else None,
    }


def tasker(programs: Path, folder: Path) -> list[dict]:
    """Tasker's own figures, by `tasker-bench`."""
    say("Tasker")
    around, result = surroundings(folder), folder / "tasker.json"
    with Group(folder) as group:
        command = [programs / "tasker-bench", programs / "tasker", ROOT / "examples/benchmark-shapes", result, "peers"]
        # It builds the handlers first, and has its own limits.
        group.start("tasker-bench", command, rust_environment()).wait(1800)
        version = run(group, "tasker", [programs / "tasker", "--version"])[0]
    figures, rows = json.loads(result.read_text()), []
    for key, name in (("one_process", "Tasker, one process"), ("pgmq", "Tasker, server and worker over PGMQ")):
        row = {"system": name, "versions": version, "durability": "PostgreSQL with the same settings"} | around
        for latency in figures[key]["latency"]:
            shape = latency["shape"]
            row[shape["name"]] = {"runs": shape["runs"], **latency["client"], "database": latency["database"]}
        load = figures[key]["throughput"]
        row["levels"] = [
            {
                "processes": 1 if key == "one_process" else 2,
                "in_flight": None,
                "steps_per_second": load["steps_per_second"],
                "cpu_seconds_per_1000_steps": load["cpu_seconds_per_1000_steps"],
            }
        ]
        rows.append(row)
    return rows


def surroundings(folder: Path) -> dict:
    """What the machine does by itself, just before a system is measured."""
    busy = machine.busy_share()
    if busy > machine.TOO_BUSY:
        say(f"other programs use {busy:.0%} of the processors: what follows cannot be published")
    return {"busy_before": busy, "fdatasync_ms": machine.fdatasync_milliseconds(folder)}


def fresh(folder: Path) -> Path:
    """An empty folder in another one. PostgreSQL's user must be able to pass through it."""
    made = Path(tempfile.mkdtemp(dir=folder))
    made.chmod(0o755)
    return made


def run(group: Group, name: str, command: list) -> list[str]:
    """Runs a short command. Returns the lines that it prints."""
    program = group.start(name, command)
    program.wait(PATIENCE)
    group.programs.remove(program)
    lines = []
    while (line := program.lines.get()) is not None:
        lines.append(line)
    return lines


def request(url: str, body: object) -> None:
    """Sends JSON, and tries again until the server is ready."""
    sent = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(sent, timeout=PATIENCE):
                return
        except OSError as error:
            if time.monotonic() > until:
                raise Failed(f"{url} did not answer within {PATIENCE} s: {error}") from error
            time.sleep(0.1)


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def rust_environment() -> dict[str, str]:
    """What building the handlers needs of the user's environment."""
    return {key: value for key, value in os.environ.items() if key.startswith(("CARGO", "RUSTUP"))}


def check(programs: Path) -> None:
    """Fails early if a tool is missing or the figures would mean nothing."""
    for program in ("tasker", "tasker-bench", "private-postgres"):
        if not (programs / program).is_file():
            raise Failed(f"{programs / program} does not exist; `make bench-peers` builds it")
    tools = {"npm": "Node.js with npm", "psql": "PostgreSQL's client (Debian: postgresql-client)"}
    for tool, package in tools.items():
        if not shutil.which(tool):
            raise Failed(f"`{tool}` is not on PATH; install {package}")
    if sys.platform != "linux":
        raise Failed("the driver reads Linux's /proc; run it on Linux")


def write(result: dict, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "peers.json").write_text(json.dumps(result, indent=2) + "\n")
    (folder / "peers.md").write_text(report.markdown(result))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def end(*_: object) -> None:
    # Once: what follows must not interrupt the stop of what was started.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", type=Path, help="folder of tasker, tasker-bench and private-postgres")
    parser.add_argument("results", type=Path, help="folder for peers.json and peers.md")
    parser.add_argument("--only", metavar="WORD", action="append", default=[],
                        help="measure only systems whose name contains this, e.g. Restate; may be repeated")
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    try:
        programs = arguments.programs.resolve()
        check(programs)
        installed = install(ROOT / "target/bench-peers")
        only = arguments.only or [""]
        wanted = [peer for peer in peers(programs, installed) if any(word in peer.name for word in only)]
        own = any(word in "Tasker" for word in only)
        if not wanted and not own:
            raise Failed(f"--only {' '.join(only)}: no system has one of these in its name")
        with tempfile.TemporaryDirectory(prefix="tasker-bench-peers-") as name:
            folder = Path(name)
            folder.chmod(0o755)
            device, kind = machine.file_system(folder)
            if kind in ("tmpfs", "ramfs"):
                raise Failed(f"{folder} is in memory ({kind}), where fsync is free; set TMPDIR to a folder on a disk")
            result = {"machine": machine.describe(), "disk": f"{device} ({kind})", "systems": [], "failed": {}}
            result["began"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            say(f"{result['machine']}; {result['disk']}")
            if own:
                result["systems"] += tasker(programs, fresh(folder))
                write(result, arguments.results)
            for peer in wanted:
                try:
                    result["systems"].append(measure(peer, fresh(folder)))
                except Failed as error:
                    # The others' figures are still worth having.
                    say(f"{peer.name} failed: {error}")
                    result["failed"][peer.name] = str(error)
                write(result, arguments.results)
        print(f"{report.markdown(result)}\nas JSON: {arguments.results / 'peers.json'}")
        return 1 if result["failed"] else 0
    except Failed as error:
        print(f"bench-peers: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench-peers: interrupted; everything it started has ended", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
