"""The bus edges: segments and stills into the observer, our own events into tables."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from payesh.contracts import (
    Event,
    IncidentObserved,
    PassageObserved,
    SegmentStored,
    SnapshotStored,
    TrafficCounted,
)
from payesh.detect.dependencies import Dependencies
from payesh.detect.handlers.projection import (
    project_incident,
    project_passage,
    project_traffic,
)
from payesh.kit.bus import Handler
from payesh.kit.inbox import transactional

if TYPE_CHECKING:  # the HTTP side imports this module, and loads no vision
    from payesh.detect.handlers.observing import Observing

OBSERVER_GROUP = "detect"
PROJECTION_GROUP = "detect-projection"


def observer_handlers(observing: "Observing") -> Mapping[type[Event], Handler]:
    """Each event that the observer consumes with its handler; effects are idempotent by their
    deterministic ids."""
    return {
        SegmentStored: observing.segment_stored,
        SnapshotStored: observing.snapshot_stored,
    }


def projection_handlers(dependencies: Dependencies) -> Mapping[type[Event], Handler]:
    """Each event that is projected with its handler: inbox row and table row in one
    transaction."""
    return {
        PassageObserved: transactional(
            dependencies.database, partial(project_passage, dependencies)
        ),
        TrafficCounted: transactional(dependencies.database, project_traffic),
        IncidentObserved: transactional(dependencies.database, project_incident),
    }
