"""A vehicle driven through a scene, sighting by sighting, under one rule."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from payesh.detect.domain.moment import Moment
from payesh.detect.domain.rules.finding import Finding
from payesh.detect.domain.rules.rule import RuleKind
from payesh.detect.domain.scene import Scene
from payesh.detect.domain.trajectory import Box, Sighting, Trajectory
from tests.unit.detect.segment_cutter import STARTED_AT

RATE_HZ = 10


class Seen(NamedTuple):
    """One sighting to be."""

    time_s: float
    box: Box
    alone: bool = True
    whole: bool = True


@dataclass(frozen=True)
class Way:
    """From one foot point to another between two moments, in a box of a given size."""

    from_px: tuple[float, float]
    to_px: tuple[float, float]
    since_s: float
    until_s: float
    width_px: float = 40.0
    height_px: float = 40.0

    def seen(self) -> list[Seen]:
        first, last = round(self.since_s * RATE_HZ), round(self.until_s * RATE_HZ)
        seen = []
        for number in range(first, last):
            share = (number - first) / max(last - first, 1)
            x = self.from_px[0] + share * (self.to_px[0] - self.from_px[0])
            y = self.from_px[1] + share * (self.to_px[1] - self.from_px[1])
            box = box_at(x, y, self.width_px, self.height_px)
            seen.append(Seen(number / RATE_HZ, box))
        return seen


def box_at(x: float, y: float, width_px: float = 40.0, height_px: float = 40.0) -> Box:
    """The box whose foot is at a point."""
    return x - width_px / 2, y - height_px, x + width_px / 2, y


def along(
    *points: tuple[float, float], speed_px_s: float = 60.0, size_px: float = 40.0
) -> list[Seen]:
    """At an even speed from point to point."""
    seen: list[Seen] = []
    time_s = 0.0
    for start, end in itertools.pairwise(points):
        length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
        until_s = time_s + round(length / speed_px_s, 1)
        seen += Way(start, end, time_s, until_s, size_px, size_px).seen()
        time_s = until_s
    return seen


def followed(sightings: Iterable[Seen]) -> Trajectory:
    """The track of a vehicle that was seen so."""
    seen = list(sightings)
    moments = [Moment(each.time_s, STARTED_AT + timedelta(seconds=each.time_s)) for each in seen]
    trajectory = Trajectory.begin(moments[0], seen[0].box, unsure=False)
    for moment, each in zip(moments, seen, strict=True):
        trajectory.see(Sighting(moment, each.box, whole=each.whole, alone=each.alone))
    return trajectory


def drive(
    kind: RuleKind,
    scenes: Scene | Sequence[Scene],
    sightings: Iterable[Seen],
    *,
    vehicle_class: str = "car",
    unsure: bool = False,
    began_at: datetime = STARTED_AT,
    restart_after: int | None = None,
) -> Finding | None:
    """What the rule finds. With `restart_after`, rule and trajectory are written down after so many
    sightings and read again. A scene for each sighting shows signals that change."""
    rule, trajectory = kind.factory(), None
    scene = scenes if isinstance(scenes, Scene) else None
    moment = None
    for number, seen in enumerate(sightings):
        moment = Moment(seen.time_s, began_at + timedelta(seconds=seen.time_s))
        now = scenes if isinstance(scenes, Scene) else scenes[number]
        trajectory = trajectory or Trajectory.begin(moment, seen.box, unsure=unsure)
        trajectory.vehicle_class = vehicle_class
        trajectory.see(Sighting(moment, seen.box, whole=seen.whole, alone=seen.alone))
        found = rule.observe(trajectory, now, moment)
        if found is not None:
            return found
        if number + 1 == restart_after:
            rule = kind.factory.from_state(rule.to_state())
            trajectory = Trajectory.from_state(*trajectory.to_state())
        scene = now
    if trajectory is None or scene is None or moment is None:
        return None
    trajectory.is_over = True
    return rule.observe(trajectory, scene, moment)
