"""Faults inside a stream: no conclusion is lost, and none becomes surer than it is."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from payesh.contracts.values import ClockSource
from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.adapters.motion_detector import MotionDetector
from payesh.detect.domain.detections import Detections
from payesh.detect.frames import Frame
from payesh.detect.vision import stream_clock
from payesh.detect.vision.observations import (
    Observation,
    ObservedCounts,
    ObservedPassage,
    ObservedViolation,
)
from payesh.detect.vision.stream_observer import SegmentBroken, StreamObserver
from tests.support.observer_builder import checkpoint_of, recalled_observer, stream_observer
from tests.unit.detect.box_street import BoxCar, box_revision, render
from tests.unit.detect.conftest import CARS
from tests.unit.detect.segment_cutter import CutSegment, cut

pytestmark = pytest.mark.slow


class FailingDetector(MotionDetector):
    """Fails at one frame of its life."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._left = at

    def detect(self, frame: Frame) -> Detections:
        self._left -= 1
        if self._left == 0:
            raise RuntimeError("out of memory")
        return super().detect(frame)


def passages(observations: list[object]) -> list[ObservedPassage]:
    return [each for each in observations if isinstance(each, ObservedPassage)]


def observed(segments: list[CutSegment], observer: StreamObserver) -> list[ObservedPassage]:
    found: list[ObservedPassage] = []
    for segment in segments:
        found += passages(
            list(observer.observe_segment(segment.event, segment.init, segment.media))
        )
    return found


def test_a_failure_inside_a_segment_keeps_what_was_concluded_and_the_stream_goes_on(
    segments: list[CutSegment],
) -> None:
    # Frame 149 lies at the end of the third segment, in which the first vehicle passes.
    whole = observed(segments, stream_observer(box_revision()))
    observer = stream_observer(box_revision(), FailingDetector(199))
    found: list[ObservedPassage] = []
    broken = 0
    for segment in segments:
        try:
            found += observed([segment], observer)
        except SegmentBroken as failure:
            broken += 1
            found += passages(list(failure.concluded))
            assert observer.last_sequence == segment.event.sequence
            assert observer.checkpoint_due
            assert not observer.following.vehicles
    assert broken == 1
    assert len(found) <= len(whole), "no vehicle is published twice"
    ids = {passage.passage_id for passage in whole}
    assert whole[0].passage_id in {p.passage_id for p in found}
    assert len(ids & {p.passage_id for p in found}) >= len(ids) - 2
    assert any(p.ended_by == PassageEnd.EXIT_LINE for p in found[-2:])


def test_a_passage_has_the_worst_clock_of_the_segments_that_show_it(
    segments: list[CutSegment],
) -> None:
    first = passages(list(observed(segments, stream_observer(box_revision()))))[0]
    began = next(
        s.event.sequence for s in reversed(segments) if s.event.captured_at <= first.first_seen_at
    )
    doubtful = [
        replace(
            s,
            event=s.event.model_copy(
                update={"clock_source": ClockSource.UNVERIFIED, "clock_u95_ms": 5000.0}
            ),
        )
        if s.event.sequence == began
        else s
        for s in segments
    ]
    found = observed(doubtful, stream_observer(box_revision()))
    assert found[0].passage_id == first.passage_id
    assert (found[0].clock_source, found[0].clock_u95_ms) == (ClockSource.UNVERIFIED, 5000.0)
    assert found[-1].clock_source is ClockSource.RTCP


def stepped(segments: list[CutSegment], step_s: float, *, at: int = 3) -> list[CutSegment]:
    """The source's clock jumps before segment `at`."""
    return [
        shifted(segment, step_s if segment.event.sequence >= at else 0.0) for segment in segments
    ]


def shifted(segment: CutSegment, seconds: float) -> CutSegment:
    captured_at = segment.event.captured_at + timedelta(seconds=seconds)
    return replace(segment, event=segment.event.model_copy(update={"captured_at": captured_at}))


def handed_over(segments: list[CutSegment]) -> list[Observation]:
    """What is concluded when another observer goes on after each segment."""
    observer = stream_observer(box_revision())
    found: list[Observation] = []
    for segment in segments:
        found += observer.observe_segment(segment.event, segment.init, segment.media)
        observer = recalled_observer(checkpoint_of(observer), box_revision())[0]
    return found


