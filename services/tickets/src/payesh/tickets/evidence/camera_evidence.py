"""What one camera's segments and pictures prove: fetched, verified, cut, and stored under lock."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.detect import Shot
from payesh.contracts.values import ObjectReference, RevisionReference, SegmentLink
from payesh.kit.objects import ObjectStore
from payesh.tickets.errors import EvidenceBroken
from payesh.tickets.evidence.chain_check import check_links
from payesh.tickets.evidence.cutting import Clip, clip_run, clip_sources, cut
from payesh.tickets.evidence.known_objects import KnownObjects
from payesh.tickets.evidence.manifest import ManifestChain, ManifestClip, ManifestShot

Keep = Callable[[str, bytes, str], Coroutine[Any, Any, ObjectReference]]
"""Stores a file of the bundle by its name, with its media type."""

_T = TypeVar("_T")


class Seen(Protocol):
    """What a camera saw of a violation: the violation itself, or where a stretch was entered."""

    @property
    def camera_id(self) -> str: ...
    @property
    def clock_u95_ms(self) -> float: ...
    @property
    def revision(self) -> RevisionReference: ...
    @property
    def segments(self) -> tuple[SegmentLink, ...]: ...
    @property
    def shots(self) -> tuple[Shot, ...]: ...


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything of one camera, verified and not stored yet."""

    seen: Seen
    revision_body: bytes
    revision: CameraRevision
    clip: Clip
    pictures: Sequence[bytes]

    @property
    def is_clock_bounded(self) -> bool:
        """Whether the clock was known as well as the revision asks for."""
        return self.seen.clock_u95_ms <= self.revision.maximum_clock_u95_ms


@dataclass(frozen=True, slots=True)
class Stored:
    """One camera's evidence as it lies in the bundle."""

    gathered: Gathered
    clip: ObjectReference
    shots: tuple[ObjectReference, ...]
    documents: tuple[ObjectReference, ...]

    @property
    def manifest_chain(self) -> ManifestChain:
        seen = self.gathered.seen
        return ManifestChain(
            format="payesh-link-v1", revision_sha256=seen.revision.sha256, links=seen.segments
        )

    @property
    def manifest_clip(self) -> ManifestClip:
        clip = self.gathered.clip
        return ManifestClip(
            object=self.clip,
            codec=clip.codec,
            parts=clip.parts,
            segments_left_out=clip.left_out,
            viewing_copy=None,
        )

    @property
    def manifest_shots(self) -> tuple[ManifestShot, ...]:
        return tuple(
            ManifestShot(object=kept, taken=shot)
            for kept, shot in zip(self.shots, self.gathered.seen.shots, strict=True)
        )


async def gather(
    seen: Seen, store: ObjectStore, known: KnownObjects, *, maximum_clip_bytes: int
) -> Gathered:
    """Recompute every link, fetch and hash every part, cut the clip byte for byte. The revision and
    the init part, which cases share, may be `known`.

    Raises ObjectMissing, ObjectTampered, EvidenceBroken and DependencyFault.
    """
    check_links(seen.segments, seen.revision.sha256)
    run = clip_run(seen.segments, limit_bytes=maximum_clip_bytes)
    wanted = clip_sources(run)
    init, media = (wanted[:1], wanted[1:]) if run[-1].init is not None else ([], wanted)
    revision_body, *bodies = await together(
        [
            known.get(seen.revision.object),
            *(store.get(shot.crop) for shot in seen.shots),
            *(known.get(each) for each in init),
            *(store.get(each) for each in media),
        ]
    )
    pictures, parts = bodies[: len(seen.shots)], bodies[len(seen.shots) :]
    return Gathered(
        seen=seen,
        revision_body=revision_body,
        revision=_read_revision(revision_body, seen),
        clip=cut(run, parts, left_out=len(seen.segments) - len(run)),
        pictures=pictures,
    )


async def keep_all(
    gathered: Gathered,
    documents: Mapping[str, bytes],
    keep: Keep,
    *,
    folder: str = "",
    shots: str = "shots/",
) -> Stored:
    """Store clip, `documents` and pictures, in this order, under names that begin with `folder`,
    those of pictures with `shots`."""
    clip = gathered.clip
    clip_kept, *kept = await together(
        [
            keep(folder + clip.file_name, clip.body, clip.media_type),
            *(keep(folder + name, body, "application/json") for name, body in documents.items()),
            *(
                keep(f"{shots}{number}.jpg", picture, "image/jpeg")
                for number, picture in enumerate(gathered.pictures)
            ),
        ]
    )
    count = len(documents)
    return Stored(gathered, clip_kept, tuple(kept[count:]), tuple(kept[:count]))


async def together(calls: Sequence[Coroutine[Any, Any, _T]]) -> list[_T]:
    """All at once; the first error ends the others and is raised as it is, not in a group."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        raise


def _read_revision(body: bytes, seen: Seen) -> CameraRevision:
    expected = seen.revision
    if sha256(body).hexdigest() != expected.sha256:
        raise EvidenceBroken("the revision's document is not the one referred to", retry=False)
    try:
        revision = CameraRevision.model_validate_json(body)
    except ValidationError as error:
        raise EvidenceBroken("the revision's document is malformed", retry=False) from error
    if (revision.camera_id, revision.revision) != (seen.camera_id, expected.revision):
        raise EvidenceBroken("the revision is another camera's", retry=False)
    return revision
