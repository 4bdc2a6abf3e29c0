"""Where a camera stands, as every event about it carries it."""

from typing import Any, NamedTuple

from payesh.contracts.values import PlaceClass, RoadClass


class Place(NamedTuple):
    county: str
    road_class: RoadClass
    place_class: PlaceClass

    def fields(self) -> dict[str, Any]:
        """The fields of an event."""
        return self._asdict()
