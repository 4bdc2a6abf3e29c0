"""Building the evidence bundle of one citation: fetch, verify, cut without re-encoding, lock."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from pydantic import ValidationError

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import ObjectReference, SegmentLink
from payesh.kit.objects import ObjectStore
from payesh.tickets.adapters.bundle_jobs import BundleJob
from payesh.tickets.adapters.evidence_record import EvidenceRecord
from payesh.tickets.domain.citation import Rejection
from payesh.tickets.domain.clip import codec_of, last_run, within_size
from payesh.tickets.errors import EvidenceBroken
from payesh.tickets.evidence.chain_check import check_links
from payesh.tickets.evidence.manifest import (
    ClipPart,
    Manifest,
    ManifestChain,
    ManifestClip,
    ManifestModels,
    ManifestShot,
)

EVIDENCE = "evidence"

_T = TypeVar("_T")


@dataclass(frozen=True)
class BundleRules:
    retention: timedelta
    maximum_clip_bytes: int
    software_version: str


@dataclass(frozen=True)
class _Clip:
    """Init and fragments byte for byte, or one still; `parts` says where each lies in `body`."""

    body: bytes
    media_type: str
    file_name: str
    codec: str | None
    duration_ms: int
    parts: tuple[ClipPart, ...]
    left_out: int


async def build_bundle(
    job: BundleJob, store: ObjectStore, rules: BundleRules
) -> EvidenceRecord | Rejection:
    """Store the bundle under COMPLIANCE lock and say where it lies, or why there can be none.

    Raises ObjectMissing, ObjectTampered, EvidenceBroken (the evidence does not hold) and
    DependencyFault (try again, nothing is lost). Running it twice stores new versions only.
    """
    violation = job.violation
    check_links(violation.segments, violation.revision.sha256)
    run = within_size(
        last_run(violation.segments, stream_and_init=_stream_and_init, sequence=_sequence),
        size_bytes=lambda link: link.media.size_bytes,
        limit_bytes=rules.maximum_clip_bytes,
    )
    wanted = _wanted(run)
    revision_body, *bodies = await _together(
        [
            store.get(reference)
            for reference in (
                violation.revision.object,
                *(shot.crop for shot in violation.shots),
                *wanted,
            )
        ]
    )
    pictures, parts = bodies[: len(violation.shots)], bodies[len(violation.shots) :]
    clip = _cut(run, wanted, parts, left_out=len(violation.segments) - len(run))
    revision = _read_revision(revision_body, job)
    if violation.clock_u95_ms > revision.maximum_clock_u95_ms:
        return Rejection.CLOCK_UNVERIFIED

    retain_until = datetime.now(UTC) + rules.retention
    folder = str(job.citation_id)

    async def keep(name: str, body: bytes, media_type: str) -> ObjectReference:
        return await store.put(
            EVIDENCE, f"{folder}/{name}", body, media_type=media_type, retain_until=retain_until
        )

    documents = {
        "revision.json": revision_body,
        "violation.json": violation.to_json(),
        "read.json": job.read.to_json(),
    }
    if job.law_basis is not None:
        documents["law.json"] = job.law_basis.encode()
    clip_kept, *kept = await _together(
        [
            keep(clip.file_name, clip.body, clip.media_type),
            *(keep(name, body, "application/json") for name, body in documents.items()),
            *(
                keep(f"shots/{number}.jpg", picture, "image/jpeg")
                for number, picture in enumerate(pictures)
            ),
        ]
    )
    others, shots = tuple(kept[: len(documents)]), kept[len(documents) :]
    manifest = _manifest(
        job,
        rules,
        clip=clip,
        clip_kept=clip_kept,
        others=others,
        shots=shots,
        retain_until=retain_until,
    )
    return EvidenceRecord(
        manifest=await keep("manifest.json", manifest.to_json(), "application/json"),
        clip=clip_kept,
        shots=tuple(shots),
        others=others,
        viewing_copy=None,
        codec=clip.codec,
        duration_ms=clip.duration_ms,
        place_name=revision.name,
        latitude=revision.location.latitude,
        longitude=revision.location.longitude,
        revision=revision.revision,
        links_checked=len(violation.segments),
        retained_until=retain_until,
    )


async def _together(calls: Sequence[Coroutine[Any, Any, _T]]) -> list[_T]:
    """All at once; the first error ends the others and is raised as it is, not in a group."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        raise


