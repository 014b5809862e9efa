"""Builds a project's handlers into a component: `python -m tasker_handler.build --output handlers.wasm`, in the project's folder.

The folder has a `pyproject.toml`. Its handlers are in the module `handlers`, or in the one that it names:

    [tool.tasker]
    module = "shop.handlers"
"""

import argparse
import hashlib
import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path

from ._snapshot import BEGIN, END

SDK = Path(__file__).parent
# Raised when the same sources give another component.
RECIPE = "1"
# What a project has in its own folder beside its handlers.
IGNORED = {"tests", "templates", "triggers", "tasker.toml", "template.schema.json", "README.md"}
ENTRY = """\
from tasker_handler._component import StepHandler, start

start({module!r})
"""


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tasker_handler.build", description="Builds handlers into a component.")
    arguments.add_argument("--output", type=Path, required=True, help="the file to write")
    output: Path = arguments.parse_args().output.absolute()
    folder = Path.cwd()
    module = module_of(folder)
    packages = Path(sysconfig.get_path("purelib"))
    note = output.with_name(output.name + ".key")
    key = digest(folder, packages, module, {output, note})
    if output.is_file() and note.is_file() and note.read_text() == key:
        return
    note.unlink(missing_ok=True)
    print(f"{folder.name}: building its component", file=sys.stderr)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as entry:
        (Path(entry) / "tasker_component.py").write_text(ENTRY.format(module=module))
        command = [
            str(Path(sys.executable).with_name("componentize-py")),
            "--quiet",
            *("--wit-path", str(SDK / "wit")),
            *("--world", "sdk"),
            "componentize",
            *("--python-path", entry),
            *("--python-path", str(folder)),
            *("--python-path", str(SDK.parent)),
            *("--python-path", str(packages)),
            *("--output", str(output)),
            "tasker_component",
        ]
        # Without it, the packages of the Python that is first in the path would be found, too.
        environment = os.environ | {"VIRTUAL_ENV": sys.prefix}
        try:
            done = subprocess.run(
                command, env=environment, stdout=sys.stderr, stderr=subprocess.PIPE, text=True, errors="replace"
            )
        except FileNotFoundError:
            sys.exit("componentize-py is missing: depend on `tasker-handler[build]`, and install that")
    if done.returncode != 0:
        sys.exit(explained(done.stderr, packages))
    sys.stderr.write(done.stderr)
    note.write_text(key)


def module_of(folder: Path) -> str:
    """The module with the handlers, checked."""
    manifest = folder / "pyproject.toml"
    try:
        settings = tomllib.loads(manifest.read_text()).get("tool", {}).get("tasker", {})
    except FileNotFoundError:
        sys.exit(f"there is no {manifest}")
    except tomllib.TOMLDecodeError as error:
        sys.exit(f"{manifest}: {error}")
    if unknown := settings.keys() - {"module"}:
        sys.exit(f"{manifest}: [tool.tasker] has no key `{min(unknown)}`: it has `module`")
    module = settings.get("module", "handlers")
    if not isinstance(module, str) or not all(part.isidentifier() for part in module.split(".")):
        sys.exit(f"{manifest}: `module` under [tool.tasker] is the name of a module, such as `shop.handlers`")
    path = folder.joinpath(*module.split("."))
    if not path.with_suffix(".py").is_file() and not (path / "__init__.py").is_file():
        sys.exit(f"{manifest}: there is no module `{module}`: neither {path}.py nor {path / '__init__.py'}")
    if module.split(".")[0] in sys.stdlib_module_names:
        sys.exit(f"{manifest}: `{module}` is a module of Python itself: rename it, and set `module` under [tool.tasker]")
    return module


def digest(folder: Path, packages: Path, module: str, made: set[Path]) -> str:
    """The SHA-256 of all that the component is made of. The files that are made of it do not count."""
    hashed = hashlib.sha256(f"{RECIPE} {sys.version} {module}".encode())
    for root in (folder, SDK):
        for file in sorted(set(files_of(root, IGNORED)) - made):
            content = file.read_bytes()
            hashed.update(f"{file.relative_to(root)} {len(content)} ".encode() + content)
    # What is installed does not change without its version.
    for one in sorted(str(found) for found in packages.glob("*.dist-info")):
        hashed.update(one.encode())
    return hashed.hexdigest()


def files_of(folder: Path, ignored: Collection[str] = ()) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name == "__pycache__" or path.name in ignored:
            continue
        if path.is_dir():
            # Another environment than this one.
            if not (path / "pyvenv.cfg").is_file():
                yield from files_of(path)
        else:
            yield path


def explained(said: str, packages: Path) -> str:
    """What went wrong: what the component said about it, if it did."""
    if BEGIN not in said:
        # A backtrace of the tool's own says nothing to the project.
        return "componentize-py failed: " + said.split("AssertionError: ")[-1].split("\nStack backtrace:")[0].rstrip()
    message = said.split(BEGIN, 1)[1].split(END, 1)[0].strip()
    if "ImportError" in message or "ModuleNotFoundError" in message:
        message += native(packages)
    return message


def native(packages: Path) -> str:
    """A hint, if packages have native code, which is for this machine and not for components."""
    tools = {"componentize_py"}
    names = {
        file.parts[0].split(".")[0]
        for found in importlib.metadata.distributions(path=[str(packages)])
        for file in found.files or []
        if file.suffix in (".so", ".pyd", ".dylib")
    } - tools
    if not names:
        return ""
    return f"\nThese packages have native code, which no component can hold: {', '.join(sorted(names))}"


if __name__ == "__main__":
    main()
