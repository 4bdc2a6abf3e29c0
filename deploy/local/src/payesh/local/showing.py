"""A camera of the demo while it shows its film."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from payesh.local.operator import Operator
from payesh.local.progress_view import ShownFilm
from payesh.local.street_camera import CameraProcess

_FIRST_FRAME_TIMEOUT_S = 40.0
_LAST_FRAMES_S = 2.0
"""After a film's end, until what was shown has surely arrived."""


@dataclass
class Showing:
    """A camera, the film that it shows, and how many vehicles the film's truth has."""

    name: str
    camera_id: str
    camera: CameraProcess
    duration_s: float
    vehicles: int
    has_ended: bool = False

    async def begin(self, operator: Operator, revision: dict[str, Any]) -> None:
        """Start the camera and register it; return once its first frame was asked for. Raises
        EngineError, httpx.HTTPStatusError, TimeoutError."""
        await self.camera.start()
        await operator.ensure_camera(self.camera_id, revision, self.camera.source)
        async with asyncio.timeout(_FIRST_FRAME_TIMEOUT_S):
            # Another process writes it, so it is polled.
            while self.camera.started_at() is None:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    @property
    def started_at(self) -> datetime:
        """The moment of the film's first frame (aware UTC). Raises RuntimeError before it."""
        started_at = self.camera.started_at()
        if started_at is None:
            raise RuntimeError(f"{self.camera_id} has not begun")
        return started_at

    @property
    def elapsed_s(self) -> float:
        return (datetime.now(UTC) - self.started_at).total_seconds()

    async def end_when_over(self, operator: Operator) -> None:
        """Once the film is over, stop recording: its stream ends, and with it every track."""
        if not self.has_ended and self.elapsed_s > self.duration_s + _LAST_FRAMES_S:
            await operator.disable_camera(self.camera_id)
            self.has_ended = True

    def progress(self) -> ShownFilm:
        """How far it is; a film that repeats begins anew."""
        elapsed_s = min(self.elapsed_s, self.duration_s)
        if self.camera.loop:
            elapsed_s = self.elapsed_s % self.duration_s
        of = None if self.camera.loop else self.vehicles
        return ShownFilm(self.name, self.camera_id, of, elapsed_s, self.duration_s)
