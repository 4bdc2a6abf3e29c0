"""The camera's play clock: one clip, shown live to every viewer at the same moment."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from payesh.local.camera.clip import Clip
from payesh.local.camera.rtp import Packetizer

_REPORT_INTERVAL_S = 2.0


class Viewer(Protocol):
    """One playing client."""

    def send_media(self, packets: list[bytes]) -> None:
        """Send RTP packets."""

    def send_control(self, packet: bytes) -> None:
        """Send one RTCP packet."""

    def end(self) -> None:
        """The video is over."""


class Broadcast:
    """Sends the clip's access units in real time; a late viewer starts at the last keyframe."""

    def __init__(
        self, clip: Clip, *, loop: bool, clock_skew_s: float, on_change: Callable[[], None]
    ) -> None:
        self.clip = clip
        self._loop = loop
        self._skew_s = clock_skew_s
        self._on_change = on_change
        self._viewers: set[Viewer] = set()
        self._group: list[bytes] = []  # packets since the last keyframe …
        self._group_media_s = 0.0  # … and its time
        self._started_unix_s: float | None = None
        self._started_monotonic_s = 0.0
        self._task: asyncio.Task[None] | None = None
        self.ended = asyncio.Event()
        self.packetizer = Packetizer(
            clip,
            ssrc=secrets.randbits(32),
            first_sequence=secrets.randbits(15),
            first_timestamp=secrets.randbits(31),
        )

    @property
    def started_at(self) -> datetime | None:
        """Wall-clock time (UTC) of the clip's first picture; None before the start."""
        if self._started_unix_s is None:
            return None
        return datetime.fromtimestamp(self._started_unix_s, UTC)

    def start(self, at: datetime | None = None) -> None:
        """Let the first picture be at `at` (now by default). A second call does nothing."""
        if self._task is not None:
            return
        now = time.time()
        self._started_unix_s = at.timestamp() if at else now
        self._started_monotonic_s = time.monotonic() + self._started_unix_s - now
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._on_change()

    async def stop(self) -> None:
        """Stop sending."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def join(self, viewer: Viewer) -> None:
        """Show the clip to `viewer` from the last keyframe on."""
        self._viewers.add(viewer)
        if self.ended.is_set():
            viewer.end()
            return
        if self._group:
            # The report's pair of clocks is that of the keyframe: FFmpeg counts its time from
            # the first report, and pictures before it would get negative or no timestamps.
            viewer.send_control(self._report(self._group_media_s))
            viewer.send_media(self._group)

    def leave(self, viewer: Viewer) -> None:
        """Stop sending to `viewer`."""
        self._viewers.discard(viewer)

    def _report(self, media_s: float) -> bytes:
        unix_s = (self._started_unix_s or 0.0) + media_s + self._skew_s
        return self.packetizer.sender_report(unix_s, media_s)

    async def _run(self) -> None:
        lap_s = 0.0
        next_report_s = 0.0
        while True:
            for unit in self.clip.units:
                due_s = self._started_monotonic_s + lap_s + unit.send_s
                delay_s = due_s - time.monotonic()
                if delay_s > 0:
                    await asyncio.sleep(delay_s)
                packets = self.packetizer.packets(unit, lap_s + unit.pts_s)
                report = b""
                if lap_s + unit.send_s >= next_report_s:
                    report = self._report(lap_s + unit.pts_s)
                    next_report_s = lap_s + unit.send_s + _REPORT_INTERVAL_S
                if unit.keyframe:
                    self._group = []
                    self._group_media_s = lap_s + unit.pts_s
                self._group += packets
                for viewer in tuple(self._viewers):
                    if report:
                        viewer.send_control(report)
                    viewer.send_media(packets)
            lap_s += self.clip.duration_s
            if not self._loop:
                break
        # The last picture stays for its duration, as it would on a real camera.
        await asyncio.sleep(max(0.0, self._started_monotonic_s + lap_s - time.monotonic()))
        self.ended.set()
        self._on_change()
        for viewer in tuple(self._viewers):
            viewer.end()
