"""When a vehicle surely crossed a line of a measurement, and within which bounds of time.

What an average speed rests on, so each doubt favours the driver: a crossing that is not sure in
every respect is none.
"""

from dataclasses import dataclass

from payesh.detect.domain.marks import Line
from payesh.detect.domain.rules.certainty import foot_u95_px, has_jumped
from payesh.detect.domain.trajectory import PicturePoint, Trajectory

MEASUREMENT = "measurement"
LONGEST_BRACKET_S = 1.0
"""Between the last sighting surely before the line and the first surely beyond it."""
_ALONG = 0.5
"""Share of a step that leads up or down the picture: less of it drives across the line of sight,
and its lower edge is neither front nor rear."""
FRAME_TIME_U95_S = 0.002


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
    before = max((p for p in whole if _is_before(line, p, row_px)), default=None, key=_time_s)
    beyond = min((p for p in whole if _is_beyond(line, p, row_px)), default=None, key=_time_s)
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
    then show another vehicle."""
    return any(has_jumped(trajectory, number) for number in range(2, len(trajectory.picture) + 1))


def _time_s(point: PicturePoint) -> float:
    return point.time_s


def _is_before(line: Line, point: PicturePoint, row_px: float) -> bool:
    return line.beyond_px(point.foot_px) <= -foot_u95_px(point, row_px)


def _is_beyond(line: Line, point: PicturePoint, row_px: float) -> bool:
    return line.beyond_px(point.foot_px) >= foot_u95_px(point, row_px)
