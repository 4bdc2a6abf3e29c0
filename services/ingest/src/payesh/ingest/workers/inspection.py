"""Looks at one picture of each camera every few seconds, with one thread for all of them."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from payesh.ingest.adapters.pictures import first_luma
from payesh.ingest.adapters.spool import Spool, SpoolFull
from payesh.ingest.domain.picture_health import PictureHealth
from payesh.ingest.workers.assignment import Place
from payesh.ingest.workers.recorder import note_health

log = structlog.get_logger(__name__)


class Inspection:
    """At most one picture a camera waits; the newest replaces the older. When there are too many
    cameras for the thread, each is looked at more rarely, and recording feels nothing."""

    def __init__(self, spool: Spool, kept: Callable[[str], None]) -> None:
        self._spool = spool
        self._kept = kept
        self._waiting: OrderedDict[str, tuple[Place, bytes, bytes]] = OrderedDict()
        self._lock = threading.Lock()
        self._health: dict[str, PictureHealth] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="inspection")

    def follow(self, camera_id: str, raised: frozenset[str]) -> None:
        """Its recorder begins: look at it afresh, knowing what was last told of it."""
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
                    note_health(
                        self._spool,
                        camera_id,
                        place,
                        found.condition,
                        found.raised,
                        round(found.value, 4),
                        found.threshold,
                    )
                except SpoolFull as full:
                    log.warning("health not noted", camera_id=camera_id, detail=str(full))
                    health.untold(found)
                else:
                    self._kept(camera_id)
        except Exception:
            log.exception("picture could not be judged", camera_id=camera_id)
