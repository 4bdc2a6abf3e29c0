"""Where a camera's recording stands when its recorder starts: the assignment, moved past what the
spool holds."""

from collections.abc import Iterable

from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import (
    Assignment,
    GapRecord,
    HealthRecord,
    SegmentRecord,
    SpoolRecord,
    UnusableRecord,
)


def waiting(spool: Spool, camera_id: str) -> list[SpoolRecord]:
    """What still waits in the spool, oldest first.

    It is read before the assignment that it moves: the drain stores and removes items meanwhile,
    and what it removed is then in what is read later. The other way round a record stored between
    the two is in neither.
    """
    records = (item.record for item in spool.items(camera_id))
    return [record for record in records if not isinstance(record, UnusableRecord)]


def resumed(assignment: Assignment, records: Iterable[SpoolRecord]) -> Assignment:
    """The assignment as it stands after the records that wait."""
    for record in records:
        assignment = after(assignment, record)
    return assignment


def resumed_from_notes(noted: Assignment, spool: Spool) -> Assignment:
    """An old assignment of this replica, moved past what was stored since and what waits."""
    records = waiting(spool, noted.camera_id)
    stored = spool.notes.last_stored(noted.camera_id)
    # The note has the conditions.
    return resumed(noted, [*(r for r in stored if not isinstance(r, HealthRecord)), *records])


def after(assignment: Assignment, record: SpoolRecord) -> Assignment:
    """The assignment moved past one record of its camera."""
    match record:
        case HealthRecord(condition=condition):
            raised = assignment.raised - {condition}
            return assignment.model_copy(
                update={"raised": raised | {condition} if record.raised else raised}
            )
        case GapRecord():
            return assignment.model_copy(
                update={"known_until": max(assignment.known_until, record.ended_at)}
            )
        case SegmentRecord():
            return assignment.model_copy(
                update={
                    "known_until": max(assignment.known_until, record.ended_at),
                    "last_link_sha256": record.link_sha256,
                    "last_stream_id": record.stream_id,
                    "last_sequence": record.sequence,
                }
            )
