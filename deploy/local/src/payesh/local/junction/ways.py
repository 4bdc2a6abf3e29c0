"""The ways through the junction that vehicles take."""

from __future__ import annotations

from payesh.local.junction.layout import (
    AWAY_1,
    AWAY_2,
    BRANCH_MIDDLE_M,
    BUS_LANE,
    EASTWARDS_M,
    KERB,
    TOWARDS_1,
    TOWARDS_2,
    WESTWARDS_M,
)
from payesh.local.junction.motion import Path

_NEAR_M, _FAR_M, _SIDE_M = -15.0, 125.0, 48.0
AHEAD = {lane: Path(((x, _NEAR_M), (x, _FAR_M))) for lane, x in (("1", AWAY_1), ("2", AWAY_2))}
LEFT = Path(((AWAY_1, _NEAR_M), (AWAY_1, WESTWARDS_M), (-_SIDE_M, WESTWARDS_M)), 8.0)
RIGHT = Path(((AWAY_2, _NEAR_M), (AWAY_2, EASTWARDS_M), (_SIDE_M, EASTWARDS_M)), 5.5)
INTO_BRANCH = Path(((AWAY_2, _NEAR_M), (AWAY_2, BRANCH_MIDDLE_M), (_SIDE_M, BRANCH_MIDDLE_M)), 6.0)
OUT_OF_BRANCH = Path(((_SIDE_M, BRANCH_MIDDLE_M), (AWAY_2, BRANCH_MIDDLE_M), (AWAY_2, _FAR_M)), 6.0)
TOWARDS = {
    lane: Path(((x, _FAR_M), (x, _NEAR_M)))
    for lane, x in (("1", TOWARDS_1), ("2", TOWARDS_2), ("bus", BUS_LANE))
}
ON_THE_EDGE = Path(
    ((TOWARDS_2, _FAR_M), (TOWARDS_2, 41.0), (TOWARDS_2 - 1.4, 34.0), (TOWARDS_2 - 1.4, 24.0),
     (TOWARDS_2, 17.0), (TOWARDS_2, _NEAR_M)), 3.0,
)  # fmt: skip
"""Out to the edge of the bus lane and back, as round an obstacle."""
ACROSS_BUS_LANE = Path(
    ((TOWARDS_2, _FAR_M), (TOWARDS_2, 33.0), (BUS_LANE - 4.5, 22.0), (BUS_LANE - 4.5, _NEAR_M)), 3.0
)
"""Through the bus lane to the kerbside parking."""
AGAINST_TRAFFIC = Path(((TOWARDS_2, _NEAR_M), (TOWARDS_2, WESTWARDS_M), (-_SIDE_M, WESTWARDS_M)), 6)
EASTWARDS = Path(((-_SIDE_M, EASTWARDS_M), (_SIDE_M, EASTWARDS_M)))
WESTWARDS = Path(((_SIDE_M, WESTWARDS_M), (-_SIDE_M, WESTWARDS_M)))
FIRST_BAY = Path(
    ((AWAY_2, -25.0), (AWAY_2, -2.0), (KERB, 8.0), (KERB, 20.5), (AWAY_2, 28.0), (AWAY_2, _FAR_M)),
    3.0,
)
SECOND_BAY = Path(
    ((AWAY_2, -25.0), (AWAY_2, 14.0), (KERB, 23.0), (KERB, 30.0), (AWAY_2, 41.0), (AWAY_2, _FAR_M)),
    3.0,
)
SECOND_BAY_CLEAR = Path(
    ((AWAY_2, -25.0), (AWAY_2, 19.5), (KERB, 27.0), (KERB, 30.0), (AWAY_2, 41.0), (AWAY_2, _FAR_M)),
    3.0,
)
"""Into the bays at the kerb, and out again: into the second one close by a vehicle that stands in
the first, or clear of it."""
