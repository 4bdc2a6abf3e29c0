"""Events and documents of Payesh: frozen models of the schemas beside this package.

The JSON Schemas are the authority; `tests/contract` proves that models and schemas agree both ways.
"""

from payesh.contracts.access import (
    AUDIT_RECORDS,
    AccessReadRecorded,
    AuditReadRecorded,
    DetectReadRecorded,
    IngestReadRecorded,
    KeyRotated,
    PlatesReadRecorded,
    TicketsReadRecorded,
    TokensRevoked,
)
from payesh.contracts.camera_revision import CameraRevision
from payesh.contracts.detect import (
    DetectorHealthChanged,
    IncidentObserved,
    PassageObserved,
    TrafficCounted,
    ViolationDetected,
)
from payesh.contracts.event import EVENTS, Event, event_for_topic
from payesh.contracts.ingest import (
    CameraConfigured,
    CameraHealthChanged,
    GapRecorded,
    SegmentStored,
    SnapshotStored,
)
from payesh.contracts.plates import HotlistMatched, PlateRead
from payesh.contracts.tickets import (
    CitationClosed,
    CitationDrafted,
    CitationIssued,
    CitationObjected,
    CitationRejected,
)

__all__ = [
    "AUDIT_RECORDS",
    "EVENTS",
    "AccessReadRecorded",
    "AuditReadRecorded",
    "CameraConfigured",
    "CameraHealthChanged",
    "CameraRevision",
    "CitationClosed",
    "CitationDrafted",
    "CitationIssued",
    "CitationObjected",
    "CitationRejected",
    "DetectReadRecorded",
    "DetectorHealthChanged",
    "Event",
    "GapRecorded",
    "HotlistMatched",
    "IncidentObserved",
    "IngestReadRecorded",
    "KeyRotated",
    "PassageObserved",
    "PlateRead",
    "PlatesReadRecorded",
    "SegmentStored",
    "SnapshotStored",
    "TicketsReadRecorded",
    "TokensRevoked",
    "TrafficCounted",
    "ViolationDetected",
    "event_for_topic",
]
