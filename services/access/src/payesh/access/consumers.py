"""The bus edge: audit records, on a topic of its own from each service."""

from collections.abc import Mapping

from payesh.access.dependencies import Dependencies
from payesh.access.handlers.audit_appending import AppendRecords, refuse_unattributed
from payesh.contracts import (
    AccessReadRecorded,
    AuditReadRecorded,
    DetectReadRecorded,
    Event,
    IngestReadRecorded,
    PlatesReadRecorded,
    TicketsReadRecorded,
)
from payesh.kit.bus import Handler

GROUP = "access"


def handlers(dependencies: Dependencies) -> Mapping[type[Event], Handler]:
    """Each consumed event with its handler."""
    append = AppendRecords(dependencies)
    return {
        IngestReadRecorded: append,
        DetectReadRecorded: append,
        PlatesReadRecorded: append,
        TicketsReadRecorded: append,
        AccessReadRecorded: append,
        AuditReadRecorded: refuse_unattributed,
    }
