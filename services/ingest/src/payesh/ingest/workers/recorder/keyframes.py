"""The keyframes of one connection: the formats that they declare, and how rare they are."""

import time
from typing import Any

from payesh.ingest.adapters.coded_video import (
    CodedVideo,
    announced_video,
    coded_video,
    declared_sets,
)
from payesh.ingest.adapters.rtsp import NoParameterSets


class Keyframes:
    """`video` is the format in force, None before any parameter sets came: neither the session
    description nor a keyframe had them."""

    def __init__(self, announced: Any) -> None:
        """`announced` is the PyAV stream of the source."""
        self._codec = announced.codec_context.name
        self.video: CodedVideo | None = announced_video(announced)
        self._connected_s = time.monotonic()
        self._last_pts: int | None = None

    @property
    def waited_s(self) -> float:
        """Seconds since the connection was opened."""
        return time.monotonic() - self._connected_s

    def seen(self, packet: Any) -> bool:
        """Take the parameter sets of a keyframe; True when the format is another one now."""
        data = bytes(packet)
        sets = declared_sets(self._codec, data)
        if not sets or (self.video is not None and sets <= self.video.sequence_sets):
            return False
        found = coded_video(self._codec, data)
        if found is None:
            return False
        self.video = found
        return True

    def require_soon(self, patience_s: float) -> None:
        """Raises NoParameterSets when none have come for that long."""
        if self.video is None and self.waited_s > patience_s:
            raise NoParameterSets(f"no parameter sets for {patience_s:g} s")

    def interval_ticks(self, pts: int, *, keyframe: bool) -> int | None:
        """Ticks since the latest keyframe; None before the first one."""
        last = self._last_pts
        if keyframe:
            self._last_pts = pts
        return None if last is None else pts - last
