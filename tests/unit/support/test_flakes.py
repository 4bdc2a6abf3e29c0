"""CI reports a flaky test, and fails for one that it has reported before."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.flakes import LIST, listed_flakes, main

pytestmark = pytest.mark.slow

FLAKY = "test_toy.py::test_flaky"
TOY = """
from pathlib import Path


def test_sound():
    pass


def test_flaky():
    ran = Path(__file__).with_name("ran")
    before = ran.exists()
    ran.touch()
    assert before


def test_broken():
    assert not Path(__file__).with_name("broken").exists()
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose flaky test fails in its first run alone."""
    (tmp_path / "test_toy.py").write_text(TOY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # for a quick start
    return tmp_path


COMMAND = [sys.executable, "-m", "pytest", "-q"]


def test_a_new_flake_is_reported_and_passes(toy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(COMMAND, listed=()) == 0
    printed = capfd.readouterr().out
    assert f"FLAKY: {FLAKY}: it failed, then passed. Add it to flakes.txt" in printed
    assert "FAILED twice" not in printed


def test_a_listed_flake_fails(toy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(COMMAND, listed=[FLAKY]) == 1
    assert f"FLAKY, listed already: {FLAKY}" in capfd.readouterr().out


def test_a_test_that_fails_twice_fails(toy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (toy / "broken").touch()
    assert main(COMMAND, listed=()) == 1
    printed = capfd.readouterr().out
    assert "FAILED twice: test_toy.py::test_broken" in printed
    assert f"FLAKY: {FLAKY}:" in printed


def test_nothing_is_run_again_where_all_pass(toy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (toy / "ran").touch()
    assert main(COMMAND, listed=[FLAKY]) == 0
    assert "once more" not in capfd.readouterr().out


def test_a_run_that_fails_without_a_failed_test_fails(toy: Path) -> None:
    assert main([*COMMAND, "--no-such-option"], listed=()) == pytest.ExitCode.USAGE_ERROR


def test_a_module_that_cannot_be_imported_fails(toy: Path) -> None:
    (toy / "test_other.py").write_text("import nothing_of_that_name")
    assert main(COMMAND, listed=()) != 0


def test_the_list_has_comments_and_node_ids_of_tests_that_exist() -> None:
    listed = listed_flakes()
    root = LIST.parents[1]
    for test in listed:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--collect-only", test], cwd=root, check=False
        )
        assert done.returncode == 0, test
