"""What is published of incidents: the same after a restart, and each end whatever else counts."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from payesh.contracts import Event, IncidentObserved
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import ObjectReference, Provenance
from payesh.detect.domain.camera_watch import CameraWatch
from payesh.detect.domain.incidents.incident import IncidentChange
from payesh.detect.handlers.events import incident_observed
from payesh.detect.handlers.publishing import Publishing
from payesh.detect.handlers.watching import WatchedStream
from payesh.detect.vision.observations import ObservedIncident
from tests.support.observer_builder import checkpoint_of
from tests.unit.detect.scripted_stream import (
    Script,
    recalled_scripted,
    scripted_observer,
    segment,
    watch,
)
from tests.unit.detect.segment_cutter import STARTED_AT
from tests.unit.detect.test_incidents import drives_up, full_lane, incidents, road, stops_at

PROVENANCE = Provenance(software_version="0.1.0", models=())


def published(
    revision: CameraRevision, script: Script, *, to_s: int, restart_at_s: int | None = None
) -> list[IncidentObserved]:
    observer = scripted_observer(revision, script)
    found: list[IncidentChange] = incidents(watch(observer, revision, to_s=restart_at_s or to_s))
    if restart_at_s is not None:
        observer = recalled_scripted(checkpoint_of(observer), revision, script)
        found += incidents(watch(observer, revision, from_s=restart_at_s, to_s=to_s))
    source = segment(revision, 0, b"0", 5)
    return [incident_observed(source, each, PROVENANCE) for each in found]


@pytest.mark.parametrize("restart_at_s", [6, 20, 40, 66, 68, 80, 100, 102])
@pytest.mark.parametrize(
    "script",
    [stops_at(200, at_s=8, until_s=100), full_lane(100.0), drives_up],
    ids=["stopped", "queue", "wrong way"],
)
def test_a_process_that_takes_over_publishes_the_same(script: Script, restart_at_s: int) -> None:
    undisturbed = published(road(), script, to_s=140)
    assert len(undisturbed) == 2
    assert len({each.event_id() for each in undisturbed}) == 2
    assert len({each.incident_id for each in undisturbed}) == 1
    assert published(road(), script, to_s=140, restart_at_s=restart_at_s) == undisturbed


def test_an_incident_names_no_passage() -> None:
    raised, _ = published(road(), drives_up, to_s=30)
    assert not IncidentObserved.model_fields.keys() & {"passage_id", "shots", "segments"}
    assert raised.captured_at - raised.began_at < timedelta(seconds=7)


class Heard:
    """A bus and a store that note what they are given."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def publish(self, event: Event) -> None:
        self.events.append(event)

    async def put(self, bucket: str, key: str, data: bytes, *, media_type: str) -> ObjectReference:
        raise AssertionError("no picture is kept of an incident")


def heard(watch_of_camera: CameraWatch, stream: WatchedStream) -> list[IncidentObserved]:
    bus = Heard()
    stream.pending = [each for each in stream.pending if isinstance(each, ObservedIncident)]
    asyncio.run(Publishing(bus, bus, "0.1.0").publish_pending(stream, watch_of_camera))
    return [each for each in bus.events if isinstance(each, IncidentObserved)]


def test_an_end_is_published_though_another_stream_counts_by_then() -> None:
    """Else an incident that was raised before would last for ever."""
    revision = road()
    observer = scripted_observer(revision, stops_at(200, at_s=8, until_s=100))
    stream = WatchedStream(observer, (), "0" * 64)
    successor = CameraWatch()
    later = STARTED_AT + timedelta(seconds=90)
    successor.note(UUID(int=12), 2, later, later + timedelta(seconds=10))
    stream.pending = watch(observer, revision, to_s=80)
    assert [each.ended_by for each in heard(successor, stream)] == [None]
    stream.pending = watch(observer, revision, from_s=80, to_s=120)
    assert [each.ended_by for each in heard(successor, stream)] == ["cleared"]


def test_what_a_stream_raises_that_does_not_count_is_not_published() -> None:
    revision = road()
    observer = scripted_observer(revision, stops_at(200, at_s=8))
    stream = WatchedStream(observer, (), "0" * 64)
    successor = CameraWatch()
    successor.note(UUID(int=12), 2, STARTED_AT, STARTED_AT + timedelta(seconds=100))
    stream.pending = watch(observer, revision, to_s=80)
    assert heard(successor, stream) == []
