"""One camera's recorder: a thread from its RTSP source to the spool."""

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID, uuid4

import av.error
import structlog

from payesh.contracts.chain import link_sha256
from payesh.contracts.event import deterministic_id
from payesh.contracts.values import ClockSource
from payesh.contracts.vocabulary import GapReason, HealthCondition
from payesh.ingest import metrics
from payesh.ingest.adapters.remuxer import Fragment, Remuxer
from payesh.ingest.adapters.rtsp import (
    RtspAddress,
    SourceEnded,
    SourceFailure,
    SourceSilent,
    SourceUnreachable,
    open_live,
    sole_video,
    source_zero_s,
)
from payesh.ingest.adapters.spool import Spool, SpoolFull
from payesh.ingest.domain.backoff import Backoff
from payesh.ingest.domain.capture_clock import CaptureClock
from payesh.ingest.domain.timestamps import TimestampRepair
from payesh.ingest.workers.assignment import Assignment, Place, SourceRecord

log = structlog.get_logger(__name__)

GAP_TOLERANCE = timedelta(milliseconds=150)
"""Shorter holes are a frame's jitter, not lost time."""


_MOST_UNTIMED = 250
_USUAL_FRAME_S = 0.04


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """Times in seconds; see the settings of the same names."""

    segment_s: float = 2.0
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 5.0
    clock_limit_s: float = 2.0
    clock_u95_ms: float = 100.0
    unverified_u95_ms: float = 5000.0
    offline_after_s: float = 5.0
    gap_piece_s: float = 60.0
    inspect_every_s: float = 10.0
    longest_stream_s: float = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class RecorderPorts:
    """`opened` unseals a source; `kept` says that the spool has something new; `picture` takes an
    init part and a fragment to look at. All are called from the recorder's thread."""

    opened: Callable[[SourceRecord], RtspAddress]
    kept: Callable[[str], None]
    picture: Callable[[str, Place, bytes, bytes], None]


