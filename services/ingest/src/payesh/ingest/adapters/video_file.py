"""An uploaded video file, cut into fragments without decoding."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error

from payesh.ingest.adapters.remuxer import Fragment, Remuxer
from payesh.ingest.adapters.rtsp import ACCEPTED_CODECS
from payesh.ingest.domain.timestamps import TimestampRepair
from payesh.kit.faults import dependency_fault

# What an uploaded file may be. A playlist or a script would make FFmpeg open what it names.
_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,h264,hevc"
_MISSING_TOLERANCE_S = 0.5


class NotAVideo(Exception):
    """The file cannot be used; the text gives its sender the reason."""


@dataclass(frozen=True, slots=True)
class FileEnd:
    """How the file ended: seconds that could be read, and seconds missing from what it promised."""

    readable_s: float
    missing_s: float
    warning: str | None


class FileSegments:
    """`fragments()` once, then `end()`. The other members hold from the first fragment on."""

    def __init__(self, path: Path, *, shortest_s: float) -> None:
        self._path = path
        self._shortest_s = shortest_s
        self._origin_pts = 0
        self._end_pts = 0
        self._tick_s = 1.0
        self._promised_s = 0.0
        self._fault: str | None = None
        self.init = b""
        self.codec = ""
        self.width_px = 0
        self.height_px = 0

    def seconds(self, pts: int) -> float:
        """Seconds since the file's first frame."""
        return (pts - self._origin_pts) * self._tick_s

    def fragments(self) -> Iterator[Fragment]:
        """Raises NotAVideo when there is nothing that can be kept."""
        try:
            container: Any = av.open(
                str(self._path),
                options={"format_whitelist": _DEMUXERS, "protocol_whitelist": "file"},
                metadata_errors="replace",
            )
        except (av.error.FFmpegError, OSError) as error:
            if dependency_fault(error) is not None:  # no descriptor left: not the file's fault
                raise
            raise NotAVideo(f"not a video that can be read ({_reason(error)})") from None
        with container:
            yield from self._remux(container, self._video(container))

    def end(self) -> FileEnd:
        readable_s = self.seconds(self._end_pts)
        missing_s = self._promised_s - readable_s
        if missing_s <= _MISSING_TOLERANCE_S:
            return FileEnd(readable_s, 0.0, self._fault)
        warning = f"truncated: {readable_s:.1f} of {self._promised_s:.1f} s could be read"
        return FileEnd(readable_s, missing_s, warning)

    def _video(self, container: Any) -> Any:
        if not container.streams.video:
            raise NotAVideo("the file has no video")
        video = container.streams.video[0]
        context = video.codec_context
        codec = context.name if context is not None else "unknown"
        if codec not in ACCEPTED_CODECS:
            accepted = ", ".join(sorted(ACCEPTED_CODECS))
            raise NotAVideo(f"codec {codec} is not accepted; accepted are {accepted}")
        self.codec, self.width_px, self.height_px = codec, context.width, context.height
        if not 16 <= self.width_px <= 16384 or not 16 <= self.height_px <= 16384:
            raise NotAVideo(f"a picture of {self.width_px} by {self.height_px} is not accepted")
        self._tick_s = float(video.time_base)
        if video.duration:
            self._promised_s = video.duration * self._tick_s
        elif container.duration:
            self._promised_s = container.duration / av.time_base
        return video

    def _remux(self, container: Any, video: Any) -> Iterator[Fragment]:
        rate = video.average_rate
        repair = TimestampRepair(1 / self._tick_s, nominal_s=1 / float(rate) if rate else 0.04)
        remuxer: Remuxer | None = None
        for packet in self._packets(container, video):
            dts = packet.dts if packet.dts is not None else packet.pts
            # Own time is not the file's: the file's steps are taken as they are.
            arrival_s = 0.0 if dts is None else dts * self._tick_s
            stamp = repair.repair(packet.pts, packet.dts, arrival_s)
            if stamp is None:
                continue
            if remuxer is None:
                if not packet.is_keyframe:
                    continue
                remuxer = Remuxer(video, shortest_s=self._shortest_s)
                self._origin_pts = stamp.pts
            done = remuxer.add(
                packet, stamp.pts, stamp.dts, step=repair.step_ticks, repaired=stamp.repaired
            )
            self.init = remuxer.init or self.init
            self._end_pts = max(self._end_pts, stamp.pts + repair.step_ticks)
            if done is not None:
                yield done
        last = remuxer.finish(self._end_pts) if remuxer is not None else None
        if remuxer is None or last is None:
            raise NotAVideo("the file has no frame that can be read")
        self.init = remuxer.init or self.init
        yield last

    def _packets(self, container: Any, video: Any) -> Iterator[Any]:
        """Whole packets; what a truncated or broken file gives instead ends the video there."""
        try:
            for packet in container.demux(video):
                if not packet.size:
                    continue
                if packet.is_corrupt:
                    self._fault = "damaged: a part could not be read"
                    continue
                yield packet
        except av.error.FFmpegError as error:
            self._fault = f"damaged: reading ended early ({_reason(error)})"


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
