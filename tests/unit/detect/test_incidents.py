"""Incidents of scripted streams: what is raised, what is not, and when it is over."""

from collections.abc import Sequence
from typing import Any

import pytest

from payesh.contracts.camera_revision import (
    CameraRevision,
    Detection,
    MarkedLane,
    MarkedRegion,
)
from payesh.contracts.vocabulary import DetectorKind, PassageEnd, RegionKind
from payesh.detect.domain.incidents.incident import IncidentChange
from payesh.detect.vision.observations import Observation, ObservedIncident, ObservedViolation
from tests.support.revision_builder import STOP_LINE
from tests.support.revision_builder import revision as plain_revision
from tests.unit.detect.box_street import box_revision
from tests.unit.detect.driven import box_at
from tests.unit.detect.scripted_stream import (
    Box,
    Script,
    scripted_observer,
    watch,
)
from tests.unit.detect.segment_cutter import STARTED_AT
from tests.unit.detect.test_lane_looks import car_box

LANE = MarkedLane(
    name="right",
    polygon_px=((200, 20), (400, 20), (400, 350), (200, 350)),
    from_px=(300, 20),
    to_px=(300, 350),
)
CARRIAGEWAY = MarkedRegion(
    name="road", kind=RegionKind.CARRIAGEWAY, polygon_px=((0, 0), (640, 0), (640, 360), (0, 360))
)
BAY = MarkedRegion(name="bay", kind=RegionKind.PARKING, polygon_px=CARRIAGEWAY.polygon_px)


def road(**changes: Any) -> CameraRevision:
    """One lane down the picture, watched by a network; no stop line."""
    stated: dict[str, Any] = {
        "detection": Detection(kind=DetectorKind.ONNX),
        "lanes": (LANE,),
        "lines": (),
        "signal_heads": (),
    }
    return plain_revision(**{**stated, **changes})


def stops_at(y: float, *, at_s: float, until_s: float = 1e9, x: float = 300.0) -> Script:
    """A car that comes down the lane, stands from a moment on and drives on at another. It appears
    at the third second, when it surely was not followed before."""

    def script(time_s: float) -> list[Box]:
        foot = y - 25.0 * max(at_s - time_s, 0.0) + 25.0 * max(time_s - until_s, 0.0)
        return [box_at(x, foot)] if 45.0 < foot < 340.0 and time_s > 2.4 else []

    return script


def together(*scripts: Script) -> Script:
    return lambda time_s: [box for script in scripts for box in script(time_s)]


def incidents(found: Sequence[Observation]) -> list[IncidentChange]:
    return [each.change for each in found if isinstance(each, ObservedIncident)]


def watched(revision: CameraRevision, script: Script, *, to_s: int) -> list[IncidentChange]:
    return incidents(watch(scripted_observer(revision, script), revision, to_s=to_s))


def seconds(change: IncidentChange) -> float:
    return (change.at.at - STARTED_AT).total_seconds()


def test_a_vehicle_that_stands_in_a_lane_is_raised_after_a_minute_and_cleared_once() -> None:
    raised, ended = watched(road(), stops_at(200, at_s=8, until_s=100), to_s=120)
    assert (raised.incident.kind, raised.incident.lane) == ("stopped_vehicle", "right")
    assert raised.incident.vehicle_class == "car"
    assert raised.incident.box == pytest.approx(box_at(300, 200), abs=1.0)
    # The last fourteen pixels of its way belong to its place.
    began_s = (raised.incident.began.at - STARTED_AT).total_seconds()
    assert 7.0 <= began_s <= 8.0
    assert raised.ended_at is None
    assert seconds(raised) - began_s == pytest.approx(60.0, abs=0.3)
    assert (raised.quantity, raised.threshold) == ("standing_s", 60.0)
    assert ended.incident == raised.incident
    assert ended.ended_by == "cleared"
    assert ended.ended_at is not None
    assert 100.0 <= (ended.ended_at - STARTED_AT).total_seconds() <= 101.0
    assert 0.0 < seconds(ended) - 100.0 < 2.5


