"""Who drives the kilometre: each vehicle's crossings of both lines, and why it is there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from payesh.local.street.geometry import Road
from payesh.local.street.traffic import (
    KMH_PER_MS,
    SpeedBand,
    Vehicle,
    VehicleClass,
    draw_colour,
    draw_plate_text,
)

LIMIT_KMH = 60.0
WAY_M = 1000.0
WAY_U95_M = 1.5
LINE_M = 30.0
"""Where both lines lie in the road frame of their camera."""
MARGINAL_KMH = 1.5
"""An average within this of the limit is too slight to be measured surely."""
EXIT_FILM_AFTER_S = 40.0
ENTRY_FILM_S, EXIT_FILM_S = 30.0, 50.0


@dataclass(frozen=True, slots=True)
class Drive:
    """One vehicle; moments are seconds since the entry film's first frame, None at a line that it
    does not cross. Speeds are those at the cameras."""

    vehicle_id: str
    role: str
    vehicle_class: VehicleClass
    colour: str
    lane: int
    plate: str
    look: int
    entered_s: float | None
    left_s: float | None
    entry_kmh: float
    exit_kmh: float

    @property
    def average_kmh(self) -> float | None:
        """None of a vehicle that did not drive the whole way."""
        if self.entered_s is None or self.left_s is None:
            return None
        return KMH_PER_MS * WAY_M / (self.left_s - self.entered_s)

    @property
    def broke(self) -> bool:
        return self.average_kmh is not None and self.average_kmh > LIMIT_KMH

    @property
    def marginal(self) -> bool:
        average_kmh = self.average_kmh
        return average_kmh is not None and abs(average_kmh - LIMIT_KMH) <= MARGINAL_KMH

    def at_entry(self, road: Road) -> Vehicle | None:
        """The vehicle as the entry's film shows it."""
        return self._shown(self.entered_s, self.entry_kmh, road)

    def at_exit(self, road: Road) -> Vehicle | None:
        """The vehicle as the exit's film shows it."""
        left_s = None if self.left_s is None else self.left_s - EXIT_FILM_AFTER_S
        return self._shown(left_s, self.exit_kmh, road)

    def _shown(self, crossed_s: float | None, speed_kmh: float, road: Road) -> Vehicle | None:
        if crossed_s is None:
            return None
        beyond_s = (LINE_M - road.exit_line_m) / (speed_kmh / KMH_PER_MS)
        return Vehicle(
            vehicle_id=self.vehicle_id,
            vehicle_class=self.vehicle_class,
            colour=self.colour,
            lane=self.lane,
            plate=self.plate,
            speed_kmh=speed_kmh,
            band=SpeedBand.BELOW,
            exits_at_s=crossed_s + beyond_s,
            look=self.look,
        )


_ROLES: tuple[tuple[str, float | None, float | None, float, float, int], ...] = (
    # role, entered_s, took_s (of one that enters nowhere: left_s), km/h at both cameras, lane
    ("brakes at both cameras", 6.0, 40.0, 55.0, 52.0, 2),
    ("fast all the way", 8.0, 46.0, 78.0, 78.0, 3),
    ("keeps to the limit", 10.0, 64.0, 56.0, 56.0, 1),
    ("stops for petrol", 12.0, 72.5, 58.0, 57.0, 2),
    ("a little too fast", 14.0, 59.5, 58.0, 58.0, 3),
    ("turns off", 16.0, None, 50.0, 50.0, 1),
    ("owner of a cloned plate", 17.5, 62.0, 56.0, 55.0, 3),
    ("brakes at both cameras", 20.0, 37.5, 57.0, 56.0, 2),
    ("carries a cloned plate", 22.0, 60.5, 58.0, 57.0, 1),
    ("brakes at both cameras", 24.0, 44.0, 54.0, 54.0, 2),
    ("joins on the way", None, 63.0, 52.0, 52.0, 3),
)
"""The owner enters before the clone and leaves before it: the clone's entry and the owner's exit
make 65 km/h, which nobody drove."""


def drives(seed: int) -> tuple[Drive, ...]:
    """The vehicles of a seed: plates, paint and looks differ, and times by half a second."""
    rng = np.random.default_rng([seed, 1000])
    taken: set[str] = set()
    found: list[Drive] = []
    for number, (role, entered_s, took_s, entry_kmh, exit_kmh, lane) in enumerate(_ROLES, 1):
        plate, kind = draw_plate_text(rng, VehicleClass.CAR, taken)
        colour = draw_colour(rng, VehicleClass.CAR, kind)
        if entered_s is not None:
            entered_s += float(rng.uniform(-0.2, 0.2))
        left_s = None
        if took_s is not None:
            left_s = (entered_s or 0.0) + took_s + float(rng.uniform(-0.2, 0.2))
        found.append(
            Drive(
                vehicle_id=f"k{number:02d}",
                role=role,
                vehicle_class=VehicleClass.CAR,
                colour=colour,
                lane=lane,
                plate=plate,
                look=int(rng.integers(0, 1 << 30)),
                entered_s=entered_s,
                left_s=left_s,
                entry_kmh=entry_kmh,
                exit_kmh=exit_kmh,
            )
        )
    owner = next(each for each in found if each.role == "owner of a cloned plate")
    return tuple(
        replace(each, plate=owner.plate) if each.role == "carries a cloned plate" else each
        for each in found
    )
