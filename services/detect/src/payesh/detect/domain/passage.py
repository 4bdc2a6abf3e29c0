"""One vehicle on its way past the camera, from the first frame to the line where it leaves."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from payesh.detect.domain.detections import UNKNOWN, VEHICLE_CLASSES
from payesh.detect.domain.shots import Gallery
from payesh.detect.domain.speed import SpeedEstimate, SpeedLimits, estimate_speed
from payesh.detect.domain.zone import Zone

TIME_LIMIT_S = 30.0
MINIMUM_SIGHTINGS = 5
_MOVED_BOXES = 0.5
_SEEN_OF_ZONE = 0.25
"""A vehicle lost on its way counts if it was followed over this share of the zone."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One detection of a followed vehicle, `time_s` on the stream's timeline and `seen_at` by the
    source's clock. `x_m`, `y_m` are where its lower edge meets the road, None without calibration;
    `sigma_m` is the scatter to expect of `y_m`. `whole` is False when the image's border cuts the
    box: then its lower edge says nothing."""

    time_s: float
    seen_at: datetime
    box: Box
    score: float
    class_id: int
    whole: bool
    x_m: float | None = None
    y_m: float | None = None
    sigma_m: float = 0.1


@dataclass(slots=True)
class OpenPassage:
    """What is known of a vehicle that is still followed."""

    track: int
    passage_id: str
    first_sequence: int
    first_time_s: float
    last_time_s: float
    first_seen_at: datetime
    last_seen_at: datetime
    first_box: Box
    last_box: Box
    unsure: bool
    """It may be somebody who was told before, if it is first seen inside the zone."""
    sightings: int = 0
    best_score: float = 0.0
    moved: float = 0.0
    """Greatest way from the first box, in box sizes."""
    votes: dict[int, float] = field(default_factory=dict)
    ground: list[tuple[float, float, float, float]] = field(default_factory=list)
    """(time_s, x_m, y_m, sigma_m) of whole sightings."""
    gallery: Gallery[Any] = field(default_factory=Gallery)
    published: bool = False
    clock_verified: bool = True
    clock_u95_ms: float = 0.0
    """Of the segments that show it, the worst; 95 %."""

    def timed_by(self, *, verified: bool, u95_ms: float) -> None:
        """It is seen in a segment whose times rest on such a clock."""
        self.clock_verified = self.clock_verified and verified
        self.clock_u95_ms = max(self.clock_u95_ms, u95_ms)

    def see(self, sighting: Sighting) -> None:
        self.last_time_s = sighting.time_s
        self.last_seen_at = sighting.seen_at
        self.last_box = sighting.box
        self.sightings += 1
        self.best_score = max(self.best_score, sighting.score)
        self.votes[sighting.class_id] = self.votes.get(sighting.class_id, 0.0) + sighting.score
        self.moved = max(self.moved, _way_in_boxes(self.first_box, sighting.box))
        if sighting.whole and sighting.x_m is not None and sighting.y_m is not None:
            self.ground.append((sighting.time_s, sighting.x_m, sighting.y_m, sighting.sigma_m))

    def moment(self, time_s: float) -> datetime:
        """By the source's clock, told by the segment that shows the vehicle last."""
        return self.last_seen_at - timedelta(seconds=round(self.last_time_s - time_s, 6))

    @property
    def has_moved(self) -> bool:
        return self.moved >= _MOVED_BOXES

    @property
    def vehicle_class(self) -> str:
        """The class most sightings voted for; a known one before `unknown`."""
        known = {c: v for c, v in self.votes.items() if c != UNKNOWN}
        if not known:
            return VEHICLE_CLASSES[UNKNOWN]
        return VEHICLE_CLASSES[max(sorted(known), key=lambda c: known[c])]

    def crossed_at_s(self, zone: Zone) -> float | None:
        """When the vehicle crossed the exit line, between its last two positions."""
        if len(self.ground) < MINIMUM_SIGHTINGS:
            return None
        (t0, _, y0, _), (t1, _, y1, _) = self.ground[-2:]
        before, after = zone.progress(y0), zone.progress(y1)
        if after < 1.0 or zone.progress(self.ground[0][2]) >= 1.0:
            return None
        if before >= 1.0 or after <= before:
            return t1
        return t0 + (t1 - t0) * (1.0 - before) / (after - before)

    def worth_telling(self, zone: Zone | None) -> bool:
        """Whether a vehicle that was lost is a passage, and not a flicker or a far shadow."""
        if self.sightings < MINIMUM_SIGHTINGS or not self.has_moved:
            return False
        if zone is None or not self.ground:
            return zone is None
        progress = [zone.progress(y) for _, _, y, _ in self.ground]
        inside = [p for p in progress if 0.0 <= p <= 1.0]
        if not inside or max(inside) - min(inside) < _SEEN_OF_ZONE:
            return False
        return progress[-1] > progress[0] and self.lane(zone) is not None

    def lane(self, zone: Zone) -> str | None:
        xs = [x for _, x, y, _ in self.ground if -0.1 <= zone.progress(y) <= 1.1]
        return zone.lane_at(float(np.median(xs))) if xs else None

    def speed(self, zone: Zone, limits: SpeedLimits) -> SpeedEstimate | None:
        """Speed over the measured zone; None when too little of it was seen, or when it may be a
        second one of the same vehicle."""
        if self.unsure and self.ground and zone.progress(self.ground[0][2]) > 0.0:
            return None
        direction = 1.0 if zone.exit_y_m > zone.entry_y_m else -1.0
        rows = [g for g in self.ground if -0.02 <= zone.progress(g[2]) <= 1.05]
        if not rows:
            return None
        table: NDArray[np.float64] = np.array(rows)
        estimate = estimate_speed(table[:, 0], direction * table[:, 2], table[:, 3], limits)
        if estimate is None or estimate.travelled_m < 0.4 * zone.length_m:
            return None
        return estimate


def _way_in_boxes(first: Box, last: Box) -> float:
    dx = (last[0] + last[2] - first[0] - first[2]) / 2
    dy = (last[1] + last[3] - first[1] - first[3]) / 2
    sizes = [((b[2] - b[0]) * (b[3] - b[1])) ** 0.5 for b in (first, last)]
    return float(np.hypot(dx, dy) / max(min(sizes), 1.0))