@pytest.mark.parametrize("step_s", [-1.5, 1.5])
def test_over_a_step_of_the_clock_no_vehicle_is_measured_or_published_twice(
    segments: list[CutSegment], step_s: float
) -> None:
    whole = observed(segments, stream_observer(box_revision()))
    found = passages(list(handed_over(stepped(segments, step_s))))
    assert [p.lane for p in found] == [p.lane for p in whole]
    assert [p.ended_by for p in found].count(PassageEnd.LOST) == 1, "one was in the zone"
    for passage, truth in zip(found, whole, strict=True):
        if passage.speed is not None and truth.speed is not None:
            assert abs(passage.speed.speed_kmh - truth.speed.speed_kmh) < 3.0
    assert found == observed(stepped(segments, step_s), stream_observer(box_revision()))


def test_a_clock_that_goes_back_half_an_hour_makes_no_interval_of_half_an_hour(
    segments: list[CutSegment],
) -> None:
    back = stepped(segments, -1800.0)
    intervals = [o.interval for o in handed_over(back) if isinstance(o, ObservedCounts)]
    assert all(i.ended_at - i.started_at <= timedelta(minutes=1) for i in intervals)
    assert intervals[0].ended_at < back[2].event.captured_at + timedelta(seconds=2)
    assert intervals[1].started_at == back[3].event.captured_at
    assert sum(c.vehicles for i in intervals for c in i.counts) == len(CARS)


def test_times_are_those_of_the_segment_that_shows_them_however_far_the_clocks_drift(
    segments: list[CutSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drift as of hours in seconds: a second over the stream, never a step within the anchor's
    time."""
    monkeypatch.setattr(stream_clock, "ANCHOR_FOR_S", 4.0)
    later_s = [0.18 * segment.event.sequence for segment in segments]
    drifting = [shifted(s, by) for s, by in zip(segments, later_s, strict=True)]
    whole = observed(segments, stream_observer(box_revision()))
    found = passages(list(handed_over(drifting)))
    assert later_s[-1] > 0.9
    for passage, true in zip(found, whole, strict=True):
        assert (passage.passage_id, passage.speed) == (true.passage_id, true.speed)
        assert passage.ended_by == PassageEnd.EXIT_LINE
        for shot, as_shown in zip(passage.shots, true.shots, strict=True):
            late = timedelta(seconds=later_s[shot.sequence])
            assert shot.frame_at - as_shown.frame_at == late
        began, ended = (
            max(s.event.sequence for s in segments if s.event.captured_at <= moment)
            for moment in (true.first_seen_at, true.captured_at)
        )
        late = passage.first_seen_at - true.first_seen_at
        assert late == timedelta(seconds=later_s[began])
        assert passage.captured_at - true.captured_at == timedelta(seconds=later_s[ended])


@pytest.fixture(scope="module")
def crawling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A car that needs eight seconds through the zone, from the fourth on."""
    car = BoxCar(x_m=-2.0, speed_kmh=10.0, exits_at_s=11.64)
    return render(tmp_path_factory.mktemp("crawling") / "street.mp4", [car], 13.0)


def crawl(video: Path) -> list[CutSegment]:
    return cut(video, box_revision(), stream_id=uuid4(), segment_s=1.0)


def speeding(segments: list[CutSegment]) -> list[ObservedPassage]:
    """Passages of vehicles that break a limit of 5 km/h."""
    observer = stream_observer(box_revision(speed_limit_kmh=5.0))
    found: list[Observation] = []
    for segment in segments:
        found += observer.observe_segment(segment.event, segment.init, segment.media)
    broken = [each.passage_id for each in found if isinstance(each, ObservedViolation)]
    assert len(set(broken)) == len(broken)
    return [each for each in passages(list(found)) if each.passage_id in broken]


def test_a_segment_lost_in_the_middle_of_the_zone_makes_no_second_violation(
    crawling: Path,
) -> None:
    segments = crawl(crawling)
    [once] = speeding([*segments[:7], *segments[8:]])
    assert once.ended_by == PassageEnd.LOST


def test_a_vehicle_in_the_zone_at_a_streams_beginning_may_have_been_published_before(
    crawling: Path,
) -> None:
    """By the stream before it, or by an observer whose checkpoint is unreadable."""
    late = crawl(crawling)[6:]
    assert speeding(late) == []
    begun = [
        replace(s, event=s.event.model_copy(update={"sequence": number}))
        for number, s in enumerate(late)
    ]
    assert speeding(begun) == []
    [whole] = speeding(crawl(crawling))
    assert whole.ended_by == PassageEnd.EXIT_LINE
