"""Builds of components, and what they say about mistakes. Needs componentize-py."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from tasker_handler.build import digest, module_of

MANIFEST = '[project]\nname = "shop"\n'
GOOD = """
    from tasker_handler import Context, handler

    @handler
    def nothing(ctx: Context) -> None: ...
"""


@unittest.skipUnless(importlib.util.find_spec("componentize_py"), "componentize-py is not installed")
class Builds(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.output = self.folder / "out" / "shop.wasm"

    def write(self, **files: str) -> None:
        for name, text in ({"pyproject": MANIFEST} | files).items():
            ending = "toml" if name == "pyproject" else "py"
            (self.folder / f"{name}.{ending}").write_text(textwrap.dedent(text))

    def build(self) -> tuple[int, str]:
        command = [sys.executable, "-m", "tasker_handler.build", "--output", str(self.output)]
        path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    def fails(self, *parts: str) -> None:
        code, said = self.build()
        self.assertEqual(code, 1)
        for part in parts:
            self.assertIn(part, said)
        # Frames of the SDK and of the importing machinery say nothing to the project.
        self.assertNotIn("tasker_handler/", said)
        self.assertNotIn("importlib", said)
        self.assertFalse(self.output.with_name("shop.wasm.key").exists())

    def test_a_component_is_built_again_only_when_something_has_changed(self) -> None:
        self.write(handlers=GOOD)
        self.assertEqual(self.build()[0], 0)
        made = self.output.stat().st_mtime_ns
        self.assertEqual((self.build(), self.output.stat().st_mtime_ns), ((0, ""), made))
        packages, made_files = self.folder / ".venv", {self.output, self.output.with_name("shop.wasm.key")}
        digests = [digest(self.folder, packages, "handlers", made_files)]
        self.write(helper="x = 1")
        digests.append(digest(self.folder, packages, "handlers", made_files))
        self.assertEqual(len(set(digests)), 2)

    def test_a_module_that_is_not_there_is_named_with_the_line_that_imports_it(self) -> None:
        self.write(handlers="import logging\nimport nowhere\n")
        self.fails('File "handlers.py", line 2, in <module>', "ModuleNotFoundError: No module named 'nowhere'")


class Settings(unittest.TestCase):
    def check(self, manifest: str, message: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "pyproject.toml").write_text(manifest)
            Path(folder, "json.py").touch()
            with self.assertRaises(SystemExit) as raised:
                module_of(Path(folder))
            self.assertIn(message, str(raised.exception))

    def test_mistakes_in_the_settings_are_named(self) -> None:
        self.check("[tool.tasker]\nmodul = 'a'\n", "has no key `modul`: it has `module`")
        self.check("[tool.tasker]\nmodule = 'a-b'\n", "is the name of a module")
        self.check("[tool.tasker]\nmodule = 'json'\n", "`json` is a module of Python itself")
        self.check("[project]\n", "there is no module `handlers`")
        self.check("[project", "pyproject.toml: ")
