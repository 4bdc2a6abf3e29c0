"""A vehicle's track as a violation carries it: boxes and ground positions of an evidence window."""

from collections.abc import Sequence
from typing import TypeVar

from payesh.contracts.detect import BoxAt, GroundPosition, VehicleTrack
from payesh.contracts.values import Box
from payesh.detect.domain.trajectory import Trajectory

MOST_POINTS = 256
"""Of boxes and of positions: the contract's bound."""

_Point = TypeVar("_Point")


def track_of(trajectory: Trajectory, from_s: float, to_s: float) -> VehicleTrack:
    """The vehicle from one moment of the stream's timeline to another, both included.

    Boxes are rounded to 0.1 px and cut at the left and the top of the frame, positions to 1 mm.
    """
    boxes = evenly(
        [point for point in trajectory.picture if from_s <= point.time_s <= to_s], MOST_POINTS
    )
    ground = evenly(
        [point for point in trajectory.ground if from_s <= point.time_s <= to_s], MOST_POINTS
    )
    return VehicleTrack(
        boxes=tuple(
            BoxAt(frame_at=trajectory.moment(point.time_s).at, box=picture_box(point.box))
            for point in boxes
        ),
        ground=tuple(
            GroundPosition(
                frame_at=trajectory.moment(point.time_s).at,
                x_m=round(point.x_m, 3),
                y_m=round(point.y_m, 3),
            )
            for point in ground
        ),
    )


def evenly(points: Sequence[_Point], most: int) -> Sequence[_Point]:
    """At most `most` (two or more) of the points, evenly chosen, the first and the last included.

    >>> evenly([0, 1, 2, 3, 4, 5, 6], 3)
    [0, 3, 6]
    """
    if len(points) <= most:
        return points
    return [points[round(number * (len(points) - 1) / (most - 1))] for number in range(most)]


def picture_box(box: tuple[float, float, float, float]) -> Box:
    """As it is published: rounded to 0.1 px, and cut at the left and the top of the frame."""
    left, top = max(box[0], 0.0), max(box[1], 0.0)
    return Box(
        x_px=round(left, 1),
        y_px=round(top, 1),
        width_px=round(max(box[2] - left, 0.0), 1),
        height_px=round(max(box[3] - top, 0.0), 1),
    )