class Recorder(threading.Thread):
    """Records until `stop`. What it knows of its chain survives lost connections."""

    def __init__(
        self, assignment: Assignment, spool: Spool, limits: RecorderLimits, ports: RecorderPorts
    ) -> None:
        super().__init__(name=f"recorder-{assignment.camera_id}", daemon=True)
        self.camera_id = assignment.camera_id
        self._assignment = assignment
        self._spool = spool
        self._limits = limits
        self._ports = ports
        self._stopping = threading.Event()
        self._reconnect = threading.Event()
        self._known_until = assignment.known_until
        self._last_link = assignment.last_link_sha256
        self._last_stream = assignment.last_stream_id
        self._last_sequence = assignment.last_sequence
        self._raised = set(assignment.raised)
        self._gap_reason = GapReason.WORKER_STOPPED
        self._next_picture_s = 0.0
        self._frames_at_s = time.monotonic()
        self._room = Backoff(longest_s=5.0)
        self.streaming = False

    @property
    def token(self) -> int:
        return self._assignment.token

    def reassign(self, assignment: Assignment) -> bool:
        """A new revision counts from the next segment; a new source or token from a new stream.
        True when something changed."""
        former, self._assignment = self._assignment, assignment
        if (former.source, former.token) != (assignment.source, assignment.token):
            self._reconnect.set()
            return True
        return (former.revision, former.raised) != (assignment.revision, assignment.raised)

    def stop(self) -> None:
        """Ends within the read timeout, usually at the next frame; the last segment is kept."""
        self._stopping.set()

    def run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            self._reconnect.clear()
            try:
                self._record(backoff)
                self._gap_reason = GapReason.SOURCE_LOST
            except SpoolFull as full:
                log.warning("spool full", camera_id=self.camera_id, detail=str(full))
                self._gap_reason = GapReason.SPOOL_FULL
                self._wait_for_room()
            except SourceFailure as failure:
                self._gap_reason = GapReason.SOURCE_LOST
                metrics.reconnects.inc()
                wait_s = backoff.failed(random.random())  # noqa: S311 - spreads retries
                log.warning(
                    "source lost",
                    camera_id=self.camera_id,
                    reason=str(failure),
                    retry_in_s=round(wait_s, 1),
                )
                self._judge_silence(failure)
                self._account_until_now()
                self._stopping.wait(wait_s)
            except Exception:  # a recorder that died would lose its camera without a word
                self._gap_reason = GapReason.SOURCE_LOST
                log.exception("recorder failed", camera_id=self.camera_id)
                self._stopping.wait(backoff.failed(random.random()))  # noqa: S311
            finally:
                self.streaming = False

    def _record(self, backoff: Backoff) -> None:
        address = self._ports.opened(self._assignment.source)
        with open_live(
            address,
            connect_timeout_s=self._limits.connect_timeout_s,
            read_timeout_s=self._limits.read_timeout_s,
        ) as container:
            _Connection(self, container).run(backoff)

    def _wait_for_room(self) -> None:
        while not self._stopping.wait(self._room.failed(random.random())):  # noqa: S311
            self._account_until_now(at_once=self._spool.disk_refuses)
            if self._spool.has_room:
                return

    def _judge_silence(self, failure: SourceFailure) -> None:
        silent_s = time.monotonic() - self._frames_at_s
        if silent_s < self._limits.offline_after_s:
            return
        connected = isinstance(failure, SourceSilent) or not isinstance(
            failure, SourceUnreachable | SourceEnded
        )
        condition = HealthCondition.NO_FRAMES if connected else HealthCondition.OFFLINE
        self._condition(condition, True, silent_s, self._limits.offline_after_s)

    def _condition(
        self, condition: HealthCondition, raised: bool, value: float | None, threshold: float | None
    ) -> None:
        if (condition in self._raised) == raised:
            return
        place = self._assignment.place
        try:
            note_health(self._spool, self.camera_id, place, condition, raised, value, threshold)
        except SpoolFull as full:  # not told yet: the next occasion tries again
            log.warning("health not noted", camera_id=self.camera_id, detail=str(full))
            return
        (self._raised.add if raised else self._raised.discard)(condition)
        self._ports.kept(self.camera_id)

    def _frames_come(self) -> None:
        self._condition(HealthCondition.OFFLINE, False, None, None)
        self._condition(HealthCondition.NO_FRAMES, False, None, None)

    def _account_until_now(self, *, at_once: bool = False) -> None:
        """A long outage is told in pieces, so that its length is known while it lasts. What a full
        disk refuses stays to be told: the time counts as known only once its gap is kept."""
        now = datetime.now(UTC)
        if not at_once and now - self._known_until < timedelta(seconds=self._limits.gap_piece_s):
            return
        try:
            self._gap(now)
        except SpoolFull as full:
            log.warning("gap not noted", camera_id=self.camera_id, detail=str(full))

    def _gap(self, until: datetime) -> None:
        """Raises SpoolFull when the disk is full; the time is then still to be told."""
        started_at = self._known_until
        if until - started_at <= GAP_TOLERANCE:
            return
        self._spool.append(
            self.camera_id,
            "gap",
            {
                "gap_id": str(deterministic_id("gap", self.camera_id, started_at.isoformat())),
                "started_at": started_at.isoformat(),
                "ended_at": until.isoformat(),
                "reason": self._gap_reason,
                "last_stream_id": str(self._last_stream) if self._last_stream else None,
                "last_sequence": self._last_sequence,
                "token": self._assignment.token,
                **self._assignment.place.fields(),
            },
        )
        self._known_until = until
        self._ports.kept(self.camera_id)


