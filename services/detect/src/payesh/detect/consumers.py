"""The bus edges: segments and stills into the observer, our own facts into tables."""

from typing import TYPE_CHECKING

from payesh.contracts import Event, PassageObserved, SegmentStored, SnapshotStored, TrafficCounted
from payesh.detect.handlers.projection import Projection
from payesh.kit.bus import Handler
from payesh.kit.database import Database
from payesh.kit.inbox import transactional

if TYPE_CHECKING:  # the HTTP side comes here too, and loads no vision
    from payesh.detect.handlers.observing import Observing

OBSERVER_GROUP = "detect"
PROJECTION_GROUP = "detect-projection"


def observer_handlers(observing: "Observing") -> dict[type[Event], Handler]:
    """Event to handler; effects are idempotent by their deterministic ids."""
    return {
        SegmentStored: observing.segment_stored,
        SnapshotStored: observing.snapshot_stored,
    }


def projection_handlers(database: Database, projection: Projection) -> dict[type[Event], Handler]:
    """Event to handler: inbox row and table row in one transaction."""
    return {
        PassageObserved: transactional(database, projection.passage_observed),
        TrafficCounted: transactional(database, projection.traffic_counted),
    }
