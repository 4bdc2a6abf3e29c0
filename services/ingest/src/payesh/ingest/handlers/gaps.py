"""Gaps: times of which nothing is kept, published once each."""

from payesh.contracts.ingest import GapRecorded
from payesh.ingest import metrics
from payesh.ingest.adapters.segments import insert_gap
from payesh.ingest.adapters.spool_records import GapRecord
from payesh.kit import outbox
from payesh.kit.database import Database


async def store_gap(database: Database, camera_id: str, record: GapRecord, *, live: bool) -> None:
    """A `live` gap also moves the time that is accounted for."""
    event = GapRecorded(
        camera_id=camera_id,
        **record.place.fields(),
        gap_id=record.gap_id,
        started_at=record.started_at,
        ended_at=record.ended_at,
        reason=record.reason,
        last_stream_id=record.last_stream_id,
        last_sequence=record.last_sequence,
    )
    async with database.transaction() as session:
        if await insert_gap(session, event, live=live):
            await outbox.add(session, event)
            metrics.gaps.labels(event.reason).inc()