class _Connection:
    """One connection to the source; usually one stream, more when frames are missing inside."""

    def __init__(self, recorder: Recorder, container: Any) -> None:
        self._recorder = recorder
        self._limits = recorder._limits
        self._container = container
        self._video = sole_video(container)
        self._tick_s = float(self._video.time_base)
        self._repair = TimestampRepair(1 / self._tick_s)
        self._clock = CaptureClock(
            limit_s=self._limits.clock_limit_s,
            floor_u95_ms=self._limits.clock_u95_ms,
            unverified_u95_ms=self._limits.unverified_u95_ms,
        )
        self._zero_s: float | None = None
        self._stream: _Stream | None = None
        self._end_pts = 0

    def run(self, backoff: Backoff) -> None:
        try:
            self._read(backoff)
        except (SourceFailure, av.error.FFmpegError):
            self._finish()
            raise
        self._finish()
        if not self._recorder._stopping.is_set() and not self._recorder._reconnect.is_set():
            raise SourceEnded("the source ended the stream")

    def _read(self, backoff: Backoff) -> None:
        recorder, repair, clock, tick_s = self._recorder, self._repair, self._clock, self._tick_s
        stopping, reconnect = recorder._stopping, recorder._reconnect
        packets = iter(self._container.demux(self._video))
        for packet in chain(_first_timed(packets), packets):
            if stopping.is_set() or reconnect.is_set():
                return
            if not packet.size:
                continue
            arrival_s = time.time()
            stamp = repair.repair(packet.pts, packet.dts, arrival_s)
            if stamp is None:
                continue
            pts, keyframe = stamp.pts, packet.is_keyframe
            clock.observe(pts * tick_s, arrival_s)
            if keyframe:
                self._zero_s = source_zero_s(
                    self._container, packet, pts * tick_s, repair.shift_ticks * tick_s
                )
            if stamp.hole_s is not None:
                self._finish()
            elif keyframe and self._outgrown():
                self._end_pts = pts  # where the next stream begins: no time lies between them
                self._finish()
            if self._stream is None:
                if not keyframe:
                    continue
                self._begin()
                backoff.succeeded()
            stream = self._stream
            assert stream is not None  # noqa: S101 - begun above
            fragment = stream.remuxer.add(
                packet, pts, stamp.dts, step=repair.step_ticks, repaired=stamp.repaired
            )
            self._end_pts = pts + repair.step_ticks
            if fragment is not None:
                self._keep(stream, fragment, last=False)
                stream.assignment = recorder._assignment

    def _outgrown(self) -> bool:
        """A stream's init part is stored once and expires with the bucket's first segments, so no
        stream may go on for so long that its late segments name one that is gone."""
        stream = self._stream
        if stream is None:
            return False
        return time.monotonic() - stream.begun_s >= self._limits.longest_stream_s

    def _begin(self) -> None:
        recorder = self._recorder
        self._stream = _Stream(
            uuid4(),
            Remuxer(self._video, shortest_s=self._limits.segment_s * 0.95),
            recorder._assignment,
            recorder._last_link,
        )
        recorder.streaming = True
        recorder._frames_come()

    def _finish(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        fragment = stream.remuxer.finish(self._end_pts)
        if fragment is not None:
            self._keep(stream, fragment, last=True)
        self._recorder._gap_reason = GapReason.SOURCE_LOST

    def _keep(self, stream: "_Stream", fragment: Fragment, *, last: bool) -> None:
        """Spool one segment. Raises SpoolFull; the stream ends there, its numbers gapless."""
        recorder, assignment, init = self._recorder, stream.assignment, stream.remuxer.init
        assert init is not None  # noqa: S101 - it precedes the first fragment
        captured = self._clock.at(fragment.first_pts * self._tick_s, self._zero_s)
        length_s = (fragment.end_pts - fragment.first_pts) * self._tick_s
        ended_at = captured.captured_at + timedelta(seconds=length_s)
        duration_ms = min(60_000, max(0, round(length_s * 1000)))
        if stream.sequence == 0:
            recorder._gap(captured.captured_at)
            recorder._spool.put_init(recorder.camera_id, stream.stream_id, init)
            stream.init_sha256 = hashlib.sha256(init).hexdigest()
        media_sha256 = hashlib.sha256(fragment.media).hexdigest()
        link = link_sha256(
            previous_link_sha256=stream.previous_link,
            stream_id=stream.stream_id,
            sequence=stream.sequence,
            captured_at=captured.captured_at,
            duration_ms=duration_ms,
            init_sha256=stream.init_sha256,
            media_sha256=media_sha256,
            revision_sha256=assignment.revision.sha256,
            fencing_token=assignment.token,
        )
        source = ClockSource.RTCP if captured.verified else ClockSource.UNVERIFIED
        context = self._video.codec_context
        try:
            recorder._spool.append(
                recorder.camera_id,
                "segment",
                {
                    "stream_id": str(stream.stream_id),
                    "sequence": stream.sequence,
                    "fencing_token": assignment.token,
                    "captured_at": captured.captured_at.isoformat(),
                    "ended_at": ended_at.isoformat(),
                    "clock_source": source,
                    "clock_u95_ms": round(captured.u95_ms, 3),
                    "duration_ms": duration_ms,
                    "frame_count": fragment.frame_count,
                    "repaired_timestamps": fragment.repaired_timestamps,
                    "video": {
                        "codec": context.name,
                        "width_px": context.width,
                        "height_px": context.height,
                    },
                    "init_sha256": stream.init_sha256,
                    "media_sha256": media_sha256,
                    "revision": stream.revision_document(),
                    "previous_link_sha256": stream.previous_link,
                    "link_sha256": link,
                    "last_in_stream": last,
                    **assignment.place.fields(),
                },
                fragment.media,
            )
        except SpoolFull:
            self._stream = None
            raise
        recorder._last_link = stream.previous_link = link
        recorder._last_stream, recorder._last_sequence = stream.stream_id, stream.sequence
        recorder._known_until = max(recorder._known_until, ended_at)
        recorder._frames_at_s = time.monotonic()
        recorder._frames_come()
        recorder._room.succeeded()
        stream.sequence += 1
        metrics.spooled.inc()
        recorder._ports.kept(recorder.camera_id)
        if self._zero_s is not None or time.monotonic() - stream.begun_s > 10.0:
            # A first sender report may take five seconds: its absence is not yet a fault.
            offset_s = captured.offset_s
            recorder._condition(
                HealthCondition.CLOCK_OFF,
                not captured.verified,
                None if offset_s is None else round(offset_s, 3),
                self._limits.clock_limit_s,
            )
        if time.monotonic() >= recorder._next_picture_s:
            recorder._next_picture_s = time.monotonic() + self._limits.inspect_every_s
            recorder._ports.picture(recorder.camera_id, assignment.place, init, fragment.media)


def _first_timed(packets: Iterator[Any]) -> list[Any]:
    """Packets up to the first that has a time, with times counted back from it.

    FFmpeg counts from the first sender report and gives no time to frames sent before it, which
    are a keyframe and its group when a camera reports in the middle of one.
    """
    first: list[Any] = []
    for packet in packets:
        if not packet.size:
            continue
        first.append(packet)
        if packet.pts is not None or packet.dts is not None:
            break
        if len(first) > _MOST_UNTIMED:
            raise SourceFailure("the source gives its frames no times")
    if not first:
        return first
    timed = first[-1]
    dts = timed.dts if timed.dts is not None else timed.pts
    for distance, packet in enumerate(reversed(first[:-1]), start=1):
        step = timed.duration or round(_USUAL_FRAME_S / float(timed.time_base))
        packet.pts = packet.dts = dts - distance * step
    return first


class _Stream:
    """A stream being written."""

    def __init__(
        self,
        stream_id: UUID,
        remuxer: Remuxer,
        assignment: Assignment,
        previous_link: str | None,
    ) -> None:
        self.stream_id = stream_id
        self.remuxer = remuxer
        self.assignment = assignment
        self.previous_link = previous_link
        self.sequence = 0
        self.init_sha256: str | None = None
        self.begun_s = time.monotonic()
        self._dumped: tuple[Any, dict[str, Any]] | None = None

    def revision_document(self) -> dict[str, Any]:
        """The revision in force, spelt once a revision and not once a segment."""
        revision = self.assignment.revision
        if self._dumped is None or self._dumped[0] != revision:
            self._dumped = revision, revision.model_dump(mode="json")
        return self._dumped[1]


def note_health(
    spool: Spool,
    camera_id: str,
    place: Place,
    condition: str,
    raised: bool,
    value: float | None,
    threshold: float | None,
) -> None:
    """Keep a change of a camera's health until it can be told."""
    spool.append(
        camera_id,
        "health",
        {
            "condition": str(condition),
            "raised": raised,
            "changed_at": datetime.now(UTC).isoformat(),
            "value": value,
            "threshold": threshold,
            **place.fields(),
        },
    )


def resumed(assignment: Assignment, spool: Spool, *, from_notes: bool = False) -> Assignment:
    """The assignment as it stands after what still waits in the spool.

    `from_notes`: it is an old one of ours, so what was stored since counts too.
    """
    for kind in ("segment", "gap") if from_notes else ():
        stored = spool.noted(assignment.camera_id, f"last-{kind}")
        if stored is not None:
            assignment = assignment.after(stored["body"], kind)
    last = spool.last(assignment.camera_id, frozenset({"segment"}))
    if last is not None:
        assignment = assignment.after(last.body, "segment")
    gap = spool.last(assignment.camera_id, frozenset({"gap"}))
    if gap is not None:
        assignment = assignment.after(gap.body, "gap")
    for item in spool.items(assignment.camera_id):
        if item.kind == "health":
            assignment = assignment.after(item.body, "health")
    return assignment
