"""Vehicles on their ways through the junction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from payesh.local.junction.motion import Drive, Path
from payesh.local.street.geometry import Floats
from payesh.local.street.traffic import (
    SpeedBand,
    Vehicle,
    VehicleClass,
    draw_colour,
    draw_plate_text,
)


@dataclass(frozen=True, slots=True)
class Actor:
    """A vehicle, its way and its drive; `role` is why it is there. It exists between two times."""

    vehicle: Vehicle
    path: Path
    drive: Drive
    role: str
    begins_s: float
    ends_s: float

    def exists_at(self, time_s: float) -> bool:
        return self.begins_s <= time_s <= self.ends_s

    def placed(self, times_s: Floats | float) -> tuple[Floats, Floats, Floats]:
        """Feet of the front's middle (n, 2), headings as unit vectors (n, 2), speeds (n,) in m/s.
        The rear follows the front's way."""
        s, speeds = self.drive.at(times_s)
        fronts = self.path.at(s)
        ways = fronts - self.path.at(s - self.vehicle.body.length_m)
        return fronts, ways / np.hypot(*ways.T)[:, None], speeds


def heading_matrix(heading: Floats) -> Floats:
    """(2, 2) from the frame of a vehicle that drives towards the camera to one of this heading."""
    dx, dy = float(heading[0]), float(heading[1])
    return np.array([[-dy, -dx], [dx, -dy]])


class Fleet:
    """Makes vehicles, each with a plate of its own; the same seed makes the same ones."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._plates: set[str] = set()
        self._made = 0

    def make(self, vehicle_class: VehicleClass | None = None, speed_kmh: float = 0.0) -> Vehicle:
        """One of this class, or of a class that is usual on city streets."""
        rng = self._rng
        if vehicle_class is None:
            usual = (VehicleClass.CAR, VehicleClass.VAN, VehicleClass.MOTORCYCLE)
            vehicle_class = usual[int(rng.choice(3, p=(0.80, 0.08, 0.12)))]
        plate, kind = draw_plate_text(rng, vehicle_class, self._plates)
        self._made += 1
        return Vehicle(
            vehicle_id=f"j{self._made:03d}",
            vehicle_class=vehicle_class,
            colour=draw_colour(rng, vehicle_class, kind),
            lane=0,
            plate=plate,
            speed_kmh=round(speed_kmh, 2),
            band=SpeedBand.BELOW,
            exits_at_s=0.0,
            look=int(rng.integers(0, 1 << 30)),
        )
