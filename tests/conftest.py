"""Fixtures for every test: real engines, and the data folder where it is present."""

import os
import shutil
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support.engines import breakable_engines, engines

__all__ = ["breakable_engines", "engines"]

# How long an example takes is the machine's matter: a busy one must not fail a test.
settings.register_profile("payesh", deadline=None)
settings.load_profile("payesh")

ROOT = Path(__file__).parents[1]
IMAGES = ("tests/deploy/test_images.py", "tests/deploy/test_commands_run.py")
ANY_ENGINE = tuple(
    f"tests/{folder}/test_{name}.py"
    for folder, names in {
        "integration/*": "doors unexpected_input guide_*",
        "integration/access": "consent decoys endings keys migrations pages_client rights sign_in "
        "tokens",
        "integration/detect": "query_promises",
        "integration/guides": "*",
        "integration/kit": "database_promises refusal_promises request_promises sign_in_promises "
        "token_promises",
        "integration/plates": "search_promises",
        "integration/tickets": "drafting_benchmark queue_page",
        "deploy": "alerts environments images manifests pins",
    }.items()
    for name in names.split()
)
"""Files whose promises neither bus nor store has a part in: HTTP, the database, files of the
checkout. They run with the engines of `make test` alone; what is not named here runs with both."""
SHARED = Path(os.environ.get("PAYESH_TEST_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real plates, vehicles and clips. Skips, and says so, where they are not present."""
    if not SHARED.is_dir():
        pytest.skip(f"no data folder at {SHARED}")
    return SHARED


class WholeFiles(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a whole file to one process; files that share what is dear to make go together.

    (`--dist loadgroup` of xdist sees no groups with this pytest.)"""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        if file.startswith("tests/e2e/"):
            return "one running stack"
        return "installed images" if file in IMAGES else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles:
    return WholeFiles(config, log)


def _needs_no_second_engine(item: pytest.Item) -> bool:
    file = item.path.relative_to(ROOT).as_posix()
    return any(fnmatch(file, each) for each in ANY_ENGINE)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long groups come first, so that short files fill the end of every process.

    Each process has engines of its own. The end-to-end tests mostly wait for their film.
    """
    if os.environ.get("PAYESH_TEST_ENGINES") == "production":
        left_out = [item for item in items if _needs_no_second_engine(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    tests = Path(__file__).parent
    order = {tests / "e2e": 0, tests / "integration": 2, tests / "deploy": 3}

    def place(item: pytest.Item) -> int:
        if str(item.path.relative_to(ROOT)) in IMAGES:
            return 1
        return min((n for folder, n in order.items() if folder in item.path.parents), default=4)

    items.sort(key=place)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skip for want of something that is present is a failure in disguise."""
    if os.environ.get("CI") != "true":
        return
    present = ["engines absent"] if all(map(shutil.which, ("java", "mvn", "go"))) else []
    if SHARED.is_dir():
        present.append("no data folder")
    if shutil.which("chromium"):
        present.append("playwright is not installed")
    if find_spec("easyocr"):
        present.append("easyocr is not installed")
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    wrongly = [r.nodeid for r in skipped if any(text in str(r.longrepr) for text in present)]
    if wrongly and reporter:
        reporter.write_line(f"skipped although what they need is here: {wrongly}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
