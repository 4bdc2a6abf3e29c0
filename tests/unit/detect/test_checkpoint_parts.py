"""A checkpoint consists of parts: one that cannot be read is rebuilt, the others survive."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest

from payesh.detect.adapters.checkpoint import read_checkpoint, write_checkpoint
from payesh.detect.ports import Part
from payesh.detect.vision.observations import Observation, ObservedPassage, ObservedViolation
from payesh.detect.vision.stream_memory import StreamUnreadable, recall
from payesh.detect.vision.stream_observer import StreamObserver
from tests.support.observer_builder import checkpoint_of, recalled_observer, stream_observer
from tests.unit.detect.box_street import box_revision
from tests.unit.detect.conftest import CARS
from tests.unit.detect.segment_cutter import CutSegment

pytestmark = pytest.mark.slow

KILLED_AFTER = 3
"""Segments of two seconds: at six, two vehicles are in the zone and one has just passed."""
PARTS = (
    "clock",
    "counts",
    "decoder",
    "detector.motion",
    "health",
    "incidents",
    "links",
    "rule.speeding",
    "signals",
    "tracker",
    "vehicles",
)


def observe(segments: list[CutSegment], observer: StreamObserver) -> list[Observation]:
    found: list[Observation] = []
    for segment in segments:
        found += observer.observe_segment(segment.event, segment.init, segment.media)
    return found


@pytest.fixture(scope="module")
def undisturbed(segments: list[CutSegment]) -> list[Observation]:
    return observe(segments, stream_observer(box_revision()))


@pytest.fixture(scope="module")
def before(segments: list[CutSegment]) -> tuple[list[Observation], bytes]:
    """What was concluded before the process died, and the checkpoint that it left."""
    observer = stream_observer(box_revision())
    return observe(segments[:KILLED_AFTER], observer), checkpoint_of(observer)


def changed(archive: bytes, name: str, change: Callable[[Part], Part | None]) -> bytes:
    parts = {each: part for each, part in read_checkpoint(archive).items() if each != name}
    part = change(read_checkpoint(archive)[name])
    return write_checkpoint([*parts.values(), *([part] if part is not None else [])])


def test_the_parts_are_those_that_are_tested_here(before: tuple[list[Observation], bytes]) -> None:
    assert sorted(read_checkpoint(before[1])) == sorted([*PARTS, "stream"])


def test_a_newer_versions_extra_part_is_left_alone(
    segments: list[CutSegment],
    undisturbed: list[Observation],
    before: tuple[list[Observation], bytes],
) -> None:
    found, archive = before
    newer = Part("signal_heads", 7, {"lamps": {"north": "red"}})
    archive = write_checkpoint([newer, *read_checkpoint(archive).values()])
    observer, recalled = recalled_observer(archive, box_revision())
    assert recalled.rebuilt == ()
    assert found + observe(segments[KILLED_AFTER:], observer) == undisturbed


@pytest.mark.parametrize("fault", ["missing", "newer", "nonsense"])
@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_cannot_be_read_is_rebuilt_and_no_vehicle_is_published_twice(
    segments: list[CutSegment],
    undisturbed: list[Observation],
    before: tuple[list[Observation], bytes],
    name: str,
    fault: str,
) -> None:
    faults: dict[str, Callable[[Part], Part | None]] = {
        "missing": lambda part: None,
        "newer": lambda part: replace(part, version=part.version + 1),
        "nonsense": lambda part: replace(part, state={"nonsense": 1}, arrays={}),
    }
    found, archive = before
    observer, recalled = recalled_observer(changed(archive, name, faults[fault]), box_revision())
    assert recalled.rebuilt == (name,)
    found = found + recalled.observations + observe(segments[KILLED_AFTER:], observer)
    passages = [each for each in found if isinstance(each, ObservedPassage)]
    violations = [each for each in found if isinstance(each, ObservedViolation)]
    assert len({each.passage_id for each in passages}) == len(passages)
    assert len({each.passage_id for each in violations}) == len(violations)
    assert {each.passage_id for each in violations} <= {each.passage_id for each in passages}
    expected = [each for each in undisturbed if isinstance(each, ObservedPassage)]
    if name in ("counts", "decoder", "health", "incidents", "rule.speeding", "signals"):
        survived = [e for e in undisturbed if isinstance(e, ObservedPassage | ObservedViolation)]
        assert [e for e in found if isinstance(e, ObservedPassage | ObservedViolation)] == survived
    # One in the zone may become a second passage, as after a gap, but without a second speed.
    assert len(passages) <= len(CARS) + (name in ("tracker", "detector.motion"))
    speeds = [each.speed.speed_kmh for each in passages if each.speed is not None]
    assert len(speeds) <= len(CARS)
    assert all(any(abs(speed - car.speed_kmh) < 3.0 for car in CARS) for speed in speeds)
    assert passages[-1].lane == expected[-1].lane
    if name != "detector.motion":  # it learns the road for longer than this street lasts
        assert abs(speeds[-1] - CARS[-1].speed_kmh) < 3.0, "measured as ever after the loss"


def test_damage_inside_one_part_leaves_the_others(
    before: tuple[list[Observation], bytes],
) -> None:
    _, archive = before
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        largest = max(
            (m for m in opened.infolist() if m.filename.startswith("detector.motion/")),
            key=lambda member: member.compress_size,
        )
    middle = largest.header_offset + largest.compress_size // 2
    damaged = archive[:middle] + b"\xff" * 64 + archive[middle + 64 :]
    assert sorted(read_checkpoint(damaged)) == sorted({*PARTS, "stream"} - {"detector.motion"})


def test_without_its_last_segment_a_stream_is_observed_afresh(
    before: tuple[list[Observation], bytes],
) -> None:
    for fault in (lambda part: None, lambda part: replace(part, version=9)):
        archive = changed(before[1], "stream", fault)
        with pytest.raises(StreamUnreadable):
            recall(stream_observer(box_revision()), read_checkpoint(archive))


def test_a_checkpoint_is_readable_without_this_program(
    before: tuple[list[Observation], bytes],
) -> None:
    """Each part is a document and arrays in NumPy's own format."""
    with zipfile.ZipFile(io.BytesIO(before[1])) as opened:
        names = opened.namelist()
        stream = json.loads(opened.read("stream/part.json"))
    assert stream["version"] == 1
    assert stream["state"]["last_event"]["sequence"] == KILLED_AFTER - 1
    assert all(name.endswith((".json", ".npy")) for name in names)
