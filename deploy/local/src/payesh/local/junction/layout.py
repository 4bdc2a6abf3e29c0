"""Where things are at the junction, in metres on the road, and the camera that watches it.

The frame is the street's: x to the right as the camera looks, y away from it. The approach that the
signal governs leads away from the camera on the right; the other carriageway comes towards it on
the left. The cross street runs from left to right behind the stop line, and a branch that may not
be entered leaves to the right beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from payesh.local.street.geometry import PinholeCamera

Point = tuple[float, float]
Rectangle = tuple[float, float, float, float]
"""Left, near, right, far, in metres."""

CAMERA = PinholeCamera(
    width_px=1280, height_px=720, focal_px=1150.0, x_m=0.8, height_m=10.0, pitch_deg=20.0
)
SHARP_CAMERA = replace(CAMERA, width_px=2560, height_px=1440, focal_px=2300.0)
"""The same view in four times the pixels: a plate is 50 to 70 px wide where it is nearest, and can
be read."""
LANE_M = 3.4
AWAY_1, AWAY_2, KERB = 1.9, 5.3, 9.0
TOWARDS_1, TOWARDS_2, BUS_LANE = -1.9, -5.3, -9.0
"""Middles of the lanes."""
HALF_ROAD_M = 10.9
STOP_LINE_M = 30.0
CROSSWALK_M = (31.4, 34.6)
CROSS_STREET_M = (39.5, 50.5)
EASTWARDS_M, WESTWARDS_M = 42.2, 47.8
"""Middles of the cross street's lanes; traffic drives on the right."""
BRANCH_M = (58.5, 65.5)
BRANCH_MIDDLE_M = 62.0
BAYS_M = (19.6, 29.2)
"""Where the fronts of vehicles stand that stop at the kerb before the junction."""
KERBSIDE_PARKING_M: Rectangle = (-15.2, 17.0, -11.8, 36.0)

BUS_LANE_M: Rectangle = (BUS_LANE - 1.7, 13.5, BUS_LANE + 1.7, 39.2)
NO_STOPPING_M: Rectangle = (KERB - 1.9, 13.2, KERB + 1.9, 29.9)
NO_ENTRY_M: Rectangle = (HALF_ROAD_M + 0.2, 57.0, 42.0, 67.0)
TURN_ON_RED_M: tuple[Point, ...] = (
    (6.8, 38.8), (8.2, 37.6), (24.0, 37.6), (24.0, 44.4), (9.6, 44.4),
)  # fmt: skip
"""Right of where a vehicle in the lane beside the kerb would drive straight on."""
ZONE_ENTRY_M, ZONE_EXIT_M = 40.0, 16.0
SPEED_LIMIT_KMH = 50.0
TOLD_FROM_M = 13.5
"""From here to the camera the picture's lower border cuts what stands on the road."""

CURB_CUT_M: Rectangle = (-15.4, 15.0, -11.0, 38.0)


@dataclass(frozen=True, slots=True)
class Gate:
    """A line across a way through the junction, from one point to another."""

    name: str
    from_m: Point
    to_m: Point


GATES = (
    Gate("south", (-0.2, 36.6), (HALF_ROAD_M, 36.6)),
    Gate("west", (-12.4, 51.0), (-12.4, 39.0)),
    Gate("east", (12.4, 39.0), (12.4, 51.0)),
    Gate("north", (-0.2, 52.6), (HALF_ROAD_M, 52.6)),
)
MOVEMENTS = (
    ("south", "west", False), ("south", "east", True), ("south", "north", True),
    ("east", "west", True), ("west", "east", True),
)  # fmt: skip
"""Entry, exit, allowed."""


@dataclass(frozen=True, slots=True)
class Head:
    """A signal head: the foot of its pole, and the height of its middle lamp."""

    name: str
    foot_m: Point
    middle_m: float


HEADS = (Head("right", (11.7, 30.6), 3.5), Head("median", (0.05, 30.6), 3.7))
LAMP_RADIUS_M, LAMP_PITCH_M = 0.16, 0.40
HEAD_WIDTH_M, HEAD_HEIGHT_M = 0.46, 1.28
LAMP_STATES = ("red", "amber", "green")
"""From the top down."""


def pixel(x_m: float, y_m: float, z_m: float = 0.0, *, camera: PinholeCamera = CAMERA) -> Point:
    """Where the camera sees a point."""
    u, v = camera.project(np.array([(x_m, y_m, z_m)]))[0]
    return float(u), float(v)


def corners(rectangle: Rectangle) -> tuple[Point, ...]:
    """Of a rectangle on the road, in metres, round about."""
    left, near, right, far = rectangle
    return (left, near), (left, far), (right, far), (right, near)


def lamp_centre_m(head: Head, state: str) -> tuple[float, float, float]:
    """Where a lamp's middle is."""
    x, y = head.foot_m
    return x, y, head.middle_m + (1 - LAMP_STATES.index(state)) * LAMP_PITCH_M
