"""A person on the carriageway is an incident; who crosses where one may, rides or sits is none."""

from typing import Any

import pytest

from payesh.contracts.camera_revision import CameraRevision, MarkedRegion, Period, Schedule, Weekday
from payesh.contracts.vocabulary import PassageEnd, RegionKind
from payesh.detect.domain.incidents.incident import IncidentChange
from payesh.detect.domain.incidents.pedestrian import walks
from payesh.detect.vision.observations import Observation, ObservedPassage
from tests.support.observer_builder import checkpoint_of
from tests.unit.detect.driven import box_at
from tests.unit.detect.scripted_stream import (
    Box,
    Script,
    recalled_scripted,
    scripted_observer,
    watch,
)
from tests.unit.detect.segment_cutter import STARTED_AT
from tests.unit.detect.test_incidents import CARRIAGEWAY, incidents, road

CROSSING = MarkedRegion(
    name="zebra", kind=RegionKind.CROSSING, polygon_px=((250, 0), (400, 0), (400, 360), (250, 360))
)


def carriageway(**changes: Any) -> CameraRevision:
    return road(**{"lanes": (), "regions": (CARRIAGEWAY,), **changes})


def person(x: float, y: float) -> Box:
    return box_at(x, y, 16.0, 44.0)


def stands(x: float, y: float, from_s: float, to_s: float) -> Script:
    return lambda time_s: [person(x, y)] if from_s <= time_s < to_s else []


def crosses(time_s: float) -> list[Box]:
    """On foot, from the left to the right."""
    return [person(100 + 20 * (time_s - 5), 200)] if 5 <= time_s < 20 else []


def nobody(time_s: float) -> list[Box]:
    return []


def seen(
    revision: CameraRevision, persons: Script | None, vehicles: Script = nobody, *, to_s: int = 40
) -> list[Observation]:
    return watch(scripted_observer(revision, vehicles, persons=persons), revision, to_s=to_s)


def at_s(change: IncidentChange) -> float:
    return (change.at.at - STARTED_AT).total_seconds()


def test_a_person_on_the_carriageway_is_raised_after_three_seconds_and_cleared() -> None:
    raised, ended = incidents(seen(carriageway(), crosses))
    assert (raised.incident.kind, raised.incident.subject) == ("pedestrian", "road")
    assert (raised.incident.lane, raised.incident.vehicle_class) == (None, None)
    assert (raised.incident.began.at - STARTED_AT).total_seconds() == 5.0
    assert at_s(raised) == 8.0
    assert raised.incident.box == pytest.approx(person(160, 200))
    assert (raised.quantity, raised.value, raised.threshold) == ("on_carriageway_s", 3.0, 3.0)
    assert ended.incident == raised.incident
    assert ended.ended_by == "cleared"
    assert ended.ended_at is not None
    assert (ended.ended_at - STARTED_AT).total_seconds() == pytest.approx(19.8, abs=0.01)
    assert at_s(ended) == pytest.approx(30.0, abs=0.3)


def test_who_steps_off_and_on_is_one_incident() -> None:
    def persons(time_s: float) -> list[Box]:
        return stands(300, 200, 5, 10)(time_s) or stands(300, 200, 17, 20)(time_s)

    raised, ended = incidents(seen(carriageway(), persons))
    assert at_s(raised) == 8.0
    assert at_s(ended) == pytest.approx(30.0, abs=0.3)


def test_a_person_is_no_vehicle_and_leaves_no_picture() -> None:
    found = seen(carriageway(), crosses)
    assert not [each for each in found if isinstance(each, ObservedPassage)]


@pytest.mark.parametrize(
    ("revision", "persons"),
    [
        (road(), stands(300, 200, 5, 20)),
        (carriageway(regions=(CARRIAGEWAY, CROSSING)), stands(300, 200, 5, 20)),
        (carriageway(), stands(300, 200, 5, 7.5)),
        (carriageway(), stands(300, 358, 5, 20)),
        (carriageway(), None),
        (carriageway(), lambda time_s: stands(300, 200, 5, 20)(time_s) if time_s % 2 < 1 else []),
    ],
    ids=[
        "where only lanes are marked",
        "on a crossing",
        "for two seconds",
        "cut by the border",
        "by a detector that tells nothing of people",
        "a box that flickers",
    ],
)
def test_no_pedestrian_is_raised(revision: CameraRevision, persons: Script | None) -> None:
    assert incidents(seen(revision, persons)) == []


def test_a_carriageway_counts_in_its_hours() -> None:
    night = Schedule(
        name="night", periods=(Period(weekdays=tuple(Weekday), since="22:00", until="05:00"),)
    )
    at_night = CARRIAGEWAY.model_copy(update={"schedule": "night"})
    revision = carriageway(regions=(at_night,), schedules=(night,))
    assert incidents(seen(revision, crosses)) == [], "it is noon in Tehran"


def test_who_sits_in_a_vehicle_or_rides_does_not_walk() -> None:
    car = box_at(300, 200, 90.0, 60.0), "car"
    assert not walks(person(310, 195), [car])
    assert walks(person(310, 215), [car]), "before the car"
    assert walks(person(400, 200), [car])
    motorcycle = box_at(300, 200, 20.0, 30.0), "motorcycle"
    assert not walks(person(300, 190), [motorcycle])
    assert walks(person(330, 190), [motorcycle])
    assert walks(person(300, 215), [(box_at(300, 200, 20.0, 30.0), "car")])


def test_the_driver_of_a_stopped_car_is_no_pedestrian() -> None:
    found = seen(
        carriageway(),
        stands(300, 190, 5, 20),
        lambda time_s: [box_at(300, 200, 90.0, 60.0)],
    )
    assert [each for each in incidents(found) if each.incident.kind == "pedestrian"] == []


def test_the_end_of_a_stream_leaves_the_incident_unseen() -> None:
    revision = carriageway()
    observer = scripted_observer(revision, nobody, persons=stands(300, 200, 5, 60))
    watch(observer, revision, to_s=20)
    (ended,) = incidents(observer.stop(PassageEnd.STREAM_END))
    assert ended.ended_by == "unseen"


@pytest.mark.parametrize("restart_at_s", [4, 6, 8, 10, 20, 28])
def test_a_process_that_takes_over_publishes_the_same(restart_at_s: int) -> None:
    revision = carriageway()
    undisturbed = incidents(seen(revision, crosses))
    observer = scripted_observer(revision, nobody, persons=crosses)
    found = watch(observer, revision, to_s=restart_at_s)
    observer = recalled_scripted(checkpoint_of(observer), revision, nobody, persons=crosses)
    found += watch(observer, revision, from_s=restart_at_s, to_s=40)
    assert incidents(found) == undisturbed
