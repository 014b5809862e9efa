"""Processes that the benchmark starts, and that end with it."""

import contextlib
import ctypes
import json
import os
import queue
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Failed(Exception):
    """The measurement cannot go on. The message tells what, where and what to do."""


class Program:
    """A running process. What it prints is read line by line; its errors go to a log."""

    # Whether closing its input asks it to end.
    ends_with_input = False

    def __init__(self, name: str, command: list[str | Path], folder: Path, environment: dict[str, str] | None = None):
        self.name, self.log = name, folder / f"{name}.log"
        # Only what programs need: settings of the user's shell must not change what is measured.
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR", "USER") if key in os.environ}
        try:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=folder,
                env=kept | (environment or {}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log.open("ab"),
                text=True,
                # Ctrl-C reaches the driver only, which then stops everything in order.
                start_new_session=True,
                # If the driver is killed, the process ends, too.
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
            )
        except OSError as error:
            raise Failed(f"{name} cannot be started: {error}") from error
        self.lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def line(self, seconds: float) -> str:
        """The next line that it prints."""
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            raise Failed(f"{self.name} printed nothing for {seconds:.0f} s{self.errors()}") from None
        if line is None:
            raise Failed(f"{self.name} ended with status {self.process.wait()}{self.errors()}")
        return line

    def value(self, seconds: float) -> Any:
        """The next JSON value that it prints. Other lines are skipped."""
        while True:
            line = self.line(seconds)
            try:
                return json.loads(line)
            except ValueError:
                continue

    def expect(self, value: str, seconds: float) -> None:
        found = self.value(seconds)
        if found != value:
            raise Failed(f"{self.name} printed {found!r} where {value!r} was expected")

    def go(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def errors(self) -> str:
        """The end of its log, for messages."""
        text = self.log.read_text(errors="replace").strip()
        return f"; the end of its log:\n{text[-2000:]}" if text else ""

    def wait(self, seconds: float) -> None:
        """Waits until it has ended by itself."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end within {seconds:.0f} s") from None
        if status != 0:
            raise Failed(f"{self.name} ended with status {status}{self.errors()}")

    def stop(self) -> None:
        """Ends it and everything that it started: politely, then not."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        if self.ends_with_input:
            self._ended(30)
        for number, patience in ((signal.SIGINT, 10), (signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            for process in self._session():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, number)
            if self._ended(patience):
                return

    def _ended(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not self._session():
                return True
            time.sleep(0.02)
        return False

    def _session(self) -> list[int]:
        """The running processes of its session, which only it and its children belong to."""
        self.process.poll()
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue  # It has ended.
            if int(session) == self.process.pid and state != "Z":
                found.append(int(stat.parent.name))
        return found


class Group:
    """Programs that end together, the last started first."""

    def __init__(self, folder: Path):
        self.folder, self.programs = folder, []

    def start(self, name: str, command: list[str | Path], environment: dict[str, str] | None = None) -> Program:
        program = Program(name, command, self.folder, environment)
        self.programs.append(program)
        return program

    def __enter__(self) -> "Group":
        return self

    def __exit__(self, *_: object) -> None:
        while self.programs:
            self.programs.pop().stop()
