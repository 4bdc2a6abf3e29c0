"""The HTTP side's bus edge: our own facts into tables that can be asked."""

from payesh.contracts import Event, PassageObserved, TrafficCounted
from payesh.detect.projection import Projection
from payesh.kit.bus import Handler
from payesh.kit.database import Database
from payesh.kit.inbox import transactional

PROJECTION_GROUP = "detect-projection"


def projection_handlers(database: Database, projection: Projection) -> dict[type[Event], Handler]:
    """Event to handler: inbox row and table row in one transaction."""
    return {
        PassageObserved: transactional(database, projection.passage_observed),
        TrafficCounted: transactional(database, projection.traffic_counted),
    }
