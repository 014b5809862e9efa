"""Prepares the memory that every execution starts from: what is imported, warmed up and frozen when a component is built."""

import ast
import contextlib
import gc
import importlib
import importlib.util
import linecache
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

# What the component says about a mistake in the project, when it is built, is between these lines.
BEGIN, END = "--- tasker: begin ---", "--- tasker: end ---"
# What modules of the standard library import when a function is first called.
LATE = {
    "datetime": ["_strptime"],
    "time": ["_strptime"],
    "socket": ["encodings.idna"],
    "urllib.parse": ["unicodedata"],
    "decimal": ["numbers"],
    "typing": ["annotationlib"],
}
# What the component's own start imports: it seeds this generator anew in each execution.
START = ["random"]
CODECS = ["encodings.utf_8", "encodings.latin_1", "encodings.ascii", "encodings.utf_8_sig", "encodings.utf_16", "encodings.idna"]


class NotInComponent(MetaPathFinder):
    """Explains why a module cannot be imported: a component holds what was imported when it was built, and no files."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        message = (
            f"the module `{name}` is not in the component, which holds what was imported when it was built: "
            f"write `import {name}` at the top of a module of the project"
        )
        raise ModuleNotFoundError(message, name=name)


class Snapshot:
    """`folders` are those of the project's own code, as this interpreter sees them."""

    def __init__(self, folders: list[str]) -> None:
        self.folders = [folder.rstrip("/") + "/" for folder in folders]

    def name_of(self, file: str) -> str | None:
        """The name of a file in tracebacks, relative to the project; None for the SDK's own."""
        if file.startswith((SDK, "<frozen ", ENTRY)) or "/importlib/" in file:
            return None
        for folder in [*self.folders, *(f"{entry}/" for entry in sys.path if entry)]:
            if file.startswith(folder):
                return file.removeprefix(folder)
        return file

    def is_own(self, file: str) -> bool:
        """Whether a file is of the project."""
        return any(file.startswith(folder) for folder in self.folders)

    def import_late(self) -> None:
        """Imports what functions of the project import when they are called."""
        done: set[str] = set()
        while waiting := [module for module in own_modules(self) if module.__name__ not in done]:
            for module in waiting:
                done.add(module.__name__)
                for name in imported_by(module):
                    # Such an import may be one of several attempts. If it is needed after all, `NotInComponent` explains.
                    with contextlib.suppress(Exception):
                        importlib.import_module(name)
        for name in [*START, *CODECS, *(late for known, names in LATE.items() if known in sys.modules for late in names)]:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)

    def keep_sources(self) -> None:
        """Keeps the lines of the project's modules for tracebacks, because no execution has their files."""
        for module in own_modules(self):
            file = module.__file__ or ""
            text = Path(file).read_text()
            # Without a time of modification, the cache does not look for the file.
            linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)

    def freeze(self) -> None:
        """The last step: nothing can be imported any more, and the garbage collector leaves alone what there is."""
        sys.meta_path.insert(0, NotInComponent())
        sys.path_importer_cache.clear()
        gc.collect()
        gc.freeze()


ENTRY = "/0/"
SDK = str(Path(__file__).parent) + "/"


def own_modules(snapshot: Snapshot) -> list[ModuleType]:
    """The project's modules that are imported."""
    return [module for module in list(sys.modules.values()) if snapshot.is_own(getattr(module, "__file__", None) or "")]


def imported_by(module: ModuleType) -> list[str]:
    """The absolute names of the modules that the functions of a module import."""
    package = module.__package__ or ""
    tree = ast.parse(Path(module.__file__ or "").read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))]
    names: list[str] = []
    for node in (node for function in functions for node in ast.walk(function)):
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (
                importlib.util.resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
            )
            names.append(base)
            # Of a package, the names may be modules.
            names.extend(f"{base}.{alias.name}" for alias in node.names if alias.name != "*")
    return names
