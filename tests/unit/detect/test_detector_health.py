"""Self-checks of a detector: what raises each, what does not, and the same after a restart."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import numpy as np
import pytest

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.vocabulary import PassageEnd
from payesh.detect.domain.health.condition import ConditionChange
from payesh.detect.domain.moment import Moment
from payesh.detect.domain.trajectory import Trajectory
from payesh.detect.frames import Frame
from payesh.detect.handlers.events import detector_health_changed
from payesh.detect.vision.detector_health import DetectorHealth
from payesh.detect.vision.observations import Observation, ObservedCondition
from tests.support.observer_builder import checkpoint_of
from tests.unit.detect.driven import box_at
from tests.unit.detect.scripted_stream import (
    Box,
    Script,
    recalled_scripted,
    scripted_observer,
    segment,
    watch,
)
from tests.unit.detect.segment_cutter import STARTED_AT
from tests.unit.detect.test_incidents import BAY, road
from tests.unit.detect.test_incidents_published import PROVENANCE

CHROMA = np.full((18, 32), 128, np.uint8)
MINUTE = 60.0


def moment(time_s: float) -> Moment:
    return Moment(time_s, STARTED_AT + timedelta(seconds=time_s))


def noisy(time_s: float) -> Frame:
    """A picture of its own at each moment, as a sensor gives it."""
    luma = np.random.default_rng(round(time_s * 10)).integers(90, 100, (36, 64)).astype(np.uint8)
    return Frame(luma, CHROMA, CHROMA, time_s)


def still(time_s: float) -> Frame:
    return Frame(np.full((36, 64), 95, np.uint8), CHROMA, CHROMA, time_s)


class Checked:
    """A detector's health over time; it is written down and read again every minute."""

    def __init__(self) -> None:
        self.health = DetectorHealth()
        self.changes: list[ConditionChange] = []

    def go(
        self,
        from_s: float,
        to_s: float,
        *,
        step_s: float = 1.0,
        picture: Callable[[float], Frame] = noisy,
        passage_every_s: float | None = None,
        flicker_every_s: float | None = None,
        stay_s: float = 0.0,
    ) -> None:
        for time_s in times(from_s, to_s, step_s):
            if passage_every_s is not None and time_s % passage_every_s == 0:
                self.health.passed()
            if flicker_every_s is not None and time_s % flicker_every_s == 0:
                self.health.lost(followed(time_s, 0.4))
            self.changes += self.health.look(picture(time_s), moment(time_s), stay_s)
            if time_s % MINUTE == 0:
                part = self.health.memory()
                self.health = DetectorHealth()
                self.health.recall(part)

    @property
    def told(self) -> list[tuple[str, bool, float]]:
        return [(c.condition, c.raised, c.at.time_s) for c in self.changes]


def times(from_s: float, to_s: float, step_s: float) -> Iterator[float]:
    return (from_s + number * step_s for number in range(round((to_s - from_s) / step_s)))


def followed(until_s: float, for_s: float) -> Trajectory:
    way = Trajectory.begin(moment(until_s - for_s), box_at(100, 100), unsure=False)
    way.last = moment(until_s)
    return way


def test_a_silence_is_raised_that_lacks_thirty_vehicles_and_cleared_by_the_next() -> None:
    checked = Checked()
    checked.go(0, 3600, passage_every_s=30)
    assert checked.changes == [], "two a minute, for an hour"
    checked.go(3600, 5400)
    ((condition, raised, at_s),) = checked.told
    assert (condition, raised) == ("no_vehicles", True)
    assert at_s == pytest.approx(3600 + 15 * MINUTE, abs=MINUTE)
    value = checked.changes[0].value
    assert value is not None
    assert 30.0 <= value < 32.0
    checked.go(5400, 5520, passage_every_s=30)
    assert checked.told[1][:2] == ("no_vehicles", False)
    assert checked.told[1][2] == pytest.approx(5400 + MINUTE, abs=MINUTE)


def test_a_busy_road_may_be_silent_for_ten_minutes() -> None:
    checked = Checked()
    checked.go(0, 3600, passage_every_s=3)
    checked.go(3600, 3600 + 9 * MINUTE)
    assert checked.changes == []
    checked.go(3600 + 9 * MINUTE, 3600 + 11 * MINUTE)
    assert [c for c, _, _ in checked.told] == ["no_vehicles"]


@pytest.mark.parametrize(
    "before",
    [
        {"from_s": 0, "to_s": 1200, "passage_every_s": 3},
        {"from_s": 0, "to_s": 3600, "passage_every_s": 600},
    ],
    ids=["a stream that is young", "a quiet road at night"],
)
def test_no_silence_is_raised(before: dict[str, float]) -> None:
    checked = Checked()
    checked.go(**before)  # type: ignore[arg-type]
    checked.go(before["to_s"], before["to_s"] + 7200)
    assert checked.changes == []