def _wanted(run: Sequence[SegmentLink]) -> list[ObjectReference]:
    """Init and fragments; of stills, the last one alone: it is the picture of the offence."""
    init = run[-1].init
    return [run[-1].media] if init is None else [init, *(link.media for link in run)]


def _cut(
    run: Sequence[SegmentLink],
    wanted: Sequence[ObjectReference],
    bodies: Sequence[bytes],
    *,
    left_out: int,
) -> _Clip:
    is_still = run[-1].init is None
    sequences = [run[-1].sequence] if is_still else [None, *(link.sequence for link in run)]
    offset, parts = 0, []
    for reference, sequence in zip(wanted, sequences, strict=True):
        parts.append(
            ClipPart(
                part="init" if sequence is None else "media",
                sequence=sequence,
                offset_bytes=offset,
                size_bytes=reference.size_bytes,
                sha256=reference.sha256,
                source=reference,
            )
        )
        offset += reference.size_bytes
    return _Clip(
        body=b"".join(bodies),
        media_type=wanted[0].media_type if is_still else "video/mp4",
        file_name=_still_name(wanted[0].media_type) if is_still else "clip.mp4",
        codec=None if is_still else codec_of(bodies[0]),
        duration_ms=0 if is_still else sum(link.duration_ms for link in run),
        parts=tuple(parts),
        left_out=left_out + (len(run) - 1 if is_still else 0),
    )


def _still_name(media_type: str) -> str:
    return "still.png" if media_type == "image/png" else "still.jpg"


def _manifest(
    job: BundleJob,
    rules: BundleRules,
    *,
    clip: _Clip,
    clip_kept: ObjectReference,
    others: tuple[ObjectReference, ...],
    shots: Iterable[ObjectReference],
    retain_until: datetime,
) -> Manifest:
    violation, read = job.violation, job.read
    return Manifest(
        format="payesh-evidence-manifest-v1",
        citation_id=job.citation_id,
        violation_id=violation.violation_id,
        passage_id=violation.passage_id,
        software_version=rules.software_version,
        built_at=datetime.now(UTC),
        retained_until=retain_until,
        captured_at=violation.captured_at,
        clock_source=violation.clock_source,
        clock_u95_ms=violation.clock_u95_ms,
        measurement=violation.measurement,
        certificate=violation.certificate,
        law=job.law,
        revision=violation.revision,
        plate=read.plate,
        chain=ManifestChain(
            format="payesh-link-v1",
            revision_sha256=violation.revision.sha256,
            links=violation.segments,
        ),
        clip=ManifestClip(
            object=clip_kept,
            codec=clip.codec,
            parts=clip.parts,
            segments_left_out=clip.left_out,
            viewing_copy=None,
        ),
        shots=tuple(
            ManifestShot(object=kept, taken=shot)
            for kept, shot in zip(shots, violation.shots, strict=True)
        ),
        documents=others,
        models=ManifestModels(detect=violation.provenance, plates=read.provenance),
    )


def _read_revision(body: bytes, job: BundleJob) -> CameraRevision:
    expected = job.violation.revision
    if sha256(body).hexdigest() != expected.sha256:
        raise EvidenceBroken("the revision's document is not the one referred to", retry=False)
    try:
        revision = CameraRevision.model_validate_json(body)
    except ValidationError as error:
        raise EvidenceBroken("the revision's document is malformed", retry=False) from error
    if (revision.camera_id, revision.revision) != (job.violation.camera_id, expected.revision):
        raise EvidenceBroken("the revision is another camera's", retry=False)
    return revision


def _stream_and_init(link: SegmentLink) -> tuple[str, str | None]:
    return str(link.stream_id), link.init.sha256 if link.init else None


def _sequence(link: SegmentLink) -> int:
    return link.sequence
