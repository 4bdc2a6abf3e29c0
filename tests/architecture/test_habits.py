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


def test_every_guide_is_listed_and_followed_by_a_test() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    tests = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "tests").rglob("test_*.py")
        if path != Path(__file__)
    )
    guides = sorted(path.name for path in (ROOT / "docs/guides").glob("*.md"))
    assert guides
    for guide in guides:
        assert f"(docs/guides/{guide})" in contributing, guide
        assert f'"{guide}"' in tests, f"no test follows {guide}"
