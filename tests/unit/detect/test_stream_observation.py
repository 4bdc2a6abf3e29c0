"""Segments become passages: each vehicle once, measured, and the same after a takeover."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.adapters.checkpoint import CheckpointUnreadable, read_checkpoint
from payesh.detect.domain.rules.finding import Quantity
from payesh.detect.vision.observations import (
    Observation,
    ObservedCounts,
    ObservedPassage,
    ObservedViolation,
)
from payesh.detect.vision.stream_memory import StreamUnreadable, last_event_of
from payesh.detect.vision.stream_observer import StreamObserver
from payesh.kit.errors import MessageFault
from tests.support.observer_builder import checkpoint_of, recalled_observer, stream_observer
from tests.unit.detect.box_street import box_revision
from tests.unit.detect.conftest import CARS
from tests.unit.detect.segment_cutter import STARTED_AT, CutSegment

pytestmark = pytest.mark.slow


def _observe(
    segments: list[CutSegment], observer: StreamObserver | None = None
) -> list[Observation]:
    observer = observer or stream_observer(box_revision())
    found: list[Observation] = []
    for segment in segments:
        found += observer.observe_segment(segment.event, segment.init, segment.media)
    return found


def _passages(observations: list[Observation]) -> list[ObservedPassage]:
    return [o for o in observations if isinstance(o, ObservedPassage)]


@pytest.fixture(scope="module")
def undisturbed(segments: list[CutSegment]) -> list[Observation]:
    return _observe(segments)


def test_each_vehicle_passes_once_with_its_speed_and_lane(undisturbed: list[Observation]) -> None:
    passages = _passages(undisturbed)
    expected = sorted(CARS, key=lambda car: car.exits_at_s)
    assert [p.lane for p in passages] == ["1" if car.x_m < 0 else "2" for car in expected]
    for passage, car in zip(passages, expected, strict=True):
        assert passage.ended_by == PassageEnd.EXIT_LINE
        assert passage.speed is not None
        assert abs(passage.speed.speed_kmh - car.speed_kmh) <= passage.speed.speed_u95_kmh
        assert passage.speed.speed_u95_kmh < 0.05 * car.speed_kmh
        crossing = STARTED_AT + timedelta(seconds=car.exits_at_s - 3.6 / car.speed_kmh)
        assert abs((passage.captured_at - crossing).total_seconds()) < 0.1


def test_violations_carry_the_segments_that_show_them_and_none_later(
    undisturbed: list[Observation], segments: list[CutSegment]
) -> None:
    passages = {p.passage_id: p for p in _passages(undisturbed)}
    violations = [o for o in undisturbed if isinstance(o, ObservedViolation)]
    assert [v.rule for v in violations] == ["speeding", "speeding"]
    for violation in violations:
        passage = passages[violation.passage_id]
        measured = violation.measurement
        assert isinstance(measured, Quantity)
        assert passage.speed is not None
        assert (measured.value, measured.limit) == (passage.speed.speed_kmh, 60.0)
        assert measured.lower_bound > 60.0
        assert violation.captured_at == passage.captured_at
        numbers = [link.sequence for link in violation.links]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        first, last = (segments[numbers[i]].event.captured_at for i in (0, -1))
        assert first <= passage.first_seen_at
        assert last <= passage.captured_at <= last + timedelta(seconds=2.2)
        assert violation.links[0].media == segments[numbers[0]].event.media


def test_violations_carry_the_vehicles_track_over_their_window(
    undisturbed: list[Observation],
) -> None:
    for violation in (o for o in undisturbed if isinstance(o, ObservedViolation)):
        assert violation.track is not None
        measured = violation.measurement
        assert isinstance(measured, Quantity)
        boxes, ground = violation.track.boxes, violation.track.ground
        moments = [each.frame_at for each in boxes]
        assert moments == sorted(set(moments))
        assert len(boxes) >= 10
        link = violation.links[0]
        assert link.captured_at - timedelta(milliseconds=40) <= moments[0]
        assert moments[-1] <= violation.captured_at + timedelta(milliseconds=80)
        # The positions are those that the speed was measured from.
        first, last = ground[0], ground[-1]
        seconds = (last.frame_at - first.frame_at).total_seconds()
        way_m = ((last.x_m - first.x_m) ** 2 + (last.y_m - first.y_m) ** 2) ** 0.5
        assert abs(3.6 * way_m / seconds - measured.value) < 0.1 * measured.value


def test_shots_are_spread_and_show_the_vehicle(undisturbed: list[Observation]) -> None:
    for passage in _passages(undisturbed):
        assert 2 <= len(passage.shots) <= 3
        moments = [shot.frame_at for shot in passage.shots]
        assert moments == sorted(moments)
        for shot in passage.shots:
            assert shot.crop_jpeg[:2] == b"\xff\xd8"
            assert shot.crop_box.x_px <= shot.box.x_px
            assert shot.crop_box.width_px >= shot.box.width_px


def test_counts_agree_with_passages(undisturbed: list[Observation]) -> None:
    counts = [c for o in undisturbed if isinstance(o, ObservedCounts) for c in o.interval.counts]
    assert sum(c.vehicles for c in counts) == len(CARS)


@pytest.mark.parametrize("killed_after", [1, 2, 3, 4, 5])
def test_a_takeover_from_a_checkpoint_concludes_the_same_with_the_same_ids(
    segments: list[CutSegment], undisturbed: list[Observation], killed_after: int
) -> None:
    first = stream_observer(box_revision())
    concluded = _observe(segments[:killed_after], first)
    body = checkpoint_of(first)
    second = recalled_observer(body, box_revision())[0]
    # The partition's new holder is given everything since the last commit once more.
    assert concluded + _observe(segments, second) == undisturbed


def test_a_takeover_without_checkpoint_concludes_the_same_from_the_beginning(
    segments: list[CutSegment], undisturbed: list[Observation]
) -> None:
    assert _observe(segments) == undisturbed


def test_segments_delivered_twice_or_late_change_nothing(
    segments: list[CutSegment], undisturbed: list[Observation]
) -> None:
    twice = [s for segment in segments for s in (segment, segment)]
    assert _observe([*twice[:4], segments[0], *twice[4:]]) == undisturbed


def test_a_lost_segment_ends_vehicles_under_way_and_invents_none(
    segments: list[CutSegment],
) -> None:
    passages = _passages(_observe([*segments[:3], *segments[4:]]))
    assert len({p.passage_id for p in passages}) == len(passages)
    assert len(passages) <= len(CARS)
    assert all(p.ended_by in (PassageEnd.EXIT_LINE, PassageEnd.LOST) for p in passages)


def test_a_truncated_segment_is_used_as_far_as_it_decodes(segments: list[CutSegment]) -> None:
    half = replace(segments[3], media=segments[3].media[: len(segments[3].media) * 2 // 3])
    observer = stream_observer(box_revision())
    _observe([*segments[:3], half], observer)
    assert observer.last_sequence == 3
    assert observer.clock.last_time_s > 6.2


def test_garbage_is_a_fault_of_the_message_and_leaves_the_state(segments: list[CutSegment]) -> None:
    observer = stream_observer(box_revision())
    _observe(segments[:2], observer)
    garbage = replace(segments[2], media=b"\x00\x01nonsense" * 50)
    with pytest.raises(MessageFault):
        _observe([garbage], observer)
    assert observer.last_sequence == 1


def test_without_calibration_vehicles_are_counted_but_not_measured(
    segments: list[CutSegment],
) -> None:
    observer = stream_observer(box_revision(calibrated=False))
    observations = _observe(segments, observer)
    assert not [o for o in observations if isinstance(o, ObservedViolation)]
    passages = _passages(observations)
    assert len(passages) == len(CARS)
    assert all(p.speed is None and p.lane is None for p in passages)


@pytest.mark.parametrize("damage", ["no archive", "nothing", "cut short", "inside"])
def test_what_is_no_checkpoint_is_refused(segments: list[CutSegment], damage: str) -> None:
    observer = stream_observer(box_revision())
    _observe(segments[:1], observer)
    body = checkpoint_of(observer)
    directory = body.index(b"PK\x01\x02")  # the part of the stream itself lies last before it
    bodies = {
        "no archive": b"no archive",
        "nothing": b"",
        "cut short": body[: len(body) // 2],
        "inside": body[: directory - 600] + b"\xff" * 400 + body[directory - 200 :],
    }
    with pytest.raises((CheckpointUnreadable, StreamUnreadable)):
        last_event_of(read_checkpoint(bodies[damage]))
    with pytest.raises((CheckpointUnreadable, StreamUnreadable)):
        recalled_observer(bodies[damage], box_revision())
