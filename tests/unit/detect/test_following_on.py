"""A published vehicle is followed on until it is gone: once published, under one id."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

import pytest

from payesh.contracts.camera_revision import MarkedRegion
from payesh.contracts.vocabulary import DetectorKind, PassageEnd
from payesh.detect.adapters.checkpoint import read_checkpoint, write_checkpoint
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules import registry
from payesh.detect.domain.rules.finding import Facts, Finding, Margin, Quantity
from payesh.detect.domain.rules.rule import RuleKind, State
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import Trajectory
from payesh.detect.vision.observations import Observation, ObservedPassage, ObservedViolation
from payesh.detect.vision.stream_memory import recall
from payesh.detect.vision.stream_observer import StreamObserver
from tests.support.observer_builder import checkpoint_of, recalled_observer, stream_observer
from tests.unit.detect.box_street import BoxCar, box_revision, project, render
from tests.unit.detect.scripted_stream import Box, scripted_observer, watch
from tests.unit.detect.segment_cutter import CutSegment, cut

pytestmark = pytest.mark.slow

PARKED: Box = (200.0, 150.0, 280.0, 210.0)
UNCALIBRATED = box_revision(kind=DetectorKind.ONNX, calibrated=False)


def passages(observations: list[Observation]) -> list[ObservedPassage]:
    return [each for each in observations if isinstance(each, ObservedPassage)]


def followed(observer: StreamObserver) -> list[UUID]:
    return [vehicle.passage_id for vehicle in observer.following.vehicles]


def unseen(*spans: tuple[float, float]) -> Any:
    """A parked car that the detector misses for some spans of time."""
    return lambda time_s: [] if any(a <= time_s < b for a, b in spans) else [PARKED]


def test_a_parked_vehicle_is_published_once_and_followed_on() -> None:
    observer = scripted_observer(UNCALIBRATED, unseen())
    assert passages(watch(observer, UNCALIBRATED, to_s=28)) == []
    [passage] = passages(watch(observer, UNCALIBRATED, from_s=28, to_s=34))
    assert passage.ended_by is PassageEnd.TIME_LIMIT
    assert passages(watch(observer, UNCALIBRATED, from_s=34, to_s=58)) == []
    assert followed(observer) == [passage.passage_id]


def test_a_parked_vehicle_keeps_its_id_when_its_detector_blinks() -> None:
    observer = scripted_observer(UNCALIBRATED, unseen((40.0, 55.0)))
    [passage] = passages(watch(observer, UNCALIBRATED, to_s=50))
    assert passages(watch(observer, UNCALIBRATED, from_s=50, to_s=100)) == []
    [vehicle] = observer.following.vehicles
    assert vehicle.passage_id == passage.passage_id
    assert vehicle.trajectory.first.time_s < 1.0, "its trajectory is one"


NO_STOPPING = UNCALIBRATED.model_copy(
    update={
        "regions": (
            MarkedRegion(
                name="kerb",
                kind="no_stopping",
                polygon_px=((150.0, 100.0), (330.0, 100.0), (330.0, 300.0), (150.0, 300.0)),
            ),
        )
    }
)


def comes_and_stands(time_s: float) -> list[Box]:
    """A car that stands after four seconds and is hidden for 15 s."""
    if 200.0 <= time_s < 215.0:
        return []
    right = max(0.0, 4.0 - time_s) * 40.0
    return [(PARKED[0] + right, PARKED[1], PARKED[2] + right, PARKED[3])]


@pytest.mark.parametrize("taken_over_at", [0, 150, 206])
def test_a_car_that_stands_too_long_is_found_once_whatever_hides_it(taken_over_at: int) -> None:
    """It appears at the third second, when it surely was not followed before."""
    observer = scripted_observer(NO_STOPPING, lambda t: comes_and_stands(t) if t > 2.4 else [])
    found = watch(observer, NO_STOPPING, to_s=taken_over_at, rate_hz=5)
    if taken_over_at:
        archive = checkpoint_of(observer)
        observer = scripted_observer(NO_STOPPING, comes_and_stands)
        recall(observer, read_checkpoint(archive))
    found += watch(observer, NO_STOPPING, from_s=taken_over_at, to_s=330, rate_hz=5)
    [passage] = passages(found)
    [violation] = [each for each in found if isinstance(each, ObservedViolation)]
    assert violation.rule == "forbidden_stopping"
    assert violation.passage_id == passage.passage_id
    assert isinstance(violation.measurement, Facts)
    assert violation.measurement.stay is not None
    assert violation.measurement.stay.stationary_ms == pytest.approx(300_000, abs=1500)


def test_a_vehicle_where_one_stood_before_is_not_published_as_another_one() -> None:
    """It may be the same: a detector that misses it for longer would publish it again and again."""
    observer = scripted_observer(UNCALIBRATED, unseen((40.0, 70.0)))
    found = passages(watch(observer, UNCALIBRATED, to_s=130))
    assert len(found) == 1
    assert [vehicle.dismissed for vehicle in observer.following.vehicles] == [True]


def test_a_parked_vehicle_keeps_its_id_over_another_revision() -> None:
    observer = scripted_observer(UNCALIBRATED, unseen())
    [passage] = passages(watch(observer, UNCALIBRATED, to_s=40))
    observer.close(PassageEnd.LOST, going_on=True)
    revised = box_revision(kind=DetectorKind.ONNX, calibrated=False, revision=2)
    observer.revise(revised, observer.detector)
    assert passages(watch(observer, revised, from_s=40, to_s=90)) == []
    assert followed(observer) == [passage.passage_id]


def test_a_vehicle_that_waited_before_the_zone_is_judged_in_it() -> None:
    """Its passage is published after half a minute; its violation follows when it has driven on."""
    stands_until_s, stands_at_m, speed_kmh = 36.0, 50.0, 50.0
    revision = box_revision(kind=DetectorKind.ONNX, speed_limit_kmh=30.0)

    def drives(time_s: float) -> list[Box]:
        y = stands_at_m - speed_kmh / 3.6 * max(0.0, time_s - stands_until_s)
        if y < 16.0:
            return []
        corners = project([(-2.9, y, 0.0), (-1.1, y, 0.0), (-2.9, y, 1.3), (-1.1, y, 1.3)])
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        return [(float(left), float(top), float(right), float(bottom))]

    observer = scripted_observer(revision, drives, rate_hz=25)
    [passage] = passages(watch(observer, revision, to_s=34, rate_hz=25))
    assert (passage.ended_by, passage.speed) == (PassageEnd.TIME_LIMIT, None)
    found = watch(observer, revision, from_s=34, to_s=42, rate_hz=25)
    assert passages(found) == []
    [violation] = [each for each in found if isinstance(each, ObservedViolation)]
    assert (violation.passage_id, violation.rule) == (passage.passage_id, "speeding")
    assert isinstance(violation.measurement, Quantity)
    assert violation.measurement.value == pytest.approx(speed_kmh, abs=1.5)
    assert violation.lane == "1"


def test_a_path_costs_no_more_memory_however_long_the_vehicle_stays() -> None:
    observer = scripted_observer(UNCALIBRATED, unseen())
    watch(observer, UNCALIBRATED, to_s=600)
    [vehicle] = observer.following.vehicles
    path = vehicle.trajectory.picture
    assert vehicle.trajectory.sightings > 2_900
    assert len(path) <= 2_048
    assert path[0].time_s < 1.0
    times = [point.time_s for point in path]
    assert times == sorted(times)
    assert times[-1] - times[-500] == pytest.approx(499 / 5)


def test_a_vehicle_against_the_direction_of_the_zone_is_reported_too(tmp_path: Path) -> None:
    away = BoxCar(x_m=-2.0, speed_kmh=-50.0, exits_at_s=3.0)
    along = BoxCar(x_m=2.0, speed_kmh=50.0, exits_at_s=6.0)
    video = render(tmp_path / "street.mp4", [away, along], 9.0)
    observer = stream_observer(box_revision(speed_limit_kmh=30.0))
    found = observed(cut(video, box_revision(speed_limit_kmh=30.0), stream_id=uuid4()), observer)
    first, second = passages(found)
    assert [first.lane, second.lane] == ["1", "2"]
    assert [first.ended_by, second.ended_by] == [PassageEnd.EXIT_LINE] * 2
    assert first.speed is None, "speeds are measured in the zone's direction"
    assert second.speed is not None
    assert [each.passage_id for each in found if isinstance(each, ObservedViolation)] == [
        second.passage_id
    ]


@dataclass(slots=True)
class Tarrying:
    """A rule that finds a vehicle when it is well beyond the zone's exit line."""

    frames: int = 0

    def observe(self, trajectory: Trajectory, scene: Scene, time: Moment) -> Finding | None:
        self.frames += 1
        if progress(trajectory, scene) < 1.1:
            return None
        margin = Margin("frames", self.frames, 0.0)
        return Finding(Facts(margin), time.time_s, time.time_s, time.time_s)

    def to_state(self) -> State:
        return {"frames": self.frames}

    @classmethod
    def from_state(cls, state: State) -> Self:
        return cls(int(state["frames"]))