def test_time_without_frames_is_no_silence() -> None:
    checked = Checked()
    checked.go(0, 3600, passage_every_s=30)
    checked.go(7200, 7260)
    checked.go(7260, 8000, passage_every_s=30)
    assert checked.changes == []


def test_flicker_is_chatter_when_it_is_far_more_than_passages() -> None:
    checked = Checked()
    checked.go(0, 660, flicker_every_s=5, passage_every_s=120)
    ((condition, raised, at_s),) = checked.told
    assert (condition, raised, at_s) == ("chatter", True, 600.0)
    assert (checked.changes[0].value, checked.changes[0].threshold) == (120.0, 60.0)
    checked.go(660, 1260, passage_every_s=120)
    assert checked.told[1] == ("chatter", False, 1200.0)


def test_a_busy_street_may_flicker() -> None:
    checked = Checked()
    checked.go(0, 1300, flicker_every_s=5, passage_every_s=10)
    assert checked.changes == []


def test_who_was_followed_for_longer_than_a_second_does_not_flicker() -> None:
    health = DetectorHealth()
    changes: list[ConditionChange] = []
    for time_s in times(0, 1300, 1.0):
        health.lost(followed(time_s, 1.5))
        changes += health.look(noisy(time_s), moment(time_s), 0.0)
    assert changes == []


def test_a_picture_that_stays_for_a_minute_is_raised() -> None:
    checked = Checked()
    checked.go(0, 300)
    checked.go(300, 400, picture=still)
    ((condition, raised, at_s),) = checked.told
    assert (condition, raised) == ("no_change", True)
    assert at_s == pytest.approx(360.0, abs=6.0)
    checked.go(400, 420)
    assert checked.told[1][:2] == ("no_change", False)


def test_a_picture_that_changes_once_in_a_minute_is_not_frozen() -> None:
    """One grey level in ten, as a vehicle's lights make it at night."""

    def night(time_s: float) -> Frame:
        frame = still(time_s)
        if time_s % 50 < 5:
            frame.luma[:8] += 30
        return frame

    checked = Checked()
    checked.go(0, 300, picture=night)
    assert checked.changes == []


def test_frames_that_come_seldom_are_not_judged() -> None:
    checked = Checked()
    checked.go(0, 600, step_s=15.0, picture=still)
    assert checked.changes == []


def standing_still(time_s: float) -> list[Box]:
    return [box_at(300, 200)] if 2.4 < time_s < 1900 else []


def conditions(found: list[Observation]) -> list[ConditionChange]:
    return [each.change for each in found if isinstance(each, ObservedCondition)]


def locked(revision: CameraRevision, script: Script) -> list[ConditionChange]:
    observer = scripted_observer(revision, script, rate_hz=2)
    found = conditions(watch(observer, revision, to_s=1960, rate_hz=2))
    return [each for each in found if each.condition == "locked_on"]


def test_a_box_that_stands_on_the_carriageway_for_half_an_hour_is_locked_on() -> None:
    raised, cleared = locked(road(), standing_still)
    assert (raised.raised, raised.threshold) == (True, 1800.0)
    assert raised.at.time_s == pytest.approx(1803.0, abs=3.0)
    assert not cleared.raised
    assert cleared.at.time_s == pytest.approx(1925.0, abs=5.0)


@pytest.mark.parametrize("revision", [road(regions=(BAY,)), road(lanes=())])
def test_parked_cars_are_not_locked_on(revision: CameraRevision) -> None:
    assert locked(revision, standing_still) == []


def frozen(restart_at_s: int | None) -> list[ConditionChange]:
    """The scripted frames are all alike: that is what is found of them."""
    revision = road()
    observer = scripted_observer(revision, lambda time_s: [])
    found = conditions(watch(observer, revision, to_s=restart_at_s or 90))
    if restart_at_s is not None:
        observer = recalled_scripted(checkpoint_of(observer), revision, lambda time_s: [])
        found += conditions(watch(observer, revision, from_s=restart_at_s, to_s=90))
    return found + conditions(observer.stop(PassageEnd.STREAM_END))


@pytest.mark.parametrize("restart_at_s", [4, 30, 58, 62, 80])
def test_a_process_that_takes_over_publishes_the_same(restart_at_s: int) -> None:
    undisturbed = frozen(None)
    assert [(each.condition, each.raised) for each in undisturbed] == [
        ("no_change", True),
        ("no_change", False),
    ]
    assert undisturbed[1].value is None, "with its stream, its detector ended"
    assert frozen(restart_at_s) == undisturbed
    source = segment(road(), 0, b"0", 5)
    events = [detector_health_changed(source, each, PROVENANCE) for each in undisturbed]
    assert len({each.event_id() for each in events}) == 2
    assert {each.key() for each in events} == {source.camera_id}
