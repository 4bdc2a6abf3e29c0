"""Revisions of a camera's configuration: immutable documents, one of them in force."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.ingest import CameraConfigured
from payesh.contracts.values import RevisionReference, format_utc
from payesh.contracts.vocabulary import DetectorKind, known
from payesh.ingest.adapters import cameras as camera_rows
from payesh.ingest.adapters.cameras import StoredRevision
from payesh.ingest.dependencies import Dependencies
from payesh.ingest.errors import NoRevision, UnknownDetector
from payesh.ingest.handlers.bounds import require_bounds, require_camera
from payesh.ingest.handlers.marks import require_sound_marks
from payesh.kit import outbox
from payesh.kit.objects import ObjectStore
from payesh.kit.principal import Principal

FIRST_REVISION_EARLY = timedelta(seconds=5)
"""A camera may send as soon as it is registered, and its clock is not the server's: the first
revision also holds for what was captured this much before it. Later ones do not: before them
another was in force."""


async def revise_camera(
    dependencies: Dependencies, principal: Principal, camera_id: str, fields: Mapping[str, Any]
) -> tuple[CameraRevision, RevisionReference]:
    """Put another configuration in force from the next segment on.

    Raises UnknownCamera, OutOfBounds, UnknownDetector, BadMarks.
    """
    async with dependencies.database.transaction() as session:
        camera = await require_camera(session, camera_id, principal.bounds, lock=True)
        revision = new_revision(camera_id, camera.revision.revision + 1, datetime.now(UTC), fields)
        require_usable(revision)
        require_bounds(principal.bounds, revision)
        reference = await put_in_force(
            dependencies.objects, session, principal, revision, enabled=camera.enabled
        )
    dependencies.cameras_changed()
    return revision, reference


async def list_revisions(
    dependencies: Dependencies,
    principal: Principal,
    camera_id: str,
    *,
    before: int | None,
    limit: int,
) -> Sequence[StoredRevision]:
    """Newest first; with `before` those of smaller numbers. Raises UnknownCamera."""
    async with dependencies.database.transaction() as session:
        await require_camera(session, camera_id, principal.bounds)
        return await camera_rows.list_revisions(session, camera_id, before=before, limit=limit)


async def revision_in_force(
    session: AsyncSession, camera_id: str, captured_at: datetime
) -> tuple[CameraRevision, RevisionReference]:
    """The newest revision that was there when something was captured. Raises NoRevision."""
    stored = await camera_rows.revision_at(
        session, camera_id, captured_at, first_early=FIRST_REVISION_EARLY
    )
    if stored is None:
        raise NoRevision()
    return CameraRevision.model_validate_json(json.dumps(stored.document)), stored.reference


async def put_in_force(
    objects: ObjectStore,
    session: AsyncSession,
    principal: Principal,
    revision: CameraRevision,
    *,
    enabled: bool,
) -> RevisionReference:
    """Store and publish a camera's next revision; the caller holds the camera's row."""
    reference = await store_revision(objects, revision)
    await camera_rows.insert_revision(session, revision, reference, principal.subject)
    await camera_rows.point_to_revision(session, revision, reference)
    await outbox.add(session, configured(revision, reference, enabled=enabled))
    return reference


def new_revision(
    camera_id: str, number: int, now: datetime, fields: Mapping[str, Any]
) -> CameraRevision:
    """`fields` are those of CameraRevision without camera, number and time."""
    document = {
        **fields,
        "camera_id": camera_id,
        "revision": number,
        "created_at": format_utc(now),
    }
    return CameraRevision.model_validate_json(json.dumps(document), extra="forbid")


def require_usable(revision: CameraRevision) -> None:
    """Raises UnknownDetector, BadMarks. Only what a caller enters is checked: a document that is
    in force may be put in force again under the checks of its day."""
    if not known(DetectorKind, revision.detection.kind):
        raise UnknownDetector(revision.detection.kind)
    require_sound_marks(revision)


def fields_of(revision: StoredRevision) -> dict[str, Any]:
    """What `new_revision` takes, to put the same configuration in force under another number."""
    ours = ("camera_id", "revision", "created_at")
    return {name: value for name, value in revision.document.items() if name not in ours}


def revision_bytes(revision: CameraRevision) -> bytes:
    """The document as stored and hashed: JSON with sorted keys and no spaces (as in RFC 8785)."""
    return json.dumps(
        revision.model_dump(mode="json"),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


async def store_revision(objects: ObjectStore, revision: CameraRevision) -> RevisionReference:
    stored = await objects.put(
        "revisions",
        f"{revision.camera_id}/{revision.revision}.json",
        revision_bytes(revision),
        media_type="application/json",
    )
    return RevisionReference(revision=revision.revision, sha256=stored.sha256, object=stored)


def configured(
    revision: CameraRevision, reference: RevisionReference, *, enabled: bool
) -> CameraConfigured:
    """The event that publishes a revision."""
    return CameraConfigured(
        camera_id=revision.camera_id,
        county=revision.county,
        road_class=revision.road_class,
        place_class=revision.place_class,
        name=revision.name,
        enabled=enabled,
        revision=reference,
        configured_at=revision.created_at,
    )


def certificate_warnings(fields: Mapping[str, Any], now: datetime) -> list[str]:
    """A configuration without a certificate in date is allowed; its owner is warned."""
    certificate = fields.get("certificate")
    if certificate is None:
        return ["there is no certificate: no citation will be drafted"]
    if datetime.fromisoformat(certificate["valid_to"]) < now:
        return ["the certificate has expired: no citation will be drafted"]
    if datetime.fromisoformat(certificate["valid_from"]) > now:
        return ["the certificate is not valid yet: no citation will be drafted"]
    return []
