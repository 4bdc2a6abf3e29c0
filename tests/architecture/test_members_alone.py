"""Each member installs by itself and imports with nothing but what it asked for."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")
MEMBERS = {
    "contracts": ["payesh.contracts"],
    "libs/kit": ["payesh.kit.http"],
    "services/ingest": ["payesh.ingest.main"],
    "services/detect": ["payesh.detect.main", "payesh.detect.observer"],
    "services/plates": ["payesh.plates.main"],
    "services/tickets": ["payesh.tickets.main"],
    "services/access": ["payesh.access.main"],
    "deploy/local": ["payesh.local.cli"],
}
VISION = frozenset({"av", "numpy", "onnxruntime", "opencv-python-headless", "trackers", "torch"})
WITHOUT_VISION = frozenset({"contracts", "libs/kit", "services/access", "services/tickets"})


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def image_context(service: str, folder: Path) -> list[str]:
    """Lay out in `folder` what the service's Dockerfile copies for its build; the arguments of
    its `uv pip install`. Refuses what .dockerignore keeps out of a build."""
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert ignored[0] == "**"
    admitted = {line[1:] for line in ignored if line.startswith("!")}
    text = (ROOT / service / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    _, build, _ = text.split("\nFROM ")
    for line in re.findall(r"^COPY (.+)$", build, re.MULTILINE):
        *sources, _ = line.split()
        for source in sources:
            assert source.split("/")[0] in admitted, f"{source} does not reach a build"
            if (ROOT / source).is_dir():
                skipped = shutil.ignore_patterns("__pycache__", "training")
                shutil.copytree(ROOT / source, folder / source, ignore=skipped)
            else:
                shutil.copy(ROOT / source, folder / source)
    (install,) = re.findall(r"^RUN uv pip install (.+)$", build, re.MULTILINE)
    arguments = shlex.split(install)
    at = arguments.index("--python")
    del arguments[at : at + 2]
    # Only of use in an image's layer; here it would fetch every package again.
    return [argument for argument in arguments if argument != "--no-cache"]


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_installs_and_imports_alone(member: str, tmp_path: Path) -> None:
    """A service as its image is built, from what reaches that build and nothing else."""
    if not UV.is_file():
        pytest.skip("uv is not in this environment: run make setup")
    python = tmp_path / "venv" / "bin" / "python"
    run(UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv", cwd=tmp_path)
    context, arguments = ROOT, ["-c", "constraints.txt", f"./{member}"]
    if member.startswith("services/"):
        context = tmp_path / "context"
        context.mkdir()
        arguments = image_context(member, context)
    run(UV, "pip", "install", "--quiet", "--python", python, *arguments, cwd=context)
    run(python, "-I", "-c", f"import {', '.join(MEMBERS[member])}", cwd=tmp_path)
    names = run(UV, "pip", "list", "--quiet", "--python", python, "--format=freeze", cwd=tmp_path)
    installed = {line.split("==")[0] for line in names.splitlines()}
    assert "opencv-python" not in installed, "only the headless build may come"
    if member in WITHOUT_VISION:
        assert not installed & VISION
    shutil.rmtree(tmp_path / "venv")
