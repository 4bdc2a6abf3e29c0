"""Each wall sees what breaks it: breaches are made in a copy of the sources."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.sources import PARTS, Sources
from tests.architecture.walls import LINES_A_FILE, WALLS

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Breach:
    """Text put at the end of a file of a part; the file is made where it is not there.

    `at` is a path in the part's source tree; None as `text` removes it.
    """

    wall: str
    part: str
    at: str
    text: str | None

    def __str__(self) -> str:
        return f"{self.wall}-{self.part}-{self.at}"


def lines(*each: str) -> str:
    return "\n" + "\n".join(each) + "\n"


BREACHES = [
    Breach("imports_only_what_stands_below", "plates", "handlers/new.py",
           lines("from payesh.tickets.domain import law")),
    Breach("imports_only_what_stands_below", "tickets", "adapters/new.py",
           lines("def f():", "    import payesh.access.settings")),
    Breach("imports_only_what_stands_below", "kit", "bounds.py",
           lines("from payesh import plates")),
    Breach("imports_only_what_stands_below", "contracts", "values.py",
           lines("from payesh.kit import settings")),
    Breach("imports_only_what_stands_below", "access", "api/new.py",
           lines("from . import agencies")),
    Breach("no_import_circle", "access", "domain/throttle.py",
           lines("from payesh.access.adapters import sign_ins")),
    Breach("no_import_circle", "kit", "tables.py",
           lines("def f():", "    from payesh.kit.database import Database")),
    Breach("no_import_circle", "ingest", "errors.py",
           lines("try:", "    import payesh.ingest.main", "except ImportError: ...")),
    Breach("no_long_file", "plates", "domain/new.py", "# line\n" * (LINES_A_FILE + 1)),
    Breach("no_long_file", "access", "pages/new/page.js", "// line\n" * (LINES_A_FILE + 1)),
    Breach("no_half_merged_file", "tickets", "pages/new/page.css", "<<<<<<< HEAD\n"),
    Breach("names_say_what_is_inside", "detect", "domain/utils.py", ""),
    Breach("namespace_package_is_empty", "kit", "../__init__.py", ""),
    Breach("has_the_rooms", "plates", "cupboard.py", ""),
    Breach("has_the_rooms", "access", "cupboard/__init__.py", ""),
    Breach("has_the_rooms", "tickets", "errors.py", None),
    Breach("has_the_rooms", "ingest", "handlers/__init__.py", None),
    Breach("has_the_rooms", "access", "consumers.py", None),
    Breach("has_the_rooms", "detect", "../../../migrations/env.py", None),
    Breach("domain_stands_alone", "plates", "domain/reading.py",
           lines("from payesh.contracts import plate_text")),
    Breach("domain_stands_alone", "access", "domain/passwords.py", lines("import argon2")),
    Breach("domain_stands_alone", "tickets", "domain/law.py",
           lines("from payesh.tickets.settings import Settings")),
    Breach("domain_is_pure", "detect", "domain/geometry.py", lines("import random")),
    Breach("domain_is_pure", "ingest", "domain/leases.py",
           lines("def f():", "    return datetime.now()")),
    Breach("domain_is_pure", "tickets", "domain/law.py", lines("TEXT = open('law.json')")),
    Breach("adapters_know_no_use_case", "plates", "adapters/new.py",
           lines("from payesh.plates import handlers")),
    Breach("adapters_know_no_use_case", "access", "adapters/new.py",
           lines("from payesh.access.api.rights import Name")),
    Breach("adapters_know_no_use_case", "ingest", "adapters/new.py",
           lines("import payesh.ingest.workers.fleet")),
    Breach("adapters_know_no_use_case", "tickets", "adapters/new.py",
           lines("from payesh.tickets.pages import queue")),
    Breach("adapters_know_no_use_case", "detect", "adapters/new.py",
           lines("if TYPE_CHECKING:", "    from payesh.detect.vision import frames")),
    Breach("vision_works_against_ports", "detect", "vision/new.py",
           lines("from payesh.detect.adapters.video import decode_segment")),
    Breach("adapters_return_values", "plates", "adapters/new.py",
           lines("from sqlalchemy import Row", "def get() -> Row | None: ...")),
    Breach("adapters_return_values", "tickets", "adapters/new.py",
           lines("import sqlalchemy", "async def search() -> 'Sequence[Any]': ...")),
    Breach("adapters_return_values", "access", "adapters/new.py",
           lines("import sqlalchemy", "from payesh.access.adapters.tables import Agency",
                 "async def page() -> list[Agency]: ...")),
    Breach("handlers_know_no_edge", "access", "handlers/new.py",
           lines("from payesh.access.api import rights")),
    Breach("handlers_know_no_edge", "ingest", "handlers/new.py",
           lines("from payesh.ingest.workers.drain import Drain")),
    Breach("handlers_know_no_edge", "tickets", "handlers/new.py",
           lines("from payesh.tickets.pages import queue")),
    Breach("no_guessing_by_attribute", "detect", "vision/new.py",
           lines("sure = hasattr(detector, 'memory')")),
    Breach("no_guessing_by_attribute", "detect", "handlers/new.py",
           lines("memory = getattr(detector, 'memory', None)")),
    Breach("edges_import_row_types_alone", "plates", "api/new.py",
           lines("from payesh.plates.adapters import reads")),
    Breach("edges_import_row_types_alone", "access", "pages/new/page.py",
           lines("from payesh.access.adapters.sign_ins import find")),
    Breach("edges_import_row_types_alone", "detect", "api/new.py",
           lines("import payesh.detect.adapters.traffic")),
    Breach("edges_import_row_types_alone", "access", "api/new.py",
           lines("from payesh.access.adapters.key_ring import KeyRing")),
    Breach("edges_open_no_transaction", "plates", "api/new.py",
           lines("async def f(database):", "    async with database.transaction(): ...")),
    Breach("edges_open_no_transaction", "tickets", "pages/new/page.py",
           lines("from sqlalchemy import select")),
    Breach("edges_open_no_transaction", "access", "api/new.py",
           lines("from payesh.kit.audit import record_read")),
    Breach("routers_are_module_level", "plates", "api/new.py",
           lines("def reads_router():", "    return APIRouter()")),
    Breach("dependencies_are_frozen", "plates", "dependencies.py",
           lines("@dataclass(frozen=True)", "class OtherDependencies: ...")),
    Breach("dependencies_are_frozen", "access", "handlers/new.py",
           lines("@dataclass(slots=True)", "class NewDependencies: ...")),
    Breach("consumers_have_one_face", "plates", "consumers.py",
           lines("def f(settings):", "    return Consumer(settings)")),
]  # fmt: skip


@pytest.fixture
def copied(tmp_path: Path, breach: Breach) -> Sources:
    """A copy of what the walls read of the part."""
    binary = shutil.ignore_patterns("__pycache__", "*.onnx", "*.woff2", "*.json", "*.egg-info")
    source = Path(PARTS[breach.part])
    shutil.copytree(ROOT / source, tmp_path / source, ignore=binary)
    for name in ("migrations/env.py", "Dockerfile", "README.md", "pyproject.toml"):
        beside = Path("services", breach.part, name)
        if (ROOT / beside).is_file():
            (tmp_path / beside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / beside, tmp_path / beside)
    (tmp_path / "contracts").mkdir(exist_ok=True)
    shutil.copy(ROOT / "contracts/asyncapi.yaml", tmp_path / "contracts/asyncapi.yaml")
    return Sources(tmp_path)


@pytest.mark.parametrize("breach", BREACHES, ids=str)
def test_a_breach_fails_the_wall_that_guards_it(copied: Sources, breach: Breach) -> None:
    check, _ = WALLS[breach.wall]
    before = set(check(copied, breach.part))
    path = copied.source(breach.part) / breach.at
    if breach.text is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(breach.text)
    assert set(check(copied, breach.part)) - before


def test_every_wall_is_broken_once() -> None:
    assert {breach.wall for breach in BREACHES} == set(WALLS)
