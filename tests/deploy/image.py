"""A service's image on this machine: what its Dockerfile copies and installs, and nothing else."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.container import ROOT

UV = Path(sys.executable).with_name("uv")
_ENVIRONMENT = "/opt/payesh"
_NOTICES = "LICENSE THIRD_PARTY_NOTICES.md /usr/share/doc/payesh/"


@dataclass(frozen=True)
class Image:
    """The part of an image that is the service's own: its environment, at `root` + /opt/payesh."""

    service: str
    root: Path

    @property
    def programs(self) -> Path:
        """The folder of its commands, Python among them."""
        return self.root / _ENVIRONMENT.lstrip("/") / "bin"

    def entry_point(self) -> list[str]:
        """The image's ENTRYPOINT, with its program's place here."""
        program, *rest = json.loads(_the_one("ENTRYPOINT", stages(self.service)[1]))
        return [str(self.programs / program), *rest]

    def environment(self) -> dict[str, str]:
        """Variables of a process in the image, before a deployment adds its own.

        An image writes no bytecode; here it is cached for the other processes of the image.
        """
        return {
            "PATH": f"{self.programs}:{os.defpath}",
            "PYTHONPYCACHEPREFIX": str(self.root / "bytecode"),
        }


def build_image(service: str, folder: Path) -> Image:
    """Follow the build stage of the service's Dockerfile in `folder`, then remove its sources.

    Raises AssertionError when an installation fails, or when the Dockerfile copies what
    .dockerignore keeps out of a build or has an instruction that this function does not know.
    """
    build, final = stages(service)
    copied = [rest for word, rest in final if word == "COPY"]
    assert copied == [_NOTICES, f"--from=build {_ENVIRONMENT} {_ENVIRONMENT}"], copied
    source = folder / "src"
    source.mkdir(parents=True)
    arguments: dict[str, list[str]] = {}
    for word, rest in build:
        if word == "ARG":
            name, _, default = rest.partition("=")
            arguments[f"${name}"] = shlex.split(default)
        elif word == "COPY":
            *names, target = shlex.split(rest)
            for name in names:
                _copy(name, source / target)
        elif word == "RUN":
            for command in rest.split("&&"):
                parts = [arguments.get(part, [part]) for part in shlex.split(command)]
                _run([part for each in parts for part in each], source, folder)
        else:
            assert word in ("FROM", "WORKDIR"), f"{service}: {word} {rest}"
    shutil.rmtree(source)
    return Image(service, folder)


def stages(service: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Instructions of the build stage and of the image, each as its word and the rest."""
    text = (ROOT / f"services/{service}/Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    instructions = [
        (word, rest.strip())
        for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)
    ]
    starts = [n for n, (word, _) in enumerate(instructions) if word == "FROM"]
    assert len(starts) == 2, f"{service}: a build stage and the image"
    return instructions[starts[0] : starts[1]], instructions[starts[1] :]


def _the_one(word: str, stage: list[tuple[str, str]]) -> str:
    (found,) = [rest for each, rest in stage if each == word]
    return found


def _copy(name: str, target: Path) -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert ignored[0] == "**"
    admitted = {line[1:] for line in ignored if line.startswith("!")}
    assert name.split("/")[0] in admitted, f"{name} does not reach a build"
    target.parent.mkdir(parents=True, exist_ok=True)
    if (ROOT / name).is_dir():
        skipped = shutil.ignore_patterns("__pycache__", "training")
        shutil.copytree(ROOT / name, target, ignore=skipped, dirs_exist_ok=True)
    else:
        shutil.copy(ROOT / name, target)


def _run(command: list[str], source: Path, folder: Path) -> None:
    if command[:2] == ["pip", "install"]:
        return  # uv for the build stage; here it is this environment's
    assert command[0] == "uv", f"this test cannot follow: {shlex.join(command)}"
    placed = [part.replace(_ENVIRONMENT, f"{folder}{_ENVIRONMENT}") for part in command[1:]]
    if placed[0] == "venv":
        placed += ["--python", sys.executable]
    # --no-cache is of use in an image's layer alone; here it would fetch every package again.
    arguments = [part for part in placed if part != "--no-cache"]
    done = subprocess.run(
        [str(UV), *arguments], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
