"""Speeds rest on presentation times: where these are not the source's, no speed becomes surer
than it is."""

from dataclasses import replace

import pytest

from payesh.detect.vision.observations import ObservedPassage, ObservedViolation
from tests.support.observer_builder import checkpoint_of, recalled_observer, stream_observer
from tests.unit.detect.box_street import box_revision
from tests.unit.detect.conftest import CARS
from tests.unit.detect.segment_cutter import STARTED_AT, CutSegment


def delivered(
    segments: list[CutSegment], slower: float, *, presented: bool = True
) -> list[CutSegment]:
    """As a camera stamps them that takes `slower` times as long as its stamps claim."""
    return [
        replace(
            segment,
            event=segment.event.model_copy(
                update={
                    "captured_at": STARTED_AT + slower * (segment.event.captured_at - STARTED_AT),
                    "duration_ms": round(slower * segment.event.duration_ms),
                    "presented_ms": segment.event.duration_ms if presented else None,
                }
            ),
        )
        for segment in segments
    ]


def observed(segments: list[CutSegment]) -> tuple[list[ObservedPassage], list[ObservedViolation]]:
    observer, found = stream_observer(box_revision()), list[object]()
    for segment in segments:
        found += observer.observe_segment(segment.event, segment.init, segment.media)
        observer = recalled_observer(checkpoint_of(observer), box_revision())[0]
    return (
        [each for each in found if isinstance(each, ObservedPassage)],
        [each for each in found if isinstance(each, ObservedViolation)],
    )


@pytest.mark.parametrize("presented", [True, False])
def test_a_camera_that_stamps_25_and_delivers_21_a_second_gives_no_speed(
    segments: list[CutSegment], presented: bool
) -> None:
    passages, violations = observed(delivered(segments, 25 / 21, presented=presented))
    assert len(passages) == len(CARS)
    assert all(each.speed is None for each in passages)
    assert not violations


@pytest.mark.parametrize("slower", [25 / 24, 24 / 25])
def test_a_camera_that_is_a_frame_a_second_off_gives_a_less_sure_speed(
    segments: list[CutSegment], slower: float
) -> None:
    passages, _ = observed(delivered(segments, slower))
    honest, _ = observed(delivered(segments, 1.0))
    for passage, sure in zip(passages, honest, strict=True):
        assert passage.speed is not None and sure.speed is not None
        off_kmh = abs(passage.speed.speed_kmh - passage.speed.speed_kmh / slower)
        assert passage.speed.speed_u95_kmh > off_kmh
        assert passage.speed.speed_u95_kmh > 1.3 * sure.speed.speed_u95_kmh


@pytest.mark.parametrize(("presented", "slower"), [(True, 1.004), (False, 1.015)])
def test_a_frame_of_jitter_costs_no_certainty(
    segments: list[CutSegment], presented: bool, slower: float
) -> None:
    passages, _ = observed(delivered(segments, slower, presented=presented))
    honest, _ = observed(delivered(segments, 1.0))
    assert [each.speed for each in passages] == [each.speed for each in honest]
