"""Thresholds of incidents as a camera's revision states them; what it leaves out is as before."""

from typing import Any

import pytest

from payesh.contracts.camera_revision import IncidentThresholds
from payesh.contracts.vocabulary import DetectorKind
from payesh.detect.domain.incidents.pedestrian import Pedestrians
from payesh.detect.vision.scenes import scene_of
from tests.support.revision_builder import STOP_LINE
from tests.unit.detect.box_street import box_revision
from tests.unit.detect.scripted_stream import scripted_observer, watch
from tests.unit.detect.test_incidents import (
    full_lane,
    incidents,
    road,
    seconds,
    stops_at,
    three_wait,
    watched,
)
from tests.unit.detect.test_pedestrians import carriageway, crosses, nobody


@pytest.mark.parametrize("lines", [(), (STOP_LINE,)], ids=["", "before a stop line"])
def test_a_stopped_vehicle_is_raised_after_the_stated_time(lines: Any) -> None:
    revision = road(lines=lines, incidents=IncidentThresholds(stopped_vehicle_s=20.0))
    raised, ended = watched(revision, stops_at(200, at_s=8, until_s=100), to_s=120)
    assert (raised.quantity, raised.threshold, ended.threshold) == ("standing_s", 20.0, 20.0)
    stood_s = (raised.at.at - raised.incident.began.at).total_seconds()
    assert stood_s == pytest.approx(20.0, abs=0.3)


@pytest.mark.parametrize("lines", [(), (STOP_LINE,)], ids=["", "before a stop line"])
def test_a_queue_is_raised_by_the_stated_number_after_the_stated_time(lines: Any) -> None:
    revision = road(lines=lines, incidents=IncidentThresholds(queue_s=10.0, queue_vehicles=3))
    raised = watched(revision, full_lane(1e9, number=3), to_s=60)[0]
    assert (raised.quantity, raised.value, raised.threshold) == ("queue_vehicles", 3.0, 3.0)
    lasted_s = (raised.at.at - raised.incident.began.at).total_seconds()
    assert lasted_s == pytest.approx(10.0, abs=0.3)


def test_a_person_is_raised_after_the_stated_time_and_not_before() -> None:
    def found(stated_s: float) -> list[Any]:
        revision = carriageway(incidents=IncidentThresholds(pedestrian_s=stated_s))
        observer = scripted_observer(revision, nobody, persons=crosses)
        return incidents(watch(observer, revision, to_s=40))

    raised, ended = found(6.0)
    assert seconds(raised) == 11.0
    assert (raised.threshold, ended.threshold) == (6.0, 6.0)
    assert found(15.0) == [], "it is on the carriageway for fifteen seconds less a frame"


@pytest.mark.parametrize(("stated_m", "expected_m"), [(12.0, 12.0), (40.0, 16.8)])
def test_a_queue_is_raised_by_the_stated_length_or_four_fifths_of_the_lane(
    stated_m: float, expected_m: float
) -> None:
    stated = {"incidents": IncidentThresholds(queue_m=stated_m)}
    revision = box_revision(kind=DetectorKind.ONNX).model_copy(update=stated)
    (raised,) = watched(revision, three_wait, to_s=60)
    assert raised.quantity == "queue_m"
    assert raised.threshold == pytest.approx(expected_m, abs=0.1)


def test_what_a_revision_leaves_out_is_as_before() -> None:
    stated = scene_of(road(incidents=IncidentThresholds(queue_m=25.0))).incidents
    assert (stated.queue_m, stated.queue_s, stated.stopped_vehicle_s) == (25.0, None, None)
    assert scene_of(road()).incidents == scene_of(road(incidents=IncidentThresholds())).incidents


def test_persons_of_a_checkpoint_from_before_there_were_thresholds_are_kept() -> None:
    moment = [5.0, "2026-11-20T06:30:05+00:00"]
    pedestrians = Pedestrians()
    pedestrians.recall({"road": [[moment, moment], None]})
    assert pedestrians.to_state() == {"road": [[moment, moment], None, 3.0]}
