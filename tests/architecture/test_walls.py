"""The walls between the parts of the sources stand: `walls.py` says what each one is."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import Sources
from tests.architecture.walls import LONG_FILES, OWN_ROOMS, WALLS

ROOT = Path(__file__).parents[2]
SOURCES = Sources(ROOT)
PENDING: dict[str, set[str]] = {}
"""Parts in which a wall does not stand yet. One that is clean may not stay in here."""


def complaints(wall: str, part: str, faults: list[str], pending: dict[str, set[str]]) -> list[str]:
    """The faults of a wall, none while it is pending; that it stands although it is pending."""
    if part not in pending.get(wall, ()):
        return faults
    return [] if faults else [f"{wall} stands: take {part!r} out of PENDING[{wall!r}]"]


@pytest.mark.parametrize(
    ("wall", "part"), [(wall, part) for wall, (_, parts) in WALLS.items() for part in parts]
)
def test_a_wall_stands(wall: str, part: str) -> None:
    check, _ = WALLS[wall]
    assert complaints(wall, part, check(SOURCES, part), PENDING) == []


def test_a_part_that_is_clean_may_not_stay_pending() -> None:
    pending = {"a wall": {"plates"}}
    assert complaints("a wall", "plates", ["a fault"], pending) == []
    assert len(complaints("a wall", "plates", [], pending)) == 1
    assert complaints("a wall", "access", ["a fault"], pending) == ["a fault"]
    assert complaints("a wall", "access", [], pending) == []


def test_what_is_pending_is_a_wall_of_that_part() -> None:
    for wall, parts in PENDING.items():
        assert parts <= set(WALLS[wall][1]), wall


def test_a_room_of_one_service_is_described() -> None:
    described = (ROOT / "docs/architecture.md").read_text("utf-8")
    for service, rooms in OWN_ROOMS.items():
        for room in rooms:
            assert f"`{room}`" in described or f"`{room}.py`" in described, f"{service}/{room}"
            assert list(SOURCES.source(service).glob(f"{room}*")), f"{service}/{room}"


def test_a_long_file_is_there_and_has_a_reason() -> None:
    for name, reason in LONG_FILES.items():
        assert (ROOT / name).is_file(), name
        assert len(reason.split()) >= 5, name


def test_the_http_side_of_detect_loads_no_vision() -> None:
    loads = "import sys, payesh.detect.main; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True)
    assert not {"cv2", "av", "onnxruntime", "trackers", "supervision"} & set(done.stdout.split())


def test_access_carries_no_vision_packages() -> None:
    project = (ROOT / "services/access/pyproject.toml").read_text("utf-8")
    for package in ("opencv", "onnxruntime", '"av', "easyocr", "numpy"):
        assert package not in project
