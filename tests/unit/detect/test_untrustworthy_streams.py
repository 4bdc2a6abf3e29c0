"""What goes wrong inside a stream: nothing concluded is lost, nothing unsure is made sure."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payesh.contracts.detect import PassageEnd
from payesh.contracts.values import ClockSource
from payesh.detect.adapters.motion_detector import MotionDetector
from payesh.detect.domain.detections import Detections
from payesh.detect.frames import Frame
from payesh.detect.observations import PassageTaken
from payesh.detect.stream_observer import SegmentBroken, StreamObserver
from tests.unit.detect.box_street import box_revision
from tests.unit.detect.segment_cutter import CutSegment


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


def passages(observations: list[object]) -> list[PassageTaken]:
    return [each for each in observations if isinstance(each, PassageTaken)]


def observed(segments: list[CutSegment], observer: StreamObserver) -> list[PassageTaken]:
    found: list[PassageTaken] = []
    for segment in segments:
        found += passages(
            list(observer.observe_segment(segment.event, segment.init, segment.media))
        )
    return found


def test_a_failure_inside_a_segment_keeps_what_was_concluded_and_the_stream_goes_on(
    segments: list[CutSegment],
) -> None:
    # Frame 149 lies at the end of the third segment, in which the first vehicle passes.
    whole = observed(segments, StreamObserver(box_revision(), MotionDetector()))
    observer = StreamObserver(box_revision(), FailingDetector(199))
    found: list[PassageTaken] = []
    broken = 0
    for segment in segments:
        try:
            found += observed([segment], observer)
        except SegmentBroken as failure:
            broken += 1
            found += passages(list(failure.concluded))
            assert observer.last_sequence == segment.event.sequence
            assert observer.checkpoint_due
            assert not observer.open
    assert broken == 1
    ids = {passage.passage_id for passage in whole}
    assert whole[0].passage_id in {p.passage_id for p in found}
    assert len(ids & {p.passage_id for p in found}) >= len(ids) - 2
    assert any(p.ended_by is PassageEnd.EXIT_LINE for p in found[-2:])


def test_a_passage_has_the_worst_clock_of_the_segments_that_show_it(
    segments: list[CutSegment],
) -> None:
    first = passages(list(observed(segments, StreamObserver(box_revision(), MotionDetector()))))[0]
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
    found = observed(doubtful, StreamObserver(box_revision(), MotionDetector()))
    assert found[0].passage_id == first.passage_id
    assert (found[0].clock_source, found[0].clock_u95_ms) == (ClockSource.UNVERIFIED, 5000.0)
    assert found[-1].clock_source is ClockSource.RTCP


@pytest.mark.parametrize("step_s", [-1.5, 1.5])
def test_no_speed_is_measured_over_a_step_of_the_clock(
    segments: list[CutSegment], step_s: float
) -> None:
    stepped = [
        replace(
            s,
            event=s.event.model_copy(
                update={"captured_at": s.event.captured_at + timedelta(seconds=step_s)}
            ),
        )
        if s.event.sequence >= 3
        else s
        for s in segments
    ]
    whole = observed(segments, StreamObserver(box_revision(), MotionDetector()))
    true_speeds = {p.passage_id: p.speed for p in whole}
    for passage in observed(stepped, StreamObserver(box_revision(), MotionDetector())):
        if passage.speed is None:
            continue
        nearest = min(
            abs(passage.speed.speed_kmh - speed.speed_kmh)
            for speed in true_speeds.values()
            if speed
        )
        assert nearest < 3.0