def progress(trajectory: Trajectory, scene: Scene) -> float:
    if scene.speed_zone is None or len(trajectory.ground) < 20:
        return -1.0
    return scene.speed_zone.progress(trajectory.ground[-1].y_m)


@pytest.fixture
def tarrying(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kind = RuleKind("tarrying", 1, Tarrying, lambda scene: scene.speed_zone is not None)
    monkeypatch.setitem(registry.RULES, kind.name, kind)
    yield


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> list[CutSegment]:
    """A car that needs a second from the exit line out of the picture."""
    car = BoxCar(x_m=-2.0, speed_kmh=10.0, exits_at_s=11.64)
    video = render(tmp_path_factory.mktemp("slow") / "street.mp4", [car], 14.0)
    return cut(video, box_revision(), stream_id=UUID(int=5), segment_s=1.0)


def observed(segments: list[CutSegment], observer: StreamObserver) -> list[Observation]:
    found: list[Observation] = []
    for each in segments:
        found += observer.observe_segment(each.event, each.init, each.media)
    return found


def test_a_violation_may_follow_its_passage_with_evidence_of_its_own(
    slow: list[CutSegment], tarrying: None
) -> None:
    found = observed(slow, stream_observer(box_revision()))
    [passage] = passages(found)
    [violation] = [each for each in found if isinstance(each, ObservedViolation)]
    assert found.index(violation) > found.index(passage)
    assert violation.passage_id == passage.passage_id
    assert violation.captured_at > passage.captured_at
    assert (violation.rule, violation.lane) == ("tarrying", passage.lane)
    shown_in = [
        max(e.event.sequence for e in slow if e.event.captured_at <= each.captured_at)
        for each in (passage, violation)
    ]
    assert shown_in == [11, 12]
    assert [link.sequence for link in violation.links] == [12]


@pytest.mark.parametrize("killed_after", [11, 12])
def test_a_takeover_between_a_passage_and_its_violation_changes_nothing(
    slow: list[CutSegment], tarrying: None, killed_after: int
) -> None:
    undisturbed = observed(slow, stream_observer(box_revision()))
    first = stream_observer(box_revision())
    found = observed(slow[:killed_after], first)
    second, recalled = recalled_observer(checkpoint_of(first), box_revision())
    assert recalled.rebuilt == ()
    assert found + observed(slow[killed_after:], second) == undisturbed


@pytest.mark.parametrize(("killed_after", "judged"), [(10, True), (12, False)])
def test_a_vehicle_is_not_judged_twice_when_the_rules_memory_is_lost(
    slow: list[CutSegment], killed_after: int, judged: bool
) -> None:
    """After the exit line it has been judged by the limit that held there; before it, not yet."""
    first = stream_observer(box_revision(speed_limit_kmh=60.0))
    observed(slow[:killed_after], first)
    parts = read_checkpoint(checkpoint_of(first))
    archive = write_checkpoint([part for name, part in parts.items() if name != "rule.speeding"])
    second, recalled = recalled_observer(archive, box_revision(speed_limit_kmh=5.0))
    assert recalled.rebuilt == ("rule.speeding",)
    found = observed(slow[killed_after:], second)
    assert any(isinstance(each, ObservedViolation) for each in found) == judged


@dataclass(slots=True)
class Halfway(Tarrying):
    """A rule that finds a vehicle in the middle of the zone."""

    def observe(self, trajectory: Trajectory, scene: Scene, time: Moment) -> Finding | None:
        assert scene.speed_zone is not None
        if (
            len(trajectory.ground) < 20
            or scene.speed_zone.progress(trajectory.ground[-1].y_m) < 0.5
        ):
            return None
        return Finding(Facts(Margin("way", 1.0, 0.0)), time.time_s, time.time_s, time.time_s)


def test_a_finding_waits_for_the_passage_of_its_vehicle(
    slow: list[CutSegment], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = RuleKind("halfway", 1, Halfway, lambda scene: scene.speed_zone is not None)
    monkeypatch.setitem(registry.RULES, kind.name, kind)
    undisturbed = observed(slow, stream_observer(box_revision()))
    [passage] = passages(undisturbed)
    [violation] = [each for each in undisturbed if isinstance(each, ObservedViolation)]
    assert undisturbed.index(violation) == undisturbed.index(passage) + 1
    waited_s = (passage.captured_at - violation.captured_at).total_seconds()
    assert waited_s > 3.0
    [link] = violation.links
    assert link.captured_at <= violation.captured_at
    assert (violation.captured_at - link.captured_at).total_seconds() < 1.1
    # It waits in the checkpoint too.
    first = stream_observer(box_revision())
    found = observed(slow[:10], first)
    assert not passages(found)
    second, _ = recalled_observer(checkpoint_of(first), box_revision())
    assert found + observed(slow[10:], second) == undisturbed
