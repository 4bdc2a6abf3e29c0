"""The guide's rule, added by one module and one registration, works as the guide has it."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from uuid import UUID, uuid4

import cv2
import pytest

from payesh.contracts import Event, PassageObserved, SegmentStored, ViolationDetected
from payesh.contracts.camera_revision import MarkedRegion
from payesh.contracts.values import Finding
from payesh.detect.adapters.checkpoint import read_checkpoint, write_checkpoint
from payesh.detect.adapters.checkpoints import BUCKET, camera_key, stream_key
from payesh.detect.domain.rules import registry
from payesh.detect.handlers.observing import Observing
from payesh.kit.bus import Producer
from payesh.kit.objects import MinioObjects
from payesh.local.engines import EngineSet
from payesh.local.topics import create_topics
from tests.integration.detect.watched_street import (
    Noted,
    last_saved,
    observer_settings,
    observing,
    recorded,
    watch,
)
from tests.support.engine_settings import store_of
from tests.support.guides import GUIDES, code_blocks, module_of
from tests.unit.detect.box_street import BoxCar, project, render

GUIDE = "add-a-rule.md"
PACKAGE = "services/detect/src/payesh/detect/domain/rules"
MODULE, REGISTRY = f"{PACKAGE}/blocking.py", f"{PACKAGE}/registry.py"
KILLED_AFTER = 6
"""Segments of two seconds. The car is in the region from the eighth second on and breaks the rule
after the twelfth: the process dies in the middle of its trajectory."""


def pieces() -> dict[str, str]:
    """The guide's code by the file that its first line names."""
    split = (block.split("\n", 1) for block in code_blocks(GUIDE))
    return {first.removeprefix("# "): code for first, code in split}


@pytest.fixture(scope="module")
def laid_down() -> Iterator[None]:
    """The module lies in the package as if it were a file there; the registry has its lines."""
    with module_of("payesh.detect.domain.rules.blocking", pieces()[MODULE]):
        try:
            exec(pieces()[REGISTRY], vars(registry))  # noqa: S102 - the guide's own code
            yield
        finally:
            registry.RULES.pop("blocking", None)
            vars(registry).pop("blocking", None)


def region() -> MarkedRegion:
    """The near part of the first lane, to be kept clear."""
    corners = [(-4.0, 42.0, 0.0), (0.0, 42.0, 0.0), (0.0, 20.5, 0.0), (-4.0, 20.5, 0.0)]
    ring = tuple((float(x), float(y)) for x, y in project(corners))
    return MarkedRegion(name="junction", kind="keep_clear", polygon_px=ring)


@dataclass
class Street:
    """A recorded stream with one slow car, and what an undisturbed observer publishes of it."""

    camera_id: str
    stream_id: UUID
    events: list[SegmentStored]
    undisturbed: list[Event]
    store: MinioObjects
    producer: Producer
    executor: ThreadPoolExecutor

    def observer(self, publisher: Noted) -> Observing:
        return observing(self.store, publisher, self.executor)

    async def forget(self) -> None:
        await self.store.delete(BUCKET, stream_key(self.stream_id))
        await self.store.delete(BUCKET, camera_key(self.camera_id))


@pytest.fixture(scope="module")
async def street(
    engines: EngineSet, laid_down: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Street]:
    cv2.setNumThreads(1)
    car = BoxCar(x_m=-2.0, speed_kmh=10.0, exits_at_s=16.0)
    video = render(tmp_path_factory.mktemp("street") / "street.mp4", [car], 18.0)
    await create_topics(engines.addresses()["kafka_bootstrap"])
    camera_id, stream_id = f"blocked-{uuid4().hex[:8]}", uuid4()
    events = await recorded(
        store_of(engines, "ingest"),
        video,
        camera_id=camera_id,
        stream_id=stream_id,
        regions=(region(),),
    )
    producer = Producer(observer_settings(engines))
    await producer.start()
    with ThreadPoolExecutor(1) as executor:
        store = store_of(engines, "detect")
        made = Street(camera_id, stream_id, events, [], store, producer, executor)
        noted = Noted(producer)
        await watch(repeat(made.observer(noted)), events)
        made.undisturbed = noted.published
        await made.forget()
        yield made
    await producer.stop()


def violations(events: list[Event]) -> list[ViolationDetected]:
    return [each for each in events if isinstance(each, ViolationDetected)]


def test_the_guide_adds_one_module_and_two_lines() -> None:
    assert set(pieces()) == {MODULE, REGISTRY}
    lines = [line for line in pieces()[REGISTRY].splitlines() if line.strip()]
    assert len(lines) == 2
    assert not (GUIDES.parents[1] / MODULE).exists(), "it is an example, no rule of ours"


async def test_its_violation_is_published_after_its_passage(street: Street) -> None:
    [violation] = violations(street.undisturbed)
    [passage] = [each for each in street.undisturbed if isinstance(each, PassageObserved)]
    assert street.undisturbed.index(passage) < street.undisturbed.index(violation)
    assert (violation.rule, violation.passage_id) == ("blocking", passage.passage_id)
    assert violation.shots == passage.shots
    assert passage.first_seen_at < violation.captured_at < passage.captured_at
    found = violation.measurement
    assert isinstance(found, Finding)
    assert found.facts.stay is not None
    assert found.facts.stay.region == "junction"
    assert 0.0 < found.margin.lower_bound < 0.1
    stayed = violation.captured_at - found.facts.stay.entered_at
    assert stayed.total_seconds() == pytest.approx(found.margin.value, abs=0.001)
    by_sequence = {event.sequence: event for event in street.events}
    shown = [by_sequence[link.sequence] for link in violation.segments]
    assert shown[0].captured_at <= found.facts.stay.entered_at < shown[1].captured_at
    assert shown[-1].captured_at <= violation.captured_at
    assert shown[-1].sequence < street.events[-1].sequence


async def test_it_survives_a_restart_in_the_middle_of_a_trajectory(street: Street) -> None:
    await street.forget()
    noted = Noted(street.producer)
    await watch(repeat(street.observer(noted)), street.events[:KILLED_AFTER])
    assert await last_saved(street.store, street.stream_id) == KILLED_AFTER - 1
    assert violations(noted.published) == [], "it is not found yet"
    await watch(repeat(street.observer(noted)), street.events[KILLED_AFTER:])
    assert noted.published == street.undisturbed


async def test_it_is_its_own_part_of_the_checkpoint_that_survives(street: Street) -> None:
    """Without it, the rule begins anew with the car: it is then inside for less than allowed."""
    await street.forget()
    noted = Noted(street.producer)
    await watch(repeat(street.observer(noted)), street.events[:KILLED_AFTER])
    archive = await street.store.get_latest(BUCKET, stream_key(street.stream_id))
    assert archive is not None
    parts = dict(read_checkpoint(archive))
    memories = parts.pop("rule.blocking").state["vehicles"].values()
    [entered_s] = [m["entered_s"] for m in memories if m["entered_s"] is not None]
    assert entered_s == pytest.approx(8.1, abs=0.3)
    await street.store.put_mutable(
        BUCKET, stream_key(street.stream_id), write_checkpoint(parts.values())
    )
    await watch(repeat(street.observer(noted)), street.events[KILLED_AFTER:])
    assert violations(noted.published) == []
    others = [each for each in street.undisturbed if not isinstance(each, ViolationDetected)]
    assert noted.published == others
