"""The observer's bus edge: segments and stills in."""

from payesh.contracts import Event, SegmentStored, SnapshotStored
from payesh.detect.handlers import Observing
from payesh.kit.bus import Handler

OBSERVER_GROUP = "detect"


def observer_handlers(observing: Observing) -> dict[type[Event], Handler]:
    """Event to handler; effects are idempotent by their deterministic ids."""
    return {
        SegmentStored: observing.segment_stored,
        SnapshotStored: observing.snapshot_stored,
    }
