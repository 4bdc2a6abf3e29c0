"""What a contributor's tools are told agrees with what the project does."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


def hooks() -> list[dict[str, Any]]:
    document = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    return [hook for repository in document["repos"] for hook in repository["hooks"]]


def test_hooks_are_valid_and_fetch_nothing() -> None:
    program = Path(sys.executable).with_name("pre-commit")
    done = subprocess.run(
        [str(program), "validate-config", str(ROOT / ".pre-commit-config.yaml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    document = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert {repository["repo"] for repository in document["repos"]} == {"local"}
    assert {hook["language"] for hook in hooks()} == {"system"}


def test_hooks_run_what_the_makefile_runs() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("$(BIN)", ".venv/bin")
    for hook in hooks():
        program = hook["entry"].removesuffix(" --force-exclude").replace("make --silent ", "")
        assert program in makefile, hook["id"]
