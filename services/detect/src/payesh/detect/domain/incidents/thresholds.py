"""From when on an incident is raised, where a camera's revision states it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Seconds for which something lasts, and how long or how many a queue is. None is the default
    that the incident's own module has."""

    stopped_vehicle_s: float | None = None
    """Counts before a stop line too, where the default is longer."""
    queue_s: float | None = None
    """Counts before a stop line too, where the default is longer."""
    queue_m: float | None = None
    queue_vehicles: int | None = None
    pedestrian_s: float | None = None