QUEUE_OF_THREE = together(*(stops_at(y, at_s=8 + n) for n, y in enumerate((300, 240, 180))))


@pytest.mark.parametrize(
    ("revision", "script"),
    [
        (road(regions=(BAY,)), stops_at(200, at_s=8)),
        (road(), stops_at(200, at_s=8, x=100)),
        (road(detection=Detection(kind=DetectorKind.MOTION)), stops_at(200, at_s=8)),
        (road(), lambda time_s: [box_at(300, 200)] if time_s > 2.4 else []),
        (road(), stops_at(200, at_s=8, until_s=60)),
        (road(lines=(STOP_LINE,)), stops_at(200, at_s=8)),
        (road(lanes=()), stops_at(200, at_s=8)),
        (road(), together(stops_at(200, at_s=8), stops_at(215, at_s=7, x=315))),
    ],
    ids=[
        "in a parking region",
        "beside the lane",
        "in front of a learned background",
        "never seen on its way",
        "for less than a minute",
        "before a stop line that is marked",
        "where nothing is marked",
        "two boxes that overlap",
    ],
)
def test_no_stopped_vehicle_is_raised(revision: CameraRevision, script: Script) -> None:
    assert watched(revision, script, to_s=110) == []


def test_a_queue_is_no_stopped_vehicle_but_two_that_collided_are() -> None:
    assert watched(road(), QUEUE_OF_THREE, to_s=110) == []
    two = together(stops_at(300, at_s=8), stops_at(240, at_s=9))
    assert [each.incident.kind for each in watched(road(), two, to_s=110)] == [
        "stopped_vehicle",
        "stopped_vehicle",
    ]


def test_at_a_stop_line_a_vehicle_waits_longer_than_any_red() -> None:
    (raised,) = watched(road(lines=(STOP_LINE,)), stops_at(200, at_s=8), to_s=330)
    assert raised.threshold == 300.0
    assert seconds(raised) == pytest.approx(308.0, abs=1.5)


def test_a_marked_carriageway_needs_no_lane() -> None:
    (raised,) = watched(road(lanes=(), regions=(CARRIAGEWAY,)), stops_at(200, at_s=8), to_s=90)
    assert raised.incident.lane is None


def hidden(script: Script, from_s: float, to_s: float) -> Script:
    return lambda time_s: [] if from_s <= time_s < to_s else script(time_s)


def test_a_vehicle_that_is_hidden_for_a_while_keeps_its_incident() -> None:
    stopped = stops_at(200, at_s=8)
    (raised,) = watched(road(), hidden(stopped, 80, 95), to_s=130)
    assert raised.ended_at is None
    again = watched(road(), hidden(stopped, 80, 1e9), to_s=130)
    assert [each.ended_by for each in again] == [None, "unseen"]
    assert again[1].ended_at is not None
    assert (again[1].ended_at - STARTED_AT).total_seconds() == pytest.approx(79.8, abs=0.1)


def test_where_segments_are_missing_what_was_raised_is_unseen() -> None:
    revision, script = road(), stops_at(200, at_s=8)
    observer = scripted_observer(revision, script)
    (raised,) = incidents(watch(observer, revision, to_s=80))
    found = incidents(watch(observer, revision, from_s=90, to_s=180))
    assert [each.ended_by for each in found] == ["unseen"], "afterwards it never moved"
    assert found[0].incident == raised.incident


def test_the_end_of_a_stream_ends_its_incidents() -> None:
    revision = road()
    observer = scripted_observer(revision, stops_at(200, at_s=8))
    watch(observer, revision, to_s=80)
    (ended,) = incidents(observer.stop(PassageEnd.STREAM_END))
    assert ended.ended_by == "unseen"


def test_over_a_new_revision_a_vehicle_keeps_its_incident() -> None:
    revision = road()
    observer = scripted_observer(revision, stops_at(200, at_s=8, until_s=100))
    (raised,) = incidents(watch(observer, revision, to_s=80))
    assert incidents(observer.close(PassageEnd.LOST, going_on=True)) == []
    observer.revise(revision, observer.detector)
    (ended,) = incidents(watch(observer, revision, from_s=80, to_s=120))
    assert (ended.incident, ended.ended_by) == (raised.incident, "cleared")


