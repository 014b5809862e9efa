"""Installs the peers at their pinned versions into one folder."""

import json
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from programs import Failed

HERE = Path(__file__).resolve().parent
# One Node.js for all peers, from npm: Restate's SDK needs a newer one than many systems install.
NODE_VERSION = "24.22.3"
NODE_PEERS = ("restate", "dbos-typescript", "absurd")
PYTHON_PEERS = ("dbos-python", "absurd")


class Installed:
    """Where the peers are, and which versions they are."""

    def __init__(self, folder: Path, node: Path, system: str):
        self.folder, self.node, self.node_version = folder, node, NODE_VERSION
        server = f"restate/node_modules/@restatedev/restate-server-{system}/bin/restate-server"
        self.restate_server = folder / server

    def python(self, peer: str) -> Path:
        """The folder of a Python peer's programs."""
        return self.folder / peer / "venv/bin"

    def version(self, peer: str, package: str) -> str:
        """The version of an npm package."""
        found = json.loads((self.folder / peer / "node_modules" / package / "package.json").read_text())
        return found["version"]

    def pinned(self, peer: str, package: str) -> str:
        """The version of a Python package."""
        lines = (self.folder / peer / "requirements.txt").read_text().splitlines()
        return next(line.partition("==")[2] for line in lines if line.startswith(f"{package}=="))


def install(folder: Path) -> Installed:
    """Copies the peers' programs and installs what they need. What is there already is kept."""
    machines = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    if platform.machine() not in machines:
        raise Failed(f"Restate has no server for {platform.machine()}; run this on x86_64 or arm64")
    system = f"{sys.platform}-{machines[platform.machine()]}"
    folder.mkdir(parents=True, exist_ok=True)
    node = folder / f"node/node_modules/node-{system}/bin/node"
    wanted = f"node-{system}@{NODE_VERSION}"
    if not is_current(folder / "node/installed", wanted):
        npm(["install", "--no-save", "--prefix", folder / "node", wanted], folder, f"Node.js {NODE_VERSION}")
        (folder / "node/installed").write_text(wanted)
    shutil.copy(HERE / "measure.mjs", folder)
    for peer in sorted({*NODE_PEERS, *PYTHON_PEERS}):
        shutil.copytree(HERE / peer, folder / peer, dirs_exist_ok=True)
    for peer in NODE_PEERS:
        lock = (HERE / peer / "package-lock.json").read_text()
        if not is_current(folder / peer / "node_modules/installed", lock):
            npm(["ci"], folder / peer, f"the npm packages of {peer}")
            (folder / peer / "node_modules/installed").write_text(lock)
    for peer in PYTHON_PEERS:
        pins = (HERE / peer / "requirements.txt").read_text()
        if not is_current(folder / peer / "venv/installed", pins):
            python_packages(folder / peer)
            (folder / peer / "venv/installed").write_text(pins)
    return Installed(folder, node, system)


def is_current(mark: Path, wanted: str) -> bool:
    return mark.is_file() and mark.read_text() == wanted


def npm(arguments: list, folder: Path, what: str) -> None:
    # Scripts of packages are not run: none of these needs one, and one reports the installation to its authors.
    command = ["npm", *arguments, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
    step(f"installing {what} into {folder}", command, folder)


def python_packages(folder: Path) -> None:
    try:
        venv.create(folder / "venv", clear=True, with_pip=True)
    except subprocess.CalledProcessError as error:
        raise Failed("Python cannot make a virtual environment; install its venv (Debian: python3-venv)") from error
    pip = [folder / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--requirement", "requirements.txt"]
    step(f"installing the Python packages of {folder.name} into {folder}", pip, folder)


def step(what: str, command: list, folder: Path) -> None:
    print(what, file=sys.stderr, flush=True)
    done = subprocess.run([str(part) for part in command], check=False, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{what} failed:\n{done.stderr.strip() or done.stdout.strip()}")
