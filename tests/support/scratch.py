"""A scratch copy of the repository, in which a guide's steps are taken and its checks run.

A guide's code block names its file after the language; a renderer shows the language alone:

    ```python path/to/file.py                  the whole file
    ```python path/to/file.py after: LINE      inserted after the only line that reads LINE, where
                                               a LINE in quotes has its indentation as well
    ```python path/to/file.py end              appended after two empty lines
    ```sh run                                  commands that end with exit code 0

Blocks without any of these are not laid down.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs/guides"
_BLOCK = re.compile(r"^```\w+ (?P<mark>\S.*?)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A code block of a guide, and what is to be done with it."""

    mark: str
    text: str


def steps(guide: str) -> list[Step]:
    """The marked blocks of `docs/guides/<guide>`, in order."""
    text = (GUIDES / guide).read_text("utf-8")
    return [Step(found["mark"], found["text"]) for found in _BLOCK.finditer(text)]


class Scratch:
    """A copy of what git tracks or would track, with this environment's programs as `.venv`.

    Its members' sources come before the installed ones, and `make` sees an environment that is up
    to date: nothing of the real one is changed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, check=True,
        ).stdout.decode()  # fmt: skip
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, root / name)
        environment = root / ".venv"
        environment.mkdir()
        for path in (ROOT / ".venv").iterdir():
            if path.name != ".ready":
                (environment / path.name).symlink_to(path)
        for path in (root / "pins").iterdir():
            os.utime(path, (0, 0))
        (environment / ".ready").touch()
        os.utime(environment / ".ready", (2**32, 2**32))

    def follow(self, guide: str, replaced: Mapping[str, str] | None = None) -> int:
        """Take the steps of a guide, its text changed by `replaced`; how many there were.

        Raises AssertionError with what a command printed when one fails.
        """
        found = steps(guide)
        for step in found:
            text = step.text
            for old, new in (replaced or {}).items():
                text = text.replace(old, new)
            if step.mark == "run":
                for line in text.replace("\\\n", " ").splitlines():
                    self.run(line)
            else:
                self._lay_down(step.mark, text)
        return len(found)

    def run(self, command: str) -> None:
        """Run a command line in the copy."""
        members = (p.parent for p in self.root.glob("*/pyproject.toml"))
        deeper = (p.parent for p in self.root.glob("*/*/pyproject.toml"))
        sources = os.pathsep.join(str(path / "src") for path in (*members, *deeper))
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "MAKE", "MFLAGS", "COVERAGE_"))
        }
        environment |= {"PYTHONPATH": sources, "PYTHONDONTWRITEBYTECODE": "1", "CI": "false"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.root, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"

    def _lay_down(self, mark: str, text: str) -> None:
        name, _, place = mark.partition(" ")
        path = self.root / name
        if not place:
            assert not path.exists(), f"{name} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        elif place == "end":
            path.write_text(path.read_text("utf-8").rstrip("\n") + f"\n\n\n{text}", "utf-8")
        else:
            line = place.removeprefix("after: ")
            lines = path.read_text("utf-8").splitlines(keepends=True)
            exact = line.startswith("'")
            read = [each.rstrip("\n") if exact else each.strip() for each in lines]
            places = [n for n, each in enumerate(read) if each == line.strip("'")]
            assert len(places) == 1, f"{name} has {len(places)} lines that read {line}"
            lines.insert(places[0] + 1, text)
            path.write_text("".join(lines), "utf-8")
