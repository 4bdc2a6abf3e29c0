"""The verified caller of a request, and the bounds of what it may read."""

from dataclasses import dataclass


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
    agency, scopes and bounds."""

    subject: str
    actor: str
    agency: str
    scopes: frozenset[str]
    bounds: Bounds
    purpose: str | None
    grant_id: str | None

    @property
    def counties(self) -> frozenset[str] | None:
        return self.bounds.counties

    @property
    def road_classes(self) -> frozenset[str] | None:
        return self.bounds.road_classes
