"""Changes of a camera's health, published once each."""

from payesh.contracts.ingest import CameraHealthChanged
from payesh.ingest.adapters.health import change_health
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
