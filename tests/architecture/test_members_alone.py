"""A member that is no service installs by itself and imports with nothing but what it asked for.

Services are installed as their images are: tests/deploy/test_images.py."""

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
    "libs/verify": ["payesh.verify.command"],
    "deploy/local": ["payesh.local.cli"],
}
VISION = frozenset({"av", "numpy", "onnxruntime", "opencv-python-headless", "trackers", "torch"})
WITHOUT_VISION = frozenset({"contracts", "libs/kit", "libs/verify"})


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_installs_and_imports_alone(member: str, tmp_path: Path) -> None:
    if not UV.is_file():
        pytest.skip("uv is not in this environment: run make setup")
    python = tmp_path / "venv" / "bin" / "python"
    run(UV, "venv", "--quiet", "--python", sys.executable, tmp_path / "venv", cwd=tmp_path)
    arguments = ["--python", str(python), "-c", "pins/packages.lock", f"./{member}"]
    run(UV, "pip", "install", "--quiet", *arguments, cwd=ROOT)
    run(python, "-I", "-c", f"import {', '.join(MEMBERS[member])}", cwd=tmp_path)
    names = run(UV, "pip", "list", "--quiet", "--python", python, "--format=freeze", cwd=tmp_path)
    installed = {line.split("==")[0] for line in names.splitlines()}
    assert "opencv-python" not in installed, "only the headless build may come"
    if member in WITHOUT_VISION:
        assert not installed & VISION
    shutil.rmtree(tmp_path / "venv")
