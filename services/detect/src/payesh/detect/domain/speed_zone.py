"""The measured stretch of road: where vehicles enter, where they leave, and its lanes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaneStrip:
    """A lane between two ground x positions in metres."""

    name: str
    from_x_m: float
    to_x_m: float

    def holds(self, x_m: float) -> bool:
        return min(self.from_x_m, self.to_x_m) <= x_m < max(self.from_x_m, self.to_x_m)


@dataclass(frozen=True, slots=True)
class SpeedZone:
    """The stretch from `entry_y_m` to `exit_y_m`, the direction in which speeds are measured;
    either may be the greater."""

    entry_y_m: float
    exit_y_m: float
    lanes: tuple[LaneStrip, ...]

    @property
    def length_m(self) -> float:
        return abs(self.exit_y_m - self.entry_y_m)

    def progress(self, y_m: float) -> float:
        """0 at the entry line, 1 at the exit line; beyond them below 0 and above 1.

        >>> SpeedZone(40.0, 20.0, ()).progress(25.0)
        0.75
        """
        return (y_m - self.entry_y_m) / (self.exit_y_m - self.entry_y_m)

    def lane_at(self, x_m: float) -> str | None:
        """The lane's name, or None beside the lanes."""
        return next((lane.name for lane in self.lanes if lane.holds(x_m)), None)
