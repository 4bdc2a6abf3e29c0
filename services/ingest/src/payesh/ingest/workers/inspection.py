"""Judges one picture of each camera every few seconds, with one thread for all of them."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import structlog

from payesh.contracts.vocabulary import HealthCondition
from payesh.ingest.adapters.pictures import first_luma
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.spool import Spool, SpoolFull
from payesh.ingest.adapters.spool_records import HealthRecord
from payesh.ingest.domain.picture_health import ConditionChange, PictureHealth

log = structlog.get_logger(__name__)


class Inspection:
    """At most one picture a camera waits; the newest replaces the older. With too many cameras for
    the thread each is judged more rarely, and recording is not slowed."""

    def __init__(self, spool: Spool, on_spooled: Callable[[str], None]) -> None:
        self._spool = spool
        self._on_spooled = on_spooled
        self._waiting: OrderedDict[str, tuple[Place, bytes, bytes]] = OrderedDict()
        self._lock = threading.Lock()
        self._health: dict[str, PictureHealth] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="inspection")

    def follow(self, camera_id: str, raised: frozenset[str]) -> None:
        """Judge a camera's picture afresh, from the conditions last published of it."""
        with self._lock:
            self._health[camera_id] = PictureHealth(raised)

    def offer(self, camera_id: str, place: Place, init: bytes, media: bytes) -> None:
        """Called from recorders' threads; returns at once."""
        with self._lock:
            known = camera_id in self._waiting
            self._waiting[camera_id] = (place, init, media)
        if not known:
            self._pool.submit(self._look)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _look(self) -> None:
        with self._lock:
            camera_id, (place, init, media) = self._waiting.popitem(last=False)
            health = self._health.setdefault(camera_id, PictureHealth())
        try:
            luma = first_luma(init, media)
            if luma is None:
                return
            for found in health.sample(luma):
                try:
                    self._spool.append(camera_id, _record(found, place))
                except SpoolFull as full:
                    log.warning("health not recorded yet", camera_id=camera_id, detail=str(full))
                    health.not_recorded(found)
                else:
                    self._on_spooled(camera_id)
        except Exception:
            log.exception("picture could not be judged", camera_id=camera_id)


def _record(found: ConditionChange, place: Place) -> HealthRecord:
    return HealthRecord(
        condition=HealthCondition(found.condition),
        raised=found.raised,
        changed_at=datetime.now(UTC),
        value=round(found.value, 4),
        threshold=found.threshold,
        **place.fields(),
    )
