"""The verified caller of a request, and the bounds of what it may read."""

from dataclasses import dataclass

PERSON_PREFIX = "person:"
"""Begins `sub` of a person's token. No client's id has a colon, so the two cannot collide."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The counties and road classes that a principal may read: None is all, an empty set none."""

    counties: frozenset[str] | None
    road_classes: frozenset[str] | None

    def allows(self, county: str, road_class: str) -> bool:
        return (self.counties is None or county in self.counties) and (
            self.road_classes is None or road_class in self.road_classes
        )


@dataclass(frozen=True, slots=True)
class Principal:
    """The verified caller: a person or machine (`subject`), the client that it uses (`actor`), its
    agency, scopes and bounds.

    `cameras` are those whose device a machine is; None is every one.
    """

    subject: str
    actor: str
    agency: str
    scopes: frozenset[str]
    bounds: Bounds
    purpose: str | None
    grant_id: str | None
    cameras: frozenset[str] | None = frozenset()

    @property
    def is_person(self) -> bool:
        """Whether a person acts, through whatever client; else a machine by itself."""
        return self.subject.startswith(PERSON_PREFIX)

    def is_device_of(self, camera_id: str) -> bool:
        """Whether it is a machine that was registered as this camera's device."""
        return not self.is_person and (self.cameras is None or camera_id in self.cameras)

    @property
    def counties(self) -> frozenset[str] | None:
        return self.bounds.counties

    @property
    def road_classes(self) -> frozenset[str] | None:
        return self.bounds.road_classes
