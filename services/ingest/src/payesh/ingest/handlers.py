"""Use cases of the HTTP edge: cameras and their revisions, stills, uploaded recordings."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.chain import link_sha256
from payesh.contracts.event import deterministic_id
from payesh.contracts.ingest import CameraConfigured, DeviceMeasurement, SnapshotStored
from payesh.contracts.values import (
    ClockSource,
    ObjectReference,
    RevisionReference,
)
from payesh.ingest import metrics
from payesh.ingest.adapters import cameras as camera_rows
from payesh.ingest.adapters import recordings as recording_rows
from payesh.ingest.adapters import snapshots as snapshot_rows
from payesh.ingest.adapters.source_networks import (
    ForbiddenAddress,
    SourceNetworks,
    networks,
)
from payesh.ingest.domain.image_header import ImageHeader, NotAnImage, read_image_header
from payesh.ingest.errors import (
    BadImage,
    BadSource,
    BadTime,
    CameraExists,
    ImageTooLarge,
    KeyReused,
    NoRevision,
    OutOfBounds,
    UnknownCamera,
    WrongCertificate,
)
from payesh.ingest.house import House
from payesh.kit import outbox
from payesh.kit.objects import ObjectStore
from payesh.kit.telemetry import tracer
from payesh.kit.tokens import Bounds, Principal

_FUTURE_TOLERANCE = timedelta(seconds=60)
_UNREADABLE = "the source's address cannot be read"
FIRST_REVISION_EARLY = timedelta(seconds=5)
"""A camera may send as soon as it is registered, and its clock is not the server's: the first
revision also holds for what was captured this much before it. Later ones do not: before them
another was in force."""


# --- cameras


async def create_camera(
    house: House,
    principal: Principal,
    camera_id: str,
    fields: dict[str, Any],
    source: dict[str, str | None] | None,
) -> dict[str, Any]:
    """Register a camera with its first revision. `fields` are those of CameraRevision without
    camera, number and time. Raises OutOfBounds, CameraExists, BadSource."""
    now = datetime.now(UTC)
    revision = _revision(camera_id, 1, now, fields)
    _require_bounds(principal.bounds, revision)
    columns = await _source_columns(house, source)
    async with house.database.transaction() as session:
        if await camera_rows.camera_exists(session, camera_id):
            raise CameraExists(camera_id)
    reference = await _store_revision(house.objects, revision)
    try:
        async with house.database.transaction() as session:
            await camera_rows.insert_camera(session, revision, reference, columns, now)
            await camera_rows.insert_revision(session, revision, reference, principal.subject)
            await outbox.add(session, _configured(revision, reference, enabled=True))
            row = await _camera(session, camera_id, principal.bounds)
    except IntegrityError as error:
        raise CameraExists(camera_id) from error
    house.cameras_changed()
    return row


async def revise_camera(
    house: House, principal: Principal, camera_id: str, fields: dict[str, Any]
) -> tuple[CameraRevision, RevisionReference]:
    """Put another configuration in force from the next segment on."""
    async with house.database.transaction() as session:
        row = await _camera(session, camera_id, principal.bounds, lock=True)
        revision = _revision(camera_id, row["revision"] + 1, datetime.now(UTC), fields)
        _require_bounds(principal.bounds, revision)
        reference = await _put_in_force(house, session, principal, revision, enabled=row["enabled"])
    house.cameras_changed()
    return revision, reference


async def enable_camera(
    house: House, principal: Principal, camera_id: str, *, enabled: bool
) -> dict[str, Any]:
    """Begin or end recording. It is announced, so it is a revision too."""
    async with house.database.transaction() as session:
        row = await _camera(session, camera_id, principal.bounds, lock=True)
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
        await _put_in_force(house, session, principal, revision, enabled=enabled)
        row = await _camera(session, camera_id, principal.bounds)
    house.cameras_changed()
    return row


async def change_source(
    house: House, principal: Principal, camera_id: str, source: dict[str, str | None] | None
) -> dict[str, Any]:
    """Where the camera is reached; no part of a revision. Raises BadSource."""
    columns: dict[str, Any] = dict(await _source_columns(house, source))
    async with house.database.transaction() as session:
        row = await _camera(session, camera_id, principal.bounds, lock=True)
        if row["source_url"] is None and source is not None:
            columns["recording_since"] = datetime.now(UTC)
        await camera_rows.change_camera(session, camera_id, **columns)
        row = await _camera(session, camera_id, principal.bounds)
    house.cameras_changed()
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
    return await _camera(session, camera_id, bounds, lock=lock)


async def _camera(
    session: AsyncSession, camera_id: str, bounds: Bounds, *, lock: bool = False
) -> dict[str, Any]:
    row = await camera_rows.find_camera(session, camera_id, bounds, lock=lock)
    if row is None:
        raise UnknownCamera(camera_id)
    return row


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
    house: House,
    session: AsyncSession,
    principal: Principal,
    revision: CameraRevision,
    *,
    enabled: bool,
) -> RevisionReference:
    reference = await _store_revision(house.objects, revision)
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
    return CameraRevision.model_validate_json(json.dumps(document), extra="forbid")


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


def _require_bounds(bounds: Bounds, revision: CameraRevision) -> None:
    if not bounds.allows(revision.county, revision.road_class):
        raise OutOfBounds()


async def _source_columns(
    house: House, source: dict[str, str | None] | None
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
            SourceNetworks(networks(house.settings.source_networks)).require, url
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
        "source_sealed_password": None if password is None else house.seal.seal(password),
    }


# --- stills


async def store_snapshot(
    house: House,
    principal: Principal,
    camera_id: str,
    image: bytes,
    captured_at: datetime,
    clock_u95_ms: float,
    measurement: DeviceMeasurement | None,
    idempotency_key: str | None,
) -> tuple[dict[str, Any], bool]:
    """Keep a still as it is and announce it once; the event, and whether it is new.

    It is judged by the revision in force at `captured_at`. Raises BadImage, ImageTooLarge,
    BadTime, NoRevision, OutOfBounds, WrongCertificate, KeyReused, UnknownCamera.
    """
    header = _checked_image(house, image)
    if captured_at > datetime.now(UTC) + _FUTURE_TOLERANCE:
        raise BadTime("captured_at lies in the future")
    _require_simultaneous(house, measurement, captured_at, clock_u95_ms)
    image_sha256 = hashlib.sha256(image).hexdigest()
    with tracer.start_as_current_span("ingest.snapshot.store"):
        async with house.database.transaction() as session:
            camera = await _camera(session, camera_id, principal.bounds)
            series = await snapshot_rows.lock_series(
                session, camera_id, captured_at.date().isoformat(), camera["last_link_sha256"]
            )
            # Under the lock: two copies sent at once are told apart here, not by luck.
            known = await snapshot_rows.find_snapshot(
                session, camera_id, image_sha256, captured_at, idempotency_key
            )
            if known is not None:
                if known["image_sha256"] != image_sha256:
                    raise KeyReused()
                return known["event"], False
            revision, reference = await revision_in_force(session, camera_id, captured_at)
            _require_bounds(principal.bounds, revision)
            _require_certificate(revision, measurement)
            event = await _snapshot_event(
                house,
                revision,
                reference,
                series,
                header,
                image,
                captured_at,
                clock_u95_ms,
                measurement,
            )
            await snapshot_rows.insert_snapshot(session, event, idempotency_key)
            await outbox.add(session, event)
    metrics.snapshots.inc()
    return event.model_dump(mode="json"), True


def _checked_image(house: House, image: bytes) -> ImageHeader:
    settings = house.settings
    if len(image) > settings.snapshot_limit_mib * 1024 * 1024:
        raise ImageTooLarge(f"at most {settings.snapshot_limit_mib} MiB are accepted")
    try:
        header = read_image_header(image)
    except NotAnImage as error:
        raise BadImage(str(error)) from error
    if header.pixels > settings.snapshot_limit_megapixels * 1_000_000:
        raise ImageTooLarge(
            f"{header.width_px} by {header.height_px} pixels; "
            f"at most {settings.snapshot_limit_megapixels} megapixels are accepted"
        )
    if max(header.width_px, header.height_px) > 16384:
        raise ImageTooLarge("at most 16384 pixels a side are accepted")
    return header


def _require_simultaneous(
    house: House,
    measurement: DeviceMeasurement | None,
    captured_at: datetime,
    clock_u95_ms: float,
) -> None:
    """A device may pair the value of one vehicle with the picture of a later one."""
    if measurement is None:
        return
    limit = timedelta(milliseconds=clock_u95_ms + house.settings.measurement_lag_ms)
    if abs(measurement.measured_at - captured_at) > limit:
        raise BadTime("measured_at and captured_at are too far apart")


def _require_certificate(revision: CameraRevision, measurement: DeviceMeasurement | None) -> None:
    if measurement is None:
        return
    certificate = revision.certificate
    if certificate is None or certificate.number != measurement.certificate_number:
        raise WrongCertificate()


async def _snapshot_event(
    house: House,
    revision: CameraRevision,
    reference: RevisionReference,
    series: snapshot_rows.Series,
    header: ImageHeader,
    image: bytes,
    captured_at: datetime,
    clock_u95_ms: float,
    measurement: DeviceMeasurement | None,
) -> SnapshotStored:
    camera_id = revision.camera_id
    stored = await house.objects.put(
        "segments",
        f"{camera_id}/{series.stream_id}/{series.sequence:08d}.{header.suffix}",
        image,
        media_type=header.media_type,
    )
    link = link_sha256(
        previous_link_sha256=series.previous_link_sha256,
        stream_id=series.stream_id,
        sequence=series.sequence,
        captured_at=captured_at,
        duration_ms=0,
        init_sha256=None,
        media_sha256=stored.sha256,
        revision_sha256=reference.sha256,
        fencing_token=0,
    )
    return SnapshotStored(
        camera_id=camera_id,
        county=revision.county,
        road_class=revision.road_class,
        place_class=revision.place_class,
        captured_at=captured_at,
        clock_source=ClockSource.DEVICE,
        clock_u95_ms=clock_u95_ms,
        revision=reference,
        stream_id=series.stream_id,
        sequence=series.sequence,
        width_px=header.width_px,
        height_px=header.height_px,
        image=stored,
        measurement=measurement,
        previous_link_sha256=series.previous_link_sha256,
        link_sha256=link,
    )


# --- uploaded recordings


async def accept_recording(
    house: House,
    principal: Principal,
    camera_id: str,
    data: AsyncIterable[bytes],
    started_at: datetime,
    clock_u95_ms: float,
) -> dict[str, Any]:
    """Keep an uploaded file and queue it.

    Raises UnknownCamera, BadTime, NoRevision, OutOfBounds.
    """
    if started_at > datetime.now(UTC) + _FUTURE_TOLERANCE:
        raise BadTime("started_at lies in the future")
    async with house.database.transaction() as session:
        await _camera(session, camera_id, principal.bounds)
        revision, _ = await revision_in_force(session, camera_id, started_at)
        _require_bounds(principal.bounds, revision)
    recording_id = uuid4()
    stored: ObjectReference = await house.objects.put(
        "recordings", f"{camera_id}/{recording_id}", data, media_type="application/octet-stream"
    )
    async with house.database.transaction() as session:
        await _camera(session, camera_id, principal.bounds)
        row = await recording_rows.insert_recording(
            session, recording_id, camera_id, stored, started_at, clock_u95_ms
        )
    house.recordings_changed()
    return row


def recording_stream_id(recording_id: UUID) -> UUID:
    """The same file makes the same stream however often its work is begun."""
    return deterministic_id("recording", recording_id)
