"""Cutting the clip of a citation out of a stream: init and fragments, byte for byte."""

from collections.abc import Sequence
from dataclasses import dataclass

from payesh.contracts.values import ObjectReference, SegmentLink
from payesh.tickets.evidence.clip import codec_of, last_run, within_size
from payesh.tickets.evidence.manifest import ClipPart


@dataclass(frozen=True, slots=True)
class Clip:
    """Init and fragments byte for byte, or one still; `parts` has the place of each in `body`.

    `left_out` counts the links before the first whose media is in it.
    """

    body: bytes
    media_type: str
    file_name: str
    codec: str | None
    duration_ms: int
    parts: tuple[ClipPart, ...]
    left_out: int


def unbroken_run(links: Sequence[SegmentLink]) -> Sequence[SegmentLink]:
    """The last links that follow one another in one stream, with one init."""
    return last_run(
        links,
        stream_and_init=lambda link: (link.stream_id, link.init.sha256 if link.init else None),
        sequence=lambda link: link.sequence,
    )


def clip_run(links: Sequence[SegmentLink], *, limit_bytes: int) -> Sequence[SegmentLink]:
    """The links whose media make the clip: as many of the last as `limit_bytes` holds."""
    return within_size(
        unbroken_run(links),
        size_bytes=lambda link: link.media.size_bytes,
        limit_bytes=limit_bytes,
    )


def clip_sources(run: Sequence[SegmentLink]) -> list[ObjectReference]:
    """Init and fragments; of stills, the last one alone: it is the picture of the offence."""
    init = run[-1].init
    return [run[-1].media] if init is None else [init, *(link.media for link in run)]


def cut(run: Sequence[SegmentLink], bodies: Sequence[bytes], *, left_out: int) -> Clip:
    """The clip of a run whose `clip_sources` hold `bodies`."""
    sources = clip_sources(run)
    is_still = run[-1].init is None
    sequences = [run[-1].sequence] if is_still else [None, *(link.sequence for link in run)]
    offset, parts = 0, []
    for source, sequence in zip(sources, sequences, strict=True):
        parts.append(
            ClipPart(
                part="init" if sequence is None else "media",
                sequence=sequence,
                offset_bytes=offset,
                size_bytes=source.size_bytes,
                sha256=source.sha256,
                source=source,
            )
        )
        offset += source.size_bytes
    return Clip(
        body=b"".join(bodies),
        media_type=sources[0].media_type if is_still else "video/mp4",
        file_name=_still_name(sources[0].media_type) if is_still else "clip.mp4",
        codec=None if is_still else codec_of(bodies[0]),
        duration_ms=0 if is_still else sum(link.duration_ms for link in run),
        parts=tuple(parts),
        left_out=left_out + (len(run) - 1 if is_still else 0),
    )


def _still_name(media_type: str) -> str:
    return "still.png" if media_type == "image/png" else "still.jpg"
