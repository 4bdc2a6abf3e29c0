"""A live source opened with FFmpeg, and its faults by kind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import av
import av.error

from payesh.contracts.vocabulary import HealthCondition, HealthReason
from payesh.ingest.domain.source_address import filled

ACCEPTED_CODECS = frozenset({"h264", "hevc"})


class SourceFailure(Exception):
    """The source cannot be recorded now. The text is safe to log: no address, no password.

    `reason` is why, for an operator; `condition` is raised besides being without frames, where
    there is one of its own; `connected` when the camera answered.

        SourceFailure
        ├── SourceUnreachable
        ├── AccessDenied
        ├── StreamNotFound
        ├── CodecRefused
        ├── NoParameterSets
        ├── SourceSilent
        └── SourceEnded
    """

    reason: ClassVar[HealthReason] = HealthReason.NO_DATA
    condition: ClassVar[HealthCondition | None] = None
    connected: ClassVar[bool] = True


class SourceUnreachable(SourceFailure):
    """No connection, or the server refused us."""

    reason = HealthReason.UNREACHABLE
    connected = False


class AccessDenied(SourceFailure):
    """The camera does not accept the user or the password."""

    reason = HealthReason.WRONG_PASSWORD
    condition = HealthCondition.ACCESS_DENIED
    connected = False


class StreamNotFound(SourceFailure):
    """The camera has no stream under this address."""

    reason = HealthReason.STREAM_NOT_FOUND
    connected = False


class CodecRefused(SourceFailure):
    """The camera sends a codec that is not accepted."""

    reason = HealthReason.CODEC_NOT_ACCEPTED
    condition = HealthCondition.CODEC_REFUSED


class NoParameterSets(SourceFailure):
    """Frames come, and what a decoder must know of them does not."""

    reason = HealthReason.PARAMETER_SETS_MISSING
    condition = HealthCondition.NO_PARAMETER_SETS


class SourceSilent(SourceFailure):
    """Connected, but no frame came within the time limit."""


class SourceEnded(SourceFailure):
    """The connection ended. PyAV's iterator just stops: on a live source that is a failure."""

    reason = HealthReason.STREAM_ENDED
    connected = False


@dataclass(frozen=True, slots=True)
class RtspAddress:
    url: str
    username: str | None = None
    password: str | None = None

    def with_credentials(self) -> str:
        """The URL for FFmpeg. It is a secret: never log it."""
        return filled(self.url, self.username, self.password)


@contextmanager
def open_live(
    address: RtspAddress, *, connect_timeout_s: float, read_timeout_s: float
) -> Iterator[Any]:
    """A PyAV input container over RTSP interleaved in TCP.

    Raises SourceUnreachable, AccessDenied, StreamNotFound, SourceSilent.

    Errors of FFmpeg that escape the body become SourceFailure too.
    """
    options = {
        "rtsp_transport": "tcp",
        "allowed_media_types": "video",  # audio is never stored, so it is not even asked for
        # The session description carries the parameter sets, so there is little to probe; what is
        # probed with the usual 5 s would be late when it comes.
        "probesize": "500000",
        "analyzeduration": "500000",
        "fpsprobesize": "0",
        "timeout": str(round(read_timeout_s * 1e6)),
        "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls,crypto",
    }
    try:
        container: Any = av.open(
            address.with_credentials(),
            format="rtsp",
            options=options,
            timeout=(connect_timeout_s, read_timeout_s),
        )
    except (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError) as error:
        raise AccessDenied(_safe(error)) from None
    except av.error.HTTPNotFoundError as error:
        raise StreamNotFound(_safe(error)) from None
    except (av.error.FFmpegError, OSError) as error:
        raise SourceUnreachable(_safe(error)) from None
    try:
        yield container
    except av.error.ExitError:
        raise SourceSilent(f"no frame for {read_timeout_s:g} s") from None
    except av.error.FFmpegError as error:
        raise SourceEnded(_safe(error)) from None
    finally:
        container.close()


def _safe(error: BaseException) -> str:
    # FFmpeg's own text ends with the address, password included.
    text = getattr(error, "strerror", None)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def sole_video(container: Any) -> Any:
    """The first video stream. Raises SourceFailure for none or a codec that is not accepted."""
    if not container.streams.video:
        raise SourceFailure("the source has no video")
    video = container.streams.video[0]
    context = video.codec_context
    codec = "unknown" if context is None else context.name
    if codec not in ACCEPTED_CODECS:
        raise CodecRefused(f"codec {codec} is not accepted; {', '.join(sorted(ACCEPTED_CODECS))}")
    return video


class LiveSource:
    """An opened source: its one video stream, the packets of it, and its clock."""

    def __init__(self, container: Any) -> None:
        """`container` is a PyAV input container. Raises SourceFailure."""
        self._container = container
        self.video = sole_video(container)
        self.tick_s = float(self.video.time_base)

    def packets(self) -> Iterator[Any]:
        return iter(self._container.demux(self.video))

    def zero_s(self, packet: Any, pts_s: float, shift_s: float) -> float | None:
        """Media time zero by the source's clock, seconds since 1970; None before it announced any.

        `prft` is computed by FFmpeg from the latest sender report, `start_time_realtime` from the
        first one: a source whose two clocks drift apart is followed by the former only.
        """
        if packet.has_sidedata("prft"):
            wallclock = bytes(packet.get_sidedata("prft"))[:8]
            return int.from_bytes(wallclock, "little", signed=True) / 1e6 - pts_s
        started_us = self._container.start_time_realtime
        return None if started_us is None else started_us / 1e6 - shift_s
