"""Cameras and their revisions."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.ingest import CameraConfigured
from payesh.contracts.values import RevisionReference
from payesh.contracts.vocabulary import DetectorKind, known
from payesh.ingest.adapters import cameras as camera_rows
from payesh.ingest.adapters.source_networks import (
    ForbiddenAddress,
    SourceNetworks,
    networks,
)
from payesh.ingest.errors import (
    BadSource,
    BadTime,
    CameraExists,
    NoRevision,
    OutOfBounds,
    UnknownCamera,
    UnknownDetector,
)
from payesh.ingest.resources import Resources
from payesh.kit import outbox
from payesh.kit.objects import ObjectStore
from payesh.kit.tokens import Bounds, Principal

_UNREADABLE = "the source's address cannot be read"
FIRST_REVISION_EARLY = timedelta(seconds=5)
"""A camera may send as soon as it is registered, and its clock is not the server's: the first
revision also holds for what was captured this much before it. Later ones do not: before them
another was in force."""
_FUTURE_TOLERANCE = timedelta(seconds=60)
"""By how much a device's clock may be ahead of ours."""


async def create_camera(
    resources: Resources,
    principal: Principal,
    camera_id: str,
    fields: dict[str, Any],
    source: dict[str, str | None] | None,
) -> dict[str, Any]:
    """Register a camera with its first revision. `fields` are those of CameraRevision without
    camera, number and time. Raises OutOfBounds, CameraExists, BadSource."""
    now = datetime.now(UTC)
    revision = _revision(camera_id, 1, now, fields)
    require_bounds(principal.bounds, revision)
    columns = await _source_columns(resources, source)
    async with resources.database.transaction() as session:
        if await camera_rows.camera_exists(session, camera_id):
            raise CameraExists(camera_id)
    reference = await _store_revision(resources.objects, revision)
    try:
        async with resources.database.transaction() as session:
            await camera_rows.insert_camera(session, revision, reference, columns, now)
            await camera_rows.insert_revision(session, revision, reference, principal.subject)
            await outbox.add(session, _configured(revision, reference, enabled=True))
            row = await camera_row(session, camera_id, principal.bounds)
    except IntegrityError as error:
        raise CameraExists(camera_id) from error
    resources.cameras_changed()
    return row


async def revise_camera(
    resources: Resources, principal: Principal, camera_id: str, fields: dict[str, Any]
) -> tuple[CameraRevision, RevisionReference]:
    """Put another configuration in force from the next segment on."""
    async with resources.database.transaction() as session:
        row = await camera_row(session, camera_id, principal.bounds, lock=True)
        revision = _revision(camera_id, row["revision"] + 1, datetime.now(UTC), fields)
        require_bounds(principal.bounds, revision)
        reference = await _put_in_force(
            resources, session, principal, revision, enabled=row["enabled"]
        )
    resources.cameras_changed()
    return revision, reference


async def enable_camera(
    resources: Resources, principal: Principal, camera_id: str, *, enabled: bool
) -> dict[str, Any]:
    """Begin or end recording. It is announced, so it is a revision too."""
    async with resources.database.transaction() as session:
        row = await camera_row(session, camera_id, principal.bounds, lock=True)
        if row["enabled"] == enabled:
            return row
        now = datetime.now(UTC)
        former = (await camera_rows.list_revisions(session, camera_id, before=2**31 - 1, limit=1))[
            0
        ]
        fields = {
            name: value
            for name, value in former["document"].items()
            if name not in ("camera_id", "revision", "created_at")
        }
        revision = _revision(camera_id, row["revision"] + 1, now, fields)
        changes: dict[str, Any] = {"enabled": enabled}
        if enabled:
            changes["recording_since"] = now
        await camera_rows.change_camera(session, camera_id, **changes)
        await _put_in_force(resources, session, principal, revision, enabled=enabled)
        row = await camera_row(session, camera_id, principal.bounds)
    resources.cameras_changed()
    return row


async def change_source(
    resources: Resources, principal: Principal, camera_id: str, source: dict[str, str | None] | None
) -> dict[str, Any]:
    """Where the camera is reached; no part of a revision. Raises BadSource."""
    columns: dict[str, Any] = dict(await _source_columns(resources, source))
    async with resources.database.transaction() as session:
        row = await camera_row(session, camera_id, principal.bounds, lock=True)
        if row["source_url"] is None and source is not None:
            columns["recording_since"] = datetime.now(UTC)
        await camera_rows.change_camera(session, camera_id, **columns)
        row = await camera_row(session, camera_id, principal.bounds)
    resources.cameras_changed()
    return row


