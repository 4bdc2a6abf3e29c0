"""Building the evidence bundle of one citation: fetch, verify, cut without re-encoding, lock."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from pydantic import ValidationError

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.values import ObjectReference
from payesh.kit.objects import ObjectStore
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.errors import EvidenceBroken
from payesh.tickets.evidence.chain_check import check_links
from payesh.tickets.evidence.cutting import Clip, clip_run, clip_sources, cut
from payesh.tickets.evidence.joined_case import JoinedCase
from payesh.tickets.evidence.manifest import (
    Manifest,
    ManifestChain,
    ManifestClip,
    ManifestModels,
    ManifestShot,
)
from payesh.tickets.evidence.plate_place import plate_at
from payesh.tickets.evidence.record import EvidenceRecord
from payesh.tickets.evidence.statement import Signer, of_manifest
from payesh.verify.bundle import MANIFEST, STATEMENT

EVIDENCE = "evidence"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class BundleRules:
    """How evidence is kept; `software_version` goes into the manifest."""

    retention: timedelta
    maximum_clip_bytes: int
    software_version: str


async def build_bundle(
    case: JoinedCase, store: ObjectStore, rules: BundleRules, signer: Signer | None = None
) -> EvidenceRecord | Rejection:
    """Store the bundle under COMPLIANCE lock; where it lies, or why there can be none.

    Without a `signer` the manifest is not signed. Raises ObjectMissing, ObjectTampered,
    EvidenceBroken (the evidence does not hold) and DependencyFault (try again, nothing is lost).
    Running it twice stores new versions only.
    """
    violation = case.violation
    check_links(violation.segments, violation.revision.sha256)
    run = clip_run(violation.segments, limit_bytes=rules.maximum_clip_bytes)
    wanted = clip_sources(run)
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
    clip = cut(run, parts, left_out=len(violation.segments) - len(run))
    revision = _read_revision(revision_body, case)
    if violation.clock_u95_ms > revision.maximum_clock_u95_ms:
        return Rejection.CLOCK_UNVERIFIED

    retain_until = datetime.now(UTC) + rules.retention
    folder = str(case.citation_id)

    async def keep(name: str, body: bytes, media_type: str) -> ObjectReference:
        return await store.put(
            EVIDENCE, f"{folder}/{name}", body, media_type=media_type, retain_until=retain_until
        )

    documents = {
        "revision.json": revision_body,
        "violation.json": violation.to_json(),
        "read.json": case.read.to_json(),
    }
    if case.law_basis is not None:
        documents["law.json"] = case.law_basis.encode()
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
        case,
        rules,
        clip=clip,
        clip_kept=clip_kept,
        others=others,
        shots=shots,
        retain_until=retain_until,
    )
    body = manifest.to_json()
    statement = None
    if signer is not None:
        signed = signer.sign(of_manifest(case.citation_id, violation.violation_id, body))
        statement = await keep(STATEMENT, signed.encode(), "application/jose")
    return EvidenceRecord(
        manifest=await keep(MANIFEST, body, "application/json"),
        statement=statement,
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


def _manifest(
    case: JoinedCase,
    rules: BundleRules,
    *,
    clip: Clip,
    clip_kept: ObjectReference,
    others: tuple[ObjectReference, ...],
    shots: Iterable[ObjectReference],
    retain_until: datetime,
) -> Manifest:
    violation, read = case.violation, case.read
    return Manifest(
        format="payesh-evidence-manifest-v1",
        citation_id=case.citation_id,
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
        law=case.law,
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
        track=violation.track,
        plate_at=plate_at(violation, read),
    )


def _read_revision(body: bytes, case: JoinedCase) -> CameraRevision:
    expected = case.violation.revision
    if sha256(body).hexdigest() != expected.sha256:
        raise EvidenceBroken("the revision's document is not the one referred to", retry=False)
    try:
        revision = CameraRevision.model_validate_json(body)
    except ValidationError as error:
        raise EvidenceBroken("the revision's document is malformed", retry=False) from error
    if (revision.camera_id, revision.revision) != (case.violation.camera_id, expected.revision):
        raise EvidenceBroken("the revision is another camera's", retry=False)
    return revision
