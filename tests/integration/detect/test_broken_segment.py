"""Observing fails inside a segment while bus and store fail as well: it is reported still."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import cv2
import pytest

from payesh.detect.adapters.motion_detector import MotionDetector
from payesh.detect.domain.detections import Detections
from payesh.detect.frames import Frame
from payesh.detect.settings import ObserverSettings
from payesh.kit.bus import Disposition, Producer
from payesh.kit.errors import BusUnavailable, MessageFault
from payesh.local.engines import EngineSet
from payesh.local.topics import create_topics
from tests.integration.detect.watched_street import (
    FailsEachFirst,
    Noted,
    deliver,
    last_saved,
    observing,
    passages,
    recorded,
)
from tests.support.engine_settings import bus_settings, object_settings, store_of
from tests.unit.detect.box_street import BoxCar, render

CARS = [
    BoxCar(x_m=2.0, speed_kmh=83.0, exits_at_s=4.7, colour=(40, 60, 200)),
    BoxCar(x_m=-2.0, speed_kmh=71.0, exits_at_s=7.4),
]
FAILS_AT_FRAME = 145
"""In the third segment, after the first car has passed."""


async def test_a_segment_that_breaks_publishes_what_it_concluded_and_becomes_a_dead_letter(
    engines: EngineSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cv2.setNumThreads(1)
    video = render(tmp_path / "street.mp4", CARS, 8.0)
    await create_topics(engines.addresses()["kafka_bootstrap"])
    store, stream_id = store_of(engines, "detect"), uuid4()
    events = await recorded(
        store_of(engines, "ingest"),
        video,
        camera_id=f"breaks-{uuid4().hex[:8]}",
        stream_id=stream_id,
    )
    frames, detect = 0, MotionDetector.detect

    def breaks(self: MotionDetector, frame: Frame) -> Detections:
        nonlocal frames
        frames += 1
        if frames == FAILS_AT_FRAME:
            raise RuntimeError("24د68135")
        return detect(self, frame)

    monkeypatch.setattr(MotionDetector, "detect", breaks)
    producer = Producer(
        ObserverSettings(
            http_port=0,
            metrics_port=0,
            **bus_settings(engines),
            **object_settings(engines, "detect"),
        )
    )
    await producer.start()
    try:
        noted = Noted(producer)
        unsteady = FailsEachFirst(noted, BusUnavailable("test"), frozenset({"publish"}))
        with ThreadPoolExecutor(1) as executor:
            observer = observing(store, unsteady, executor)
            for event in events[:2]:
                await deliver(observer, event)
            with pytest.raises(MessageFault) as fault:
                await deliver(observer, events[2])
            assert (fault.value.retry, fault.value.reason) == (False, "segment 2: RuntimeError")
            assert unsteady.failed > 0
            assert len({p.passage_id for p in passages(noted.published, stream_id)}) == 1
            assert await last_saved(store, stream_id) == 2
            # The process dies before the letter is on the bus: the next one is asked for it too.
            successor = observing(store, noted, executor)
            with pytest.raises(MessageFault) as again:
                await deliver(successor, events[2])
            assert (again.value.retry, again.value.reason) == (False, fault.value.reason)
            # It was handled: the next one is observed, and vehicles after it are measured.
            await deliver(successor, events[3])
            assert await deliver(successor, events[2]) is Disposition.DONE
        assert await last_saved(store, stream_id) == 3
        seen = passages(noted.published, stream_id)
        assert len({p.passage_id for p in seen}) <= len(CARS)
    finally:
        await producer.stop()
