"""A live source opened with FFmpeg, and its faults by kind."""

import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import av
import av.error

from payesh.contracts.vocabulary import HealthCondition, HealthReason
from payesh.ingest.adapters.camera_socket import connected, secured
from payesh.ingest.adapters.rtsp_gate import Refusal, RtspGate
from payesh.ingest.domain.rtsp_credentials import Credentials
from payesh.ingest.domain.rtsp_session import BasicOnly, NoVideo, Redirected, RtspSession
from payesh.ingest.domain.source_address import filled, takes_password
from payesh.kit.networks import SocketAddress

ACCEPTED_CODECS = frozenset({"h264", "hevc"})


class SourceFailure(Exception):
    """The source cannot be recorded now. The text is safe to log: no address, no password.

    `reason` is why, for an operator; `condition` is raised besides being without frames, where
    there is one of its own; `connected` when the camera answered.

        SourceFailure
        ├── SourceUnreachable
        ├── AddressForbidden
        ├── RedirectRefused
        ├── AccessDenied
        │   └── BasicRefused
        ├── StreamNotFound
        ├── VideoMissing
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


class AddressForbidden(SourceFailure):
    """The address leads to where no camera may be."""

    reason = HealthReason.ADDRESS_NOT_ALLOWED
    connected = False


class RedirectRefused(SourceFailure):
    """The camera sends viewers to another address, which nobody has entered or checked."""

    reason = HealthReason.REDIRECT_REFUSED
    connected = False


class AccessDenied(SourceFailure):
    """The camera does not accept the user or the password."""

    reason = HealthReason.WRONG_PASSWORD
    condition = HealthCondition.ACCESS_DENIED
    connected = False


class BasicRefused(AccessDenied):
    """The camera takes the password as Basic only, and its revision does not allow that."""

    reason = HealthReason.BASIC_NOT_ALLOWED


class StreamNotFound(SourceFailure):
    """The camera has no stream under this address."""

    reason = HealthReason.STREAM_NOT_FOUND
    connected = False


class VideoMissing(SourceFailure):
    """The address brings sound or data alone."""

    reason = HealthReason.NO_VIDEO


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
    """Where a camera is, by name and as the checked addresses that the name led to, and its
    account. `basic_allowed`: see StoredSource; `tls` is for addresses under `rtsps://`."""

    url: str
    places: tuple[SocketAddress, ...]
    username: str | None = None
    password: str | None = None
    basic_allowed: bool = False
    tls: ssl.SSLContext | None = None

    def session(self, player_url: str) -> RtspSession:
        url = filled(self.url, self.username, self.password)
        credentials = None
        if self.username is not None and not takes_password(self.url):
            credentials = Credentials(self.username, self.password or "", self.basic_allowed)
        return RtspSession(player_url, url, credentials, lambda: secrets.token_hex(8))


@contextmanager
def open_live(
    address: RtspAddress, *, connect_timeout_s: float, read_timeout_s: float
) -> Iterator[Any]:
    """A PyAV input container over RTSP interleaved in TCP, through a gate that keeps the connection
    at the checked address and the password off the wire.

    Raises SourceUnreachable, RedirectRefused, AccessDenied, StreamNotFound, VideoMissing,
    SourceSilent.

    Errors of FFmpeg that escape the body become SourceFailure too.
    """
    try:
        camera = connected(address.places, connect_timeout_s)
        if address.tls is not None:
            camera = secured(camera, address.tls, urlsplit(address.url).hostname or "")
    except OSError as error:
        raise SourceUnreachable(_safe(error)) from None
    with RtspGate(camera, address.session, patience_s=connect_timeout_s) as gate:
        try:
            with _opened(gate.url, connect_timeout_s, read_timeout_s) as container:
                yield container
        except SourceFailure:
            if gate.refusal is not None:
                raise _refused(gate.refusal) from None
            raise


def _refused(refusal: Refusal) -> SourceFailure:
    match refusal:
        case Redirected():
            return RedirectRefused("the camera redirects to another address")
        case BasicOnly():
            return BasicRefused("the camera offers Basic authentication only")
        case NoVideo():
            return VideoMissing("what the camera describes has no video")
        case _:
            return SourceEnded(f"what the camera sends is no RTSP: {refusal}")


@contextmanager
def _opened(url: str, connect_timeout_s: float, read_timeout_s: float) -> Iterator[Any]:
    options = {
        "rtsp_transport": "tcp",
        "allowed_media_types": "video",  # audio is never stored, so it is not even asked for
        # The session description carries the parameter sets, so there is little to probe; what is
        # probed with the usual 5 s would be late when it comes.
        "probesize": "500000",
        "analyzeduration": "500000",
        "fpsprobesize": "0",
        "timeout": str(round(read_timeout_s * 1e6)),
        "protocol_whitelist": "rtsp,rtp,tcp",
    }
    try:
        container: Any = av.open(
            url,
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
        raise VideoMissing("the source has no video")
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
