"""When a vehicle surely crossed a line of a measurement, and within which bounds of time.

What an average speed rests on, so each doubt favours the driver: a crossing that is not sure in
every respect is none.
"""

from dataclasses import dataclass
from itertools import pairwise

from payesh.detect.domain.marks import Line
from payesh.detect.domain.rules.certainty import changes_size, foot_u95_px, strays
from payesh.detect.domain.trajectory import PicturePoint, Trajectory

MEASUREMENT = "measurement"
LONGEST_BRACKET_S = 1.0
"""Between the last sighting surely before the line and the first surely beyond it."""
_ALONG = 0.5
"""Share of a step that leads up or down the picture: less of it drives across the line of sight,
and its lower edge is neither front nor rear."""
FRAME_TIME_U95_S = 0.002
SAME_WIDTH = 1.25
"""From one sighting to the next, the wider to the narrower: an upper edge flickers by whole
windscreens, sides by less than a mirror."""


@dataclass(frozen=True, slots=True)
class MeasuredCrossing:
    """The vehicle's foot crossed the line from its left to its right, surely within `u95_s` of
    `time_s`. Its front did where it was `approaching` the camera, else its rear."""

    line: str
    time_s: float
    u95_s: float
    approaching: bool


def measured_crossing(trajectory: Trajectory, line: Line, row_px: float) -> MeasuredCrossing | None:
    """None where the vehicle did not cross in the line's direction, did so more than once, may be
    two vehicles, or was cut or overlapped by others at the line."""
    if trajectory.began_unsure or has_jumped_ever(trajectory):
        return None
    whole = [point for point in trajectory.picture if point.whole]
    crossed = trajectory.crossings(line)
    if len(crossed) != 1 or not crossed[0].positive:
        return None
    time_s = crossed[0].time_s
    # Of the tallest box near the line: one that flickers is short now and then, its edge no surer.
    near = [point for point in whole if abs(point.time_s - time_s) <= LONGEST_BRACKET_S]
    u95_px = max(foot_u95_px(point, row_px) for point in near)
    beyond_px = [(point, line.beyond_px(point.foot_px)) for point in whole]
    before = max((p for p, px in beyond_px if px <= -u95_px), default=None, key=_time_s)
    beyond = min((p for p, px in beyond_px if px >= u95_px), default=None, key=_time_s)
    if before is None or beyond is None or not before.time_s < time_s < beyond.time_s:
        return None
    between = [p for p in trajectory.picture if before.time_s <= p.time_s <= beyond.time_s]
    if beyond.time_s - before.time_s > LONGEST_BRACKET_S:
        return None
    if not all(point.whole and point.alone for point in between):
        return None
    across_px, down_px = (b - a for a, b in zip(before.foot_px, beyond.foot_px, strict=True))
    if abs(down_px) < _ALONG * abs(across_px):
        return None
    u95_s = max(time_s - before.time_s, beyond.time_s - time_s) + FRAME_TIME_U95_S
    u95_s += trajectory.time_scale_u95 * (beyond.time_s - before.time_s)
    return MeasuredCrossing(line.name, time_s, u95_s, approaching=down_px > 0.0)


def has_jumped_ever(trajectory: Trajectory) -> bool:
    """Whether any sighting does not follow from those before it: the pictures that were taken may
    then show another vehicle. A box whose upper edge alone flickers is no other vehicle's."""
    return any(
        strays(trajectory, number)
        or (changes_size(before, latest) and _changes_width(before, latest))
        for number, (before, latest) in enumerate(pairwise(trajectory.picture), 2)
    )


def _changes_width(before: PicturePoint, latest: PicturePoint) -> bool:
    widths_px = [max(point.box[2] - point.box[0], 1.0) for point in (before, latest)]
    return max(widths_px) > SAME_WIDTH * min(widths_px)


def _time_s(point: PicturePoint) -> float:
    return point.time_s
