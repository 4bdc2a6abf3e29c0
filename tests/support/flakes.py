"""Runs a test command; what fails is run once more, only to report which tests are flaky.

`python -m tests.support.flakes COMMAND...` where COMMAND starts pytest, directly or through make.
A test that fails twice fails the command. A test that fails and then passes is reported as FLAKY:
the first time it is entered in tests/flakes.txt and looked into; one that is listed there already
fails the command, because a known flake is a fault to be mended.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

LIST = Path(__file__).parents[1] / "flakes.txt"
_RERUN = "--last-failed --last-failed-no-failures none"


def main(command: Sequence[str], listed: Iterable[str]) -> int:
    """The exit code for CI. `listed` are the node ids of known flakes."""
    with tempfile.TemporaryDirectory(prefix="payesh-flakes-") as folder:
        # A cache of its own: it holds the failures of these two runs and no older ones.
        cache = f"-o cache_dir={folder}"
        first = _run(command, cache)
        if first == 0:
            return 0
        failed = _last_failed(Path(folder))
        if not failed:
            return first  # no test failed, but the run did
        _print(f"== {len(failed)} failed; each is run once more to see which are flaky ==")
        second = _run(command, f"{cache} {_RERUN}")
        again = _last_failed(Path(folder))
    flaky, known = sorted(failed - again), frozenset(listed)
    for test in flaky:
        if test in known:
            _print(f"FLAKY, listed already: {test}: mend it, it is a fault")
        else:
            _print(
                f"FLAKY: {test}: it failed, then passed. Add it to {LIST.name} and find the race"
            )
    for test in sorted(failed & again):
        _print(f"FAILED twice: {test}")
    return second or int(bool(known.intersection(flaky)))


def listed_flakes(path: Path = LIST) -> frozenset[str]:
    """Node ids in the list: one a line; a line that begins with # is a comment."""
    lines = path.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _run(command: Sequence[str], options: str) -> int:
    given = os.environ.get("PYTEST_ADDOPTS", "")
    environment: Mapping[str, str] = {**os.environ, "PYTEST_ADDOPTS": f"{given} {options}".strip()}
    return subprocess.run(command, env=environment, check=False).returncode


def _last_failed(cache: Path) -> frozenset[str]:
    """Node ids that failed; a module that could not be imported is one."""
    path = cache / "v/cache/lastfailed"
    return frozenset(json.loads(path.read_text("utf-8"))) if path.is_file() else frozenset()


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], listed_flakes()))
