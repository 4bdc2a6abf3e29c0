"""Incidents and self-checks on the whole way: film, observer, bus, projection, with a restart in
the middle of each."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import cv2
import numpy as np
import pytest

from payesh.contracts import DetectorHealthChanged, IncidentObserved, SegmentStored
from payesh.contracts.camera_revision import MarkedLane
from payesh.detect.observer import create_observer
from payesh.local.bus_tap import BusTap
from payesh.local.engines import EngineSet
from tests.integration.detect.conftest import CountingHouse
from tests.integration.detect.watched_street import observer_settings, recorded
from tests.support.engine_settings import store_of
from tests.support.serving import served
from tests.support.waiting import eventually
from tests.unit.detect.box_street import HEIGHT, WIDTH, BoxCar, render

UPWARDS = MarkedLane(
    name="up",
    polygon_px=((0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)),
    from_px=(WIDTH / 2, HEIGHT - 10),
    to_px=(WIDTH / 2, 10),
)
"""Every car of a box street drives down the picture."""
FROZEN_HZ, FROZEN_FOR_S = 2, 76


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One car, and nine seconds of an empty road: longer than one that is out of sight lasts."""
    cv2.setNumThreads(1)
    car = BoxCar(x_m=2.0, speed_kmh=59.0, exits_at_s=5.0, colour=(40, 60, 200))
    return render(tmp_path_factory.mktemp("wrong-way") / "street.mp4", [car], 14.0)


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same picture again and again, and a moving one in the last six seconds."""
    path = tmp_path_factory.mktemp("frozen") / "frozen.mp4"
    rng = np.random.default_rng(3)
    still = rng.integers(90, 130, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FROZEN_HZ)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = 2 * FROZEN_HZ
        # Of a constant quantiser: a keyframe shows exactly what the one before showed.
        stream.options = {"preset": "ultrafast", "qp": "20", "bf": "0", "sc_threshold": "0"}
        for number in range(FROZEN_FOR_S * FROZEN_HZ):
            moves = number >= (FROZEN_FOR_S - 6) * FROZEN_HZ
            picture = np.roll(still, 8 * number, axis=1) if moves else still
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return path


async def test_incidents_and_self_checks_are_raised_and_ended_over_a_restart(
    house: CountingHouse, engines: EngineSet, street: Path, frozen: Path
) -> None:
    store, settings = store_of(engines, "ingest"), observer_settings(engines)
    driven = await recorded(
        store, street, camera_id=f"watched-{uuid4().hex[:8]}", stream_id=uuid4(), lanes=(UPWARDS,)
    )
    stuck = await recorded(store, frozen, camera_id=f"watched-{uuid4().hex[:8]}", stream_id=uuid4())
    topics = (IncidentObserved.topic, DetectorHealthChanged.topic)
    async with BusTap(engines.addresses()["kafka_bootstrap"], topics) as tap:

        def incidents() -> list[IncidentObserved]:
            camera = driven[0].camera_id
            return [e for e in tap.events(IncidentObserved) if e.camera_id == camera]

        def conditions() -> list[DetectorHealthChanged]:
            camera = stuck[0].camera_id
            return [e for e in tap.events(DetectorHealthChanged) if e.camera_id == camera]

        async with served(create_observer(settings)):
            await house.publish(*before(driven, 6.0), *before(stuck, 66.0))
            await eventually(lambda: bool(incidents() and conditions()))
            (raised,) = incidents()
            await house.incident_shown(raised)
        async with served(create_observer(settings)):
            await house.publish(*after(driven, 6.0), *after(stuck, 66.0))
            await eventually(lambda: len(incidents()) + len(conditions()) == 4)
            _, ended = incidents()
            await house.incident_shown(ended)
    assert (raised.incident, raised.lane, raised.ended_at) == ("wrong_way", "up", None)
    assert (ended.incident_id, ended.ended_by) == (raised.incident_id, "unseen")
    assert ended.began_at == raised.began_at < raised.captured_at < ended.captured_at
    assert [row["ended_by"] for row in await house.incidents(camera_id=raised.camera_id)] == [
        "unseen"
    ]
    began, cleared = conditions()
    assert (began.condition, began.raised, cleared.raised) == ("no_change", True, False)
    assert began.changed_at == at(stuck, 60.0), "a minute of the source's time"
    assert at(stuck, 70.0) <= cleared.changed_at <= at(stuck, 76.0)
    store.close()


def at(events: list[SegmentStored], after_s: float) -> datetime:
    return events[0].captured_at + timedelta(seconds=after_s)


def before(events: list[SegmentStored], after_s: float) -> list[SegmentStored]:
    return [each for each in events if each.captured_at < at(events, after_s)]


def after(events: list[SegmentStored], after_s: float) -> list[SegmentStored]:
    return [each for each in events if each.captured_at >= at(events, after_s)]