def full_lane(until_s: float, number: int = 5) -> Script:
    return together(
        *(stops_at(310.0 - 55.0 * n, at_s=8 + 2 * n, until_s=until_s) for n in range(number))
    )


def test_a_queue_is_raised_when_it_lasts_and_cleared_when_it_has_gone() -> None:
    raised, ended = watched(road(), full_lane(70.0), to_s=110)
    assert (raised.incident.kind, raised.incident.lane) == ("queue", "right")
    assert (raised.quantity, raised.value, raised.threshold) == ("queue_vehicles", 5.0, 5.0)
    assert raised.incident.box == pytest.approx((280, 50, 320, 310), abs=2.0)
    began_s = (raised.incident.began.at - STARTED_AT).total_seconds()
    assert 19.0 <= began_s <= 21.5, "the fifth car is there from the sixteenth second on"
    assert seconds(raised) - began_s == pytest.approx(30.0, abs=0.3)
    assert ended.ended_by == "cleared"
    assert ended.ended_at is not None
    assert 70.0 <= (ended.ended_at - STARTED_AT).total_seconds() <= 73.0


@pytest.mark.parametrize(
    ("revision", "script"),
    [
        (road(), full_lane(1e9, number=4)),
        (road(), full_lane(40.0)),
        (road(lines=(STOP_LINE,)), full_lane(1e9)),
        (road(regions=(BAY,)), full_lane(1e9)),
    ],
    ids=["four vehicles", "it goes on soon", "before a stop line", "parked cars"],
)
def test_no_queue_is_raised(revision: CameraRevision, script: Script) -> None:
    assert watched(revision, script, to_s=90) == []


def three_wait(time_s: float) -> list[Box]:
    """On a measured road, 14 m from the first one's foot to the last one's."""
    if time_s < 2.4:
        return []
    far = [stop + 5.0 * max(10.0 - time_s, 0.0) for stop in (23.0, 30.0, 37.0)]
    return [car_box(-2.0, y_m) for y_m in far if y_m < 70.0]


def test_on_a_measured_road_a_queue_is_over_its_threshold_by_metres() -> None:
    (raised,) = watched(box_revision(kind=DetectorKind.ONNX), three_wait, to_s=60)
    assert (raised.incident.kind, raised.incident.lane) == ("queue", "1")
    assert raised.quantity == "queue_m"
    assert raised.threshold == pytest.approx(0.8 * 21.0, abs=0.1)
    assert raised.value == pytest.approx(37.0 - 23.0 + 4.5, abs=0.6)


def drives_up(time_s: float) -> list[Box]:
    """Against the lane."""
    return [box_at(300, 330.0 - 40.0 * (time_s - 2.6))] if 2.4 < time_s < 9.0 else []


@pytest.mark.parametrize("kind", [DetectorKind.ONNX, DetectorKind.MOTION])
def test_who_drives_the_wrong_way_is_raised_when_the_rule_finds_it(kind: DetectorKind) -> None:
    revision = road(detection=Detection(kind=kind))
    found = watch(scripted_observer(revision, drives_up), revision, to_s=30)
    (violation,) = [each for each in found if isinstance(each, ObservedViolation)]
    raised, ended = incidents(found)
    assert violation.rule == "wrong_way"
    assert (raised.incident.kind, raised.incident.lane) == ("wrong_way", "right")
    assert raised.incident.subject == str(violation.passage_id)
    assert raised.at.at == violation.captured_at
    assert raised.quantity == "off_direction_deg"
    assert raised.incident.began.at < raised.at.at
    assert ended.ended_by == "unseen", "it may drive on"
    assert ended.ended_at is not None
    assert (ended.ended_at - STARTED_AT).total_seconds() == pytest.approx(8.8, abs=0.3)


def test_who_drives_down_its_lane_is_no_incident() -> None:
    assert watched(road(), lambda t: [box_at(300, 50 + 30.0 * t)] if t > 2.4 else [], to_s=20) == []
