"""Stills: checked and kept as they are, judged by the revision in force at capture."""

import asyncio
import hashlib
from datetime import datetime, timedelta

from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.chain import link_sha256
from payesh.contracts.ingest import DeviceMeasurement, PictureSize, SnapshotStored
from payesh.contracts.stills import NotAStill, StillHeader, read_still_header
from payesh.contracts.values import ClockSource, RevisionReference
from payesh.ingest import metrics
from payesh.ingest.adapters import snapshots as snapshot_rows
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.stills import checked_still
from payesh.ingest.dependencies import Dependencies
from payesh.ingest.errors import (
    BadImage,
    BadTime,
    ImageTooLarge,
    KeyReused,
    WrongCertificate,
)
from payesh.ingest.handlers.bounds import require_bounds, require_camera
from payesh.ingest.handlers.health import judge_uploaded_size
from payesh.ingest.handlers.revisions import revision_in_force
from payesh.ingest.handlers.uploads import require_past
from payesh.kit import outbox
from payesh.kit.principal import Principal
from payesh.kit.telemetry import tracer


async def store_snapshot(
    dependencies: Dependencies,
    principal: Principal,
    camera_id: str,
    image: bytes,
    captured_at: datetime,
    clock_u95_ms: float,
    measurement: DeviceMeasurement | None,
    idempotency_key: str | None,
) -> tuple[SnapshotStored, bool]:
    """Keep a still and publish it once; the event, and whether it is new.

    It is kept as it is, but for an end marker that is missing.
    It is judged by the revision in force at `captured_at`. Raises BadImage, ImageTooLarge,
    BadTime, NoRevision, OutOfBounds, WrongCertificate, KeyReused, UnknownCamera.
    """
    header = _checked_header(dependencies, image)
    try:
        image, warning = await asyncio.to_thread(checked_still, image, header)
    except NotAStill as error:
        raise BadImage(str(error)) from error
    require_past(captured_at, "captured_at")
    _require_simultaneous(dependencies, measurement, captured_at, clock_u95_ms)
    image_sha256 = hashlib.sha256(image).hexdigest()
    with tracer.start_as_current_span("ingest.snapshot.store"):
        async with dependencies.database.transaction() as session:
            camera = await require_camera(session, camera_id, principal.bounds)
            series = await snapshot_rows.lock_series(
                session, camera_id, captured_at.date().isoformat(), camera.last_link_sha256
            )
            # Under the lock: of two copies sent at once the second finds the first.
            known = await snapshot_rows.find_snapshot(
                session, camera_id, image_sha256, captured_at, idempotency_key
            )
            if known is not None:
                if known.image_sha256 != image_sha256:
                    raise KeyReused()
                return known.event, False
            revision, reference = await revision_in_force(session, camera_id, captured_at)
            require_bounds(principal.bounds, revision)
            _require_certificate(revision, measurement)
            event = await _snapshot_event(
                dependencies,
                revision,
                reference,
                series,
                header,
                image,
                captured_at,
                clock_u95_ms,
                measurement,
                warning,
            )
            await snapshot_rows.insert_snapshot(session, event, idempotency_key)
            await outbox.add(session, event)
    metrics.snapshots.inc()
    await _judge_size(dependencies, revision, header)
    return event, True


async def _judge_size(
    dependencies: Dependencies, revision: CameraRevision, header: StillHeader
) -> None:
    if revision.width_px is None or revision.height_px is None:
        return
    await judge_uploaded_size(
        dependencies.database,
        revision.camera_id,
        Place(revision.county, revision.road_class, revision.place_class),
        PictureSize(width_px=header.width_px, height_px=header.height_px),
        PictureSize(width_px=revision.width_px, height_px=revision.height_px),
    )


def _checked_header(dependencies: Dependencies, image: bytes) -> StillHeader:
    settings = dependencies.settings
    if len(image) > settings.snapshot_limit_mib * 1024 * 1024:
        raise ImageTooLarge(f"at most {settings.snapshot_limit_mib} MiB are accepted")
    try:
        header = read_still_header(image)
    except NotAStill as error:
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
    dependencies: Dependencies,
    measurement: DeviceMeasurement | None,
    captured_at: datetime,
    clock_u95_ms: float,
) -> None:
    """A device may pair the value of one vehicle with the picture of a later one."""
    if measurement is None:
        return
    limit = timedelta(milliseconds=clock_u95_ms + dependencies.settings.measurement_lag_ms)
    if abs(measurement.measured_at - captured_at) > limit:
        raise BadTime("measured_at and captured_at are too far apart")


def _require_certificate(revision: CameraRevision, measurement: DeviceMeasurement | None) -> None:
    if measurement is None:
        return
    certificate = revision.certificate
    if certificate is None or certificate.number != measurement.certificate_number:
        raise WrongCertificate()


async def _snapshot_event(
    dependencies: Dependencies,
    revision: CameraRevision,
    reference: RevisionReference,
    series: snapshot_rows.Series,
    header: StillHeader,
    image: bytes,
    captured_at: datetime,
    clock_u95_ms: float,
    measurement: DeviceMeasurement | None,
    warning: str | None,
) -> SnapshotStored:
    camera_id = revision.camera_id
    stored = await dependencies.objects.put(
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
        warning=warning,
    )