def certificate_warnings(fields: dict[str, Any], now: datetime) -> list[str]:
    """A configuration without a certificate in date is allowed, but its owner should know."""
    certificate = fields.get("certificate")
    if certificate is None:
        return ["there is no certificate: no citation will be drafted"]
    if datetime.fromisoformat(certificate["valid_to"]) < now:
        return ["the certificate has expired: no citation will be drafted"]
    if datetime.fromisoformat(certificate["valid_from"]) > now:
        return ["the certificate is not valid yet: no citation will be drafted"]
    return []


async def camera_row(
    session: AsyncSession, camera_id: str, bounds: Bounds, *, lock: bool = False
) -> dict[str, Any]:
    """Raises UnknownCamera."""
    row = await camera_rows.find_camera(session, camera_id, bounds, lock=lock)
    if row is None:
        raise UnknownCamera(camera_id)
    return row


def require_past(moment: datetime, name: str) -> None:
    """Raises BadTime: what will be cannot have been captured."""
    if moment > datetime.now(UTC) + _FUTURE_TOLERANCE:
        raise BadTime(f"{name} lies in the future")


async def revision_in_force(
    session: AsyncSession, camera_id: str, captured_at: datetime
) -> tuple[CameraRevision, RevisionReference]:
    """The newest revision that was there when something was captured. Raises NoRevision."""
    row = await camera_rows.revision_at(
        session, camera_id, captured_at, first_early=FIRST_REVISION_EARLY
    )
    if row is None:
        raise NoRevision()
    revision = CameraRevision.model_validate_json(json.dumps(row["document"]))
    return revision, RevisionReference.model_validate(row["reference"])


async def _put_in_force(
    resources: Resources,
    session: AsyncSession,
    principal: Principal,
    revision: CameraRevision,
    *,
    enabled: bool,
) -> RevisionReference:
    reference = await _store_revision(resources.objects, revision)
    await camera_rows.insert_revision(session, revision, reference, principal.subject)
    await camera_rows.point_to_revision(session, revision, reference)
    await outbox.add(session, _configured(revision, reference, enabled=enabled))
    return reference


def _revision(camera_id: str, number: int, now: datetime, fields: dict[str, Any]) -> CameraRevision:
    document = {
        **fields,
        "camera_id": camera_id,
        "revision": number,
        "created_at": now.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z",
    }
    revision = CameraRevision.model_validate_json(json.dumps(document), extra="forbid")
    if not known(DetectorKind, revision.detection.kind):
        raise UnknownDetector(revision.detection.kind)
    return revision


def revision_bytes(revision: CameraRevision) -> bytes:
    """The document as stored and hashed: JSON with sorted keys and no spaces (as in RFC 8785)."""
    return json.dumps(
        revision.model_dump(mode="json"),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


async def _store_revision(objects: ObjectStore, revision: CameraRevision) -> RevisionReference:
    stored = await objects.put(
        "revisions",
        f"{revision.camera_id}/{revision.revision}.json",
        revision_bytes(revision),
        media_type="application/json",
    )
    return RevisionReference(revision=revision.revision, sha256=stored.sha256, object=stored)


def _configured(
    revision: CameraRevision, reference: RevisionReference, *, enabled: bool
) -> CameraConfigured:
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


def require_bounds(bounds: Bounds, revision: CameraRevision) -> None:
    """Raises OutOfBounds."""
    if not bounds.allows(revision.county, revision.road_class):
        raise OutOfBounds()


async def _source_columns(
    resources: Resources, source: dict[str, str | None] | None
) -> dict[str, str | None]:
    if source is None:
        return {"source_url": None, "source_username": None, "source_sealed_password": None}
    url = source["url"] or ""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadSource(_UNREADABLE) from None
    if parts.scheme not in ("rtsp", "rtsps") or not parts.hostname:
        raise BadSource("the source must be an rtsp:// or rtsps:// address")
    if "@" in parts.netloc:
        raise BadSource("name and password go into their own fields, not into the address")
    try:
        await asyncio.to_thread(
            SourceNetworks(networks(resources.settings.source_networks)).require, url
        )
    except ForbiddenAddress as error:
        raise BadSource(str(error)) from error
    except ValueError:  # a port that is none, a name too long
        raise BadSource(_UNREADABLE) from None
    except OSError:
        pass  # a name may be unknown today; it is looked at again before each connection
    password = source.get("password")
    return {
        "source_url": url,
        "source_username": source.get("username"),
        "source_sealed_password": None if password is None else resources.seal.seal(password),
    }
