"""A decoder lives as long as its stream: every frame that was sent is looked at, once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from payesh.detect.domain.detections import Detections
from payesh.detect.frames import Frame
from payesh.detect.ports import Part
from payesh.detect.vision.observations import ObservedPassage, ObservedViolation
from payesh.detect.vision.stream_observer import StreamObserver
from payesh.kit.errors import MessageFault
from tests.support.observer_builder import (
    caught_up,
    checkpoint_of,
    recalled_observer,
    stream_observer,
)
from tests.unit.detect.box_street import FPS, box_revision, render
from tests.unit.detect.conftest import CARS, STREAM
from tests.unit.detect.encoded_again import encoded_again
from tests.unit.detect.segment_cutter import CutSegment, cut

FRAMES = 6 * FPS


@dataclass
class Watching:
    """Sees no vehicle; notes the times of the frames that it was shown."""

    part_name: ClassVar[str] = "detector.watching"
    part_version: ClassVar[int] = 1
    seen_s: list[float] = field(default_factory=list)

    def detect(self, frame: Frame) -> Detections:
        self.seen_s.append(frame.time_s)
        return Detections.of([], [], [])

    def memory(self) -> Part:
        return Part(self.part_name, self.part_version)

    def recall(self, part: Part) -> None:
        pass


@pytest.fixture(scope="module")
def empty_street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(tmp_path_factory.mktemp("empty") / "street.mp4", [], FRAMES / FPS)


CAMERAS: dict[str, dict[str, Any]] = {
    "one keyframe": {"gop": 1000},
    "one keyframe, B-frames": {"gop": 1000, "b_frames": 3},
    "open GOP": {"gop": 50, "b_frames": 3, "open_gop": True},
    "open GOP shorter than a segment": {"gop": 12, "b_frames": 1, "open_gop": True},
    "HEVC, open GOP": {"codec": "libx265", "gop": 50, "b_frames": 4, "open_gop": True},
    "HEVC, one keyframe": {"codec": "libx265", "gop": 1000, "b_frames": 3, "open_gop": True},
    "keyframes between the cuts": {"gop": 33, "b_frames": 1},
    "refreshed gradually": {
        "size_px": (400, 64),
        "gop": 25,
        "b_frames": 1,
        "gradual_refresh": True,
    },
}
CUT_AT_KEYFRAMES = {"open GOP", "HEVC, open GOP", "refreshed gradually"}


@pytest.fixture(scope="module", params=CAMERAS)
def sent(
    request: pytest.FixtureRequest, empty_street: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[CutSegment]:
    to = tmp_path_factory.mktemp("sent") / "sent.mp4"
    video = encoded_again(empty_street, to, **{"size_px": (160, 90), **CAMERAS[request.param]})
    return cut(
        video,
        box_revision(),
        stream_id=STREAM,
        segment_s=1.0,
        at_keyframes=request.param in CUT_AT_KEYFRAMES,
    )


def stored(segments: list[CutSegment]) -> dict[str, bytes]:
    bodies = {segment.event.media.sha256: segment.media for segment in segments}
    return bodies | {segment.event.init.sha256: segment.init for segment in segments}


def show(observer: StreamObserver, segments: list[CutSegment]) -> list[object]:
    found: list[object] = []
    for segment in segments:
        found += observer.observe_segment(segment.event, segment.init, segment.media)
    return found


def are_all_frames(seen_s: list[float]) -> bool:
    begun_s = seen_s[0]
    return [round((each - begun_s) * FPS, 3) for each in seen_s] == list(range(FRAMES))


def test_every_frame_is_looked_at_once(sent: list[CutSegment]) -> None:
    assert len(sent) >= 2
    detector = Watching()
    show(stream_observer(box_revision(), detector), sent)
    assert are_all_frames(detector.seen_s)


def test_so_it_is_when_another_process_takes_over_after_each_segment(
    sent: list[CutSegment],
) -> None:
    bodies, seen_s = stored(sent), list[float]()
    observer = stream_observer(box_revision(), Watching(seen_s))
    for segment in sent:
        show(observer, [segment])
        if not segment.event.last_in_stream:
            archive = checkpoint_of(observer)
            observer = recalled_observer(archive, box_revision(), Watching(seen_s))[0]
            caught_up(observer, bodies)
    assert are_all_frames(seen_s)


def test_frames_that_a_decoder_holds_back_are_looked_at_when_the_stream_just_stops(
    sent: list[CutSegment],
) -> None:
    detector = Watching()
    observer = stream_observer(box_revision(), detector)
    ended = sent[-1].event.model_copy(update={"last_in_stream": False})
    show(observer, sent[:-1])
    observer.observe_segment(ended, sent[-1].init, sent[-1].media)
    observer.stop()
    assert are_all_frames(detector.seen_s)


def rare_keyframes(video: Path, folder: Path, **camera: Any) -> list[CutSegment]:
    sent = encoded_again(video, folder / "rare.mp4", **camera)
    return cut(sent, box_revision(), stream_id=STREAM, at_keyframes=False)


def test_a_vehicle_is_measured_and_proved_in_segments_without_a_keyframe(
    box_video: Path, tmp_path: Path
) -> None:
    segments = rare_keyframes(box_video, tmp_path, gop=1000, b_frames=2)
    observer, found, bodies = stream_observer(box_revision()), list[object](), stored(segments)
    for segment in segments:
        found += show(observer, [segment])
        if not segment.event.last_in_stream:
            observer = caught_up(
                recalled_observer(checkpoint_of(observer), box_revision())[0], bodies
            )
    assert found == show(stream_observer(box_revision()), segments), "as without a takeover"
    passages = [each for each in found if isinstance(each, ObservedPassage)]
    true_kmh = sorted(car.speed_kmh for car in CARS)
    speeds = sorted((p.speed for p in passages if p.speed), key=lambda s: s.speed_kmh)
    assert len(speeds) == len(true_kmh)
    for speed, kmh in zip(speeds, true_kmh, strict=True):
        assert abs(speed.speed_kmh - kmh) <= speed.speed_u95_kmh < 3
    violations = [each for each in found if isinstance(each, ObservedViolation)]
    assert len(violations) == 2
    for violation in violations:
        sequences = [link.sequence for link in violation.links]
        assert sequences == list(range(sequences[-1] + 1)), "from the keyframe on"


def test_without_the_segments_since_the_keyframe_the_stream_waits_for_the_next_one(
    box_video: Path, tmp_path: Path
) -> None:
    segments = rare_keyframes(box_video, tmp_path, gop=150)  # in the first, fourth, seventh
    observer = stream_observer(box_revision())
    found = show(observer, segments[:2])
    observer = recalled_observer(checkpoint_of(observer), box_revision())[0]
    observer.decoding.give_up()
    with pytest.raises(MessageFault, match="no frame decodes in segment 2"):
        show(observer, segments[2:3])
    assert observer.last_sequence == 1
    found += show(observer, segments[3:])
    passages = [each for each in found if isinstance(each, ObservedPassage)]
    assert len({each.passage_id for each in passages}) == len(passages)
    assert passages[-1].speed is not None, "measured as ever after the loss"
    assert abs(passages[-1].speed.speed_kmh - CARS[-1].speed_kmh) < 3


def test_an_init_part_that_was_stored_once_more_is_still_the_same(
    empty_street: Path, tmp_path: Path
) -> None:
    """A recorder that goes on with a file after a fault stores it under another version."""
    video = encoded_again(empty_street, tmp_path / "s.mp4", size_px=(160, 90), gop=150, b_frames=2)
    segments = cut(video, box_revision(), stream_id=STREAM, segment_s=1.0, at_keyframes=False)
    detector = Watching()
    observer = stream_observer(box_revision(), detector)
    show(observer, segments[:2])
    for number, segment in enumerate(segments[2:]):
        init = segment.event.init.model_copy(update={"version_id": f"again-{number}"})
        event = segment.event.model_copy(update={"init": init})
        observer.observe_segment(event, segment.init, segment.media)
    assert are_all_frames(detector.seen_s)


def test_a_lost_segment_costs_the_frames_up_to_the_next_keyframe(
    empty_street: Path, tmp_path: Path
) -> None:
    video = encoded_again(empty_street, tmp_path / "s.mp4", size_px=(160, 90), gop=75, b_frames=2)
    segments = cut(video, box_revision(), stream_id=STREAM, segment_s=1.0, at_keyframes=False)
    detector = Watching()
    observer = stream_observer(box_revision(), detector)
    show(observer, segments[:1])
    show(observer, segments[2:])  # the next keyframe lies at the end of the first of these
    begun_s = detector.seen_s[0]
    shown = [round((each - begun_s) * FPS) for each in detector.seen_s]
    assert shown == [*range(25), *range(75, FRAMES)], "held back frames of the first included"


def test_a_lost_segment_of_a_gradually_refreshed_stream_costs_one_refresh(
    empty_street: Path, tmp_path: Path
) -> None:
    """With a column of blocks a reference frame, no picture is whole for two groups: that is no
    dead letter, which would follow for ever."""
    video = encoded_again(
        empty_street,
        tmp_path / "a.mp4",
        size_px=(400, 64),
        gop=25,
        b_frames=1,
        gradual_refresh=True,
    )
    segments = cut(video, box_revision(), stream_id=STREAM, segment_s=1.0)
    assert len(segments) == 6
    detector = Watching()
    show(stream_observer(box_revision(), detector), [segments[0], *segments[2:]])
    begun_s = detector.seen_s[0]
    shown = [round((each - begun_s) * FPS) for each in detector.seen_s]
    assert shown[:25] == list(range(25))
    assert shown[25:] == list(range(100, 150)), "the refresh takes as many frames as it refers to"
