"""Where a camera's recording stands when its recorder starts: the assignment, moved past what the
spool holds."""

from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import (
    Assignment,
    GapRecord,
    HealthRecord,
    SegmentRecord,
    SpoolRecord,
    UnusableRecord,
)


def resumed(assignment: Assignment, spool: Spool, *, from_notes: bool = False) -> Assignment:
    """The assignment as it stands after what still waits in the spool.

    `from_notes`: it is an old one of this replica, so what was stored since counts too.
    """
    if from_notes:
        for record in spool.notes.last_stored(assignment.camera_id):
            if not isinstance(record, HealthRecord):  # the note has the conditions
                assignment = after(assignment, record)
    for item in spool.items(assignment.camera_id):
        if not isinstance(item.record, UnusableRecord):
            assignment = after(assignment, item.record)
    return assignment


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
