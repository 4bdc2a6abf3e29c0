"""A recorded film as a stream's segments: what `ingest` would have stored and announced of it."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import av

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.chain import link_sha256
from payesh.contracts.ingest import SegmentStored, VideoFormat
from payesh.contracts.values import ClockSource, ObjectReference, RevisionReference


@dataclass(frozen=True, slots=True)
class CutSegment:
    """A segment as the observer is given it."""

    event: SegmentStored
    init: bytes
    media: bytes


def object_reference(bucket: str, key: str, body: bytes, media_type: str) -> ObjectReference:
    """Where the store would have this object."""
    return ObjectReference(
        bucket=bucket,
        key=key,
        version_id=None,
        sha256=hashlib.sha256(body).hexdigest(),
        size_bytes=len(body),
        media_type=media_type,
    )


def revision_reference(revision: CameraRevision) -> RevisionReference:
    """Where the store would have this revision."""
    body = revision.model_dump_json().encode()
    key = f"{revision.camera_id}/{revision.revision}.json"
    stored = object_reference("revisions", key, body, "application/json")
    return RevisionReference(revision=revision.revision, sha256=stored.sha256, object=stored)


def cut(
    video: Path,
    revision: CameraRevision,
    *,
    stream_id: UUID,
    started_at: datetime,
    segment_s: float = 2.0,
    fencing_token: int = 1,
    at_keyframes: bool = True,
) -> list[CutSegment]:
    """Remux at keyframes into segments of `segment_s` or a little more, without decoding; not
    `at_keyframes` for a camera whose keyframes are too rare to wait for.

    Frames are timed by `started_at` and a verified clock. Raises OSError where the file cannot be
    read as video.
    """
    cuts = "frag_keyframe" if at_keyframes else "frag_every_frame"
    whole = io.BytesIO()
    starts_s: list[float] = []
    counts: list[int] = []
    with (
        av.open(str(video)) as source,
        av.open(
            whole,
            mode="w",
            format="mp4",
            options={"movflags": f"{cuts}+empty_moov+default_base_moof"},
        ) as target,
    ):
        stream = source.streams.video[0]
        codec = stream.codec_context
        video_format = VideoFormat(codec=codec.name, width_px=codec.width, height_px=codec.height)
        copied = target.add_stream_from_template(stream)
        end_s = 0.0
        for packet in source.demux(stream):
            if packet.pts is None or packet.time_base is None:
                continue
            time_s = float(packet.pts * packet.time_base)
            end_s = max(end_s, time_s + float((packet.duration or 0) * packet.time_base))
            if packet.is_keyframe or not at_keyframes:
                starts_s.append(time_s)
                counts.append(0)
            counts[-1] += 1
            packet.stream = copied
            target.mux(packet)
    init, fragments = _split(whole.getvalue())
    if len(fragments) != len(starts_s):
        raise OSError(f"{video} cannot be cut into segments")
    groups: list[list[int]] = []
    for index, start_s in enumerate(starts_s):
        if not groups or start_s - starts_s[groups[-1][0]] >= segment_s - 0.02:
            groups.append([])
        groups[-1].append(index)
    segments: list[CutSegment] = []
    revised = revision_reference(revision)
    init_object = object_reference(
        "segments", f"{revision.camera_id}/{stream_id}/init.mp4", init, "video/mp4"
    )
    previous: str | None = None
    for sequence, group in enumerate(groups):
        media = b"".join(fragments[index] for index in group)
        media_object = object_reference(
            "segments", f"{revision.camera_id}/{stream_id}/{sequence:08d}.m4s", media, "video/mp4"
        )
        start_s = starts_s[group[0]]
        last = sequence == len(groups) - 1
        until_s = end_s if last else starts_s[groups[sequence + 1][0]]
        captured_at = started_at + timedelta(seconds=round(start_s, 6))
        duration_ms = round(1000 * (until_s - start_s))
        link = link_sha256(
            previous_link_sha256=previous,
            stream_id=stream_id,
            sequence=sequence,
            captured_at=captured_at,
            duration_ms=duration_ms,
            init_sha256=init_object.sha256,
            media_sha256=media_object.sha256,
            revision_sha256=revised.sha256,
            fencing_token=fencing_token,
        )
        event = SegmentStored(
            camera_id=revision.camera_id,
            county=revision.county,
            road_class=revision.road_class,
            place_class=revision.place_class,
            captured_at=captured_at,
            clock_source=ClockSource.RTCP,
            clock_u95_ms=20.0,
            revision=revised,
            stream_id=stream_id,
            sequence=sequence,
            fencing_token=fencing_token,
            duration_ms=duration_ms,
            frame_count=sum(counts[index] for index in group),
            repaired_timestamps=0,
            video=video_format,
            init=init_object,
            media=media_object,
            previous_link_sha256=previous,
            link_sha256=link,
            last_in_stream=last,
        )
        previous = link
        segments.append(CutSegment(event, init, media))
    return segments


def _split(body: bytes) -> tuple[bytes, list[bytes]]:
    """ISO 14496-12: everything before the first `moof`, then each `moof` with its `mdat`."""
    init, fragments = b"", []
    for kind, box in _boxes(body):
        if kind == b"moof":
            fragments.append(box)
        elif kind == b"mdat":
            fragments[-1] += box
        elif not fragments:
            init += box
    return init, fragments


def _boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = 0
    while offset + 8 <= len(body):
        size = int.from_bytes(body[offset : offset + 4], "big")
        yield body[offset + 4 : offset + 8], body[offset : offset + size]
        offset += size
