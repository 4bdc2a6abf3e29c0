"""Changes of a camera's health, published once each."""

from datetime import UTC, datetime

from payesh.contracts.ingest import CameraHealthChanged, PictureSize
from payesh.contracts.vocabulary import HealthCondition, HealthReason
from payesh.ingest.adapters.health import change_health, health_of
from payesh.ingest.adapters.place import Place
from payesh.ingest.adapters.spool_records import HealthRecord
from payesh.kit import outbox
from payesh.kit.database import Database


async def store_health_change(database: Database, camera_id: str, record: HealthRecord) -> None:
    """A change that is older than what is known changes nothing."""
    event = CameraHealthChanged(
        camera_id=camera_id,
        **record.place.fields(),
        condition=record.condition,
        raised=record.raised,
        changed_at=record.changed_at,
        value=record.value,
        threshold=record.threshold,
        reason=record.reason,
        found_px=record.found_px,
        expected_px=record.expected_px,
    )
    async with database.transaction() as session:
        if await change_health(session, event):
            await outbox.add(session, event)


async def judge_uploaded_size(
    database: Database, camera_id: str, place: Place, found: PictureSize, expected: PictureSize
) -> None:
    """Raise `picture_size` when the upright pictures of an upload, video or still, have another
    size than the revision is for, and clear it when they have that one."""
    async with database.transaction() as session:
        known = [
            each.found_px
            for each in await health_of(session, camera_id)
            if each.raised and each.condition == HealthCondition.PICTURE_SIZE
        ]
    differs = found != expected
    if known == ([found.model_dump()] if differs else []):
        return
    change = HealthRecord(
        condition=HealthCondition.PICTURE_SIZE,
        raised=differs,
        changed_at=datetime.now(UTC),
        value=None,
        threshold=None,
        reason=HealthReason.SIZE_CHANGED if differs else None,
        found_px=found if differs else None,
        expected_px=expected if differs else None,
        **place.fields(),
    )
    await store_health_change(database, camera_id, change)
