"""Viewing: now and then a whole picture of each camera is kept, in which it can be calibrated."""

from base64 import b64encode
from datetime import timedelta

import structlog

from payesh.contracts import SegmentStored
from payesh.detect.adapters.views import CameraView, Views
from payesh.detect.handlers.watching import WatchedCamera, WatchedStream
from payesh.kit.errors import StoreUnavailable

log = structlog.get_logger(__name__)

VIEW_EVERY = timedelta(minutes=10)
"""Of the source's time. One picture a camera is kept, overwritten by the next."""


class Viewing:
    """Takes and keeps the views of cameras. What is observed and published rests on none of it."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def begin(self, camera: WatchedCamera, stream: WatchedStream, event: SegmentStored) -> None:
        """A segment is observed next: take a picture where one is due."""
        since = None if camera.viewed_at is None else abs(event.captured_at - camera.viewed_at)
        other = camera.viewed_revision != event.revision.sha256
        if since is None or since >= VIEW_EVERY or other:
            stream.observer.road.view.wanted = True

    async def keep(
        self, camera: WatchedCamera, stream: WatchedStream, event: SegmentStored
    ) -> None:
        """Put the picture that was taken into the store; without a store the next one is kept."""
        view = stream.observer.road.view
        taken, view.taken = view.taken, None
        if taken is None:
            return
        kept = CameraView(
            camera_id=event.camera_id,
            county=event.county,
            road_class=event.road_class,
            captured_at=event.captured_at,
            revision=event.revision,
            width_px=taken.width_px,
            height_px=taken.height_px,
            jpeg=b64encode(taken.jpeg),
        )
        try:
            await self._views.put(kept)
        except StoreUnavailable:
            log.warning("view not kept", camera_id=event.camera_id)
            return
        camera.viewed_at = event.captured_at
        camera.viewed_revision = event.revision.sha256
