"""Which rules each vehicle broke, computed from where it drove and what the signal showed.

The plan of a film says why a vehicle is there; whether it broke a rule follows from its way alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payesh.local.junction import layout
from payesh.local.junction.actors import Actor
from payesh.local.junction.layout import Rectangle
from payesh.local.junction.signal import GRACE_S, red_for_s, red_left_s
from payesh.local.street.geometry import Floats
from payesh.local.street.traffic import KMH_PER_MS, VehicleClass

Mask = NDArray[np.bool_]

_RATE_HZ = 20
_STANDS_S = 2.0
_STANDS_BEYOND_M = 0.3
_WRONG_WAY_M, _LANE_M, _BRANCH_M = 15.0, 15.0, 6.0
"""Along a lane, along the bus lane, into the branch: from here on it is an offence."""
_LONGEST_STAY_S = 300.0
_STANDING_MS = 0.05


@dataclass(frozen=True, slots=True)
class Offence:
    """A rule broken, between two moments in seconds since the first frame. A `marginal` one is too
    slight for a measurement to be sure of it."""

    rule: str
    from_s: float
    to_s: float
    marginal: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    """A vehicle's way in steps of a twentieth of a second."""

    actor: Actor
    times: Floats
    fronts: Floats
    headings: Floats
    speeds: Floats

    @property
    def middles(self) -> Floats:
        return self.fronts - self.headings * self.actor.vehicle.body.length_m / 2

    def during(self, mask: Mask) -> tuple[float, float, float] | None:
        """First and last moment and metres of the longest stretch for which a mask holds."""
        best = None
        edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
        for first, end in zip(edges[::2], edges[1::2], strict=True):
            way = float(np.hypot(*(self.fronts[end - 1] - self.fronts[first])))
            stretch = float(self.times[first]), float(self.times[end - 1]), way
            if best is None or stretch[1] - stretch[0] > best[1] - best[0]:
                best = stretch
        return best


def offences_of(actor: Actor, duration_s: float) -> tuple[Offence, ...]:
    """What a vehicle broke while the film lasts, each rule at most once."""
    first_s, last_s = max(actor.begins_s, 0.0), min(actor.ends_s, duration_s)
    if last_s <= first_s:
        return ()
    times = np.arange(first_s, last_s, 1 / _RATE_HZ)
    if not len(times):
        return ()
    way = _Way(actor, times, *actor.placed(times))
    found = (
        *_at_red(way), _wrong_way(way), _no_entry(way), _special_lane(way), _forbidden_turn(way),
        _forbidden_stopping(way), _speeding(way),
    )  # fmt: skip
    return tuple(each for each in found if each is not None)


def _inside(points: Floats, rectangle: Rectangle) -> Mask:
    left, near, right, far = rectangle
    x, y = points.T
    return np.asarray((x >= left) & (x <= right) & (y >= near) & (y <= far))


def _at_red(way: _Way) -> tuple[Offence, ...]:
    """Crossing the stop line after red and its grace: going on is one rule, standing another. A
    right turn at red is permitted here."""
    x, y = way.fronts.T
    north = (way.headings[:, 1] > 0.7) & (x > 0)
    crossed = np.flatnonzero(
        (y[:-1] < layout.STOP_LINE_M) & (y[1:] >= layout.STOP_LINE_M) & north[1:]
    )
    if not len(crossed):
        return ()
    index = int(crossed[0])
    red_s = red_for_s(float(way.times[index]))
    if red_s is None or red_s <= GRACE_S:
        return ()
    at_s = float(way.times[index])
    beyond = (way.times >= at_s) & (way.times < at_s + red_left_s(at_s))
    stands = way.during(
        beyond & (way.speeds < _STANDING_MS) & (y > layout.STOP_LINE_M + _STANDS_BEYOND_M)
        & (y < layout.CROSS_STREET_M[0])
    )  # fmt: skip
    if stands is not None and stands[1] - stands[0] > _STANDS_S:
        return (Offence("stop_line", at_s, stands[1]),)
    turns_right = bool((way.headings[:, 0] > 0.7).any())
    goes_on = way.during(beyond & (y > layout.CROSS_STREET_M[0]))
    if goes_on is None or turns_right:
        return ()
    return (Offence("red_light", at_s, goes_on[1]),)


def _wrong_way(way: _Way) -> Offence | None:
    half, (_, near, _, far) = layout.LANE_M / 2, layout.BUS_LANE_M
    found = None
    for middle in (layout.TOWARDS_1, layout.TOWARDS_2, layout.BUS_LANE):
        inside = _inside(way.fronts, (middle - half, near, middle + half, far))
        against = inside & (way.headings[:, 1] > 0.7) & (way.speeds > 10.0 / KMH_PER_MS)
        stretch = way.during(against)
        if stretch is not None and stretch[2] > _WRONG_WAY_M:
            found = Offence("wrong_way", stretch[0], stretch[1])
    return found


def _no_entry(way: _Way) -> Offence | None:
    inside = _inside(way.fronts, layout.NO_ENTRY_M)
    stretch = way.during(inside & (way.headings[:, 0] > 0.5))
    if stretch is None or inside[0] or stretch[2] < _BRANCH_M:
        return None
    return Offence("no_entry", stretch[0], stretch[1])


def _special_lane(way: _Way) -> Offence | None:
    if way.actor.vehicle.vehicle_class is VehicleClass.BUS:
        return None
    left, near, right, far = layout.BUS_LANE_M
    half_m = way.actor.vehicle.body.width_m / 2
    stretch = way.during(_inside(way.middles, (left + half_m, near, right - half_m, far)))
    if stretch is None or stretch[2] < _LANE_M:
        return None
    return Offence("special_lane", stretch[0], stretch[1])


def _forbidden_turn(way: _Way) -> Offence | None:
    x, y = way.fronts.T
    south_m, west_m = layout.GATES[0].from_m[1], layout.GATES[1].from_m[0]
    entered = np.flatnonzero((y[:-1] < south_m) & (y[1:] >= south_m) & (x[1:] > 0))
    left = np.flatnonzero((x[:-1] > west_m) & (x[1:] <= west_m))
    if not len(entered) or not len(left):
        return None
    return Offence("forbidden_turn", float(way.times[entered[0]]), float(way.times[left[0]]))


def _forbidden_stopping(way: _Way) -> Offence | None:
    stands = (way.speeds < _STANDING_MS) & _inside(way.middles, layout.NO_STOPPING_M)
    stretch = way.during(stands)
    if stretch is None or stretch[1] - stretch[0] <= _LONGEST_STAY_S:
        return None
    return Offence("forbidden_stopping", stretch[0] + _LONGEST_STAY_S, stretch[1])


def _speeding(way: _Way) -> Offence | None:
    """In the zone's direction, by the mean over the zone."""
    y = way.fronts[:, 1]
    inside = (y <= layout.ZONE_ENTRY_M) & (y >= layout.ZONE_EXIT_M) & (way.headings[:, 1] < -0.7)
    stretch = way.during(inside)
    if stretch is None or stretch[1] - stretch[0] < 0.2 or abs(stretch[2]) < 20.0:
        return None
    kmh = KMH_PER_MS * stretch[2] / (stretch[1] - stretch[0])
    if kmh <= layout.SPEED_LIMIT_KMH:
        return None
    return Offence("speeding", *stretch[:2], marginal=kmh < layout.SPEED_LIMIT_KMH + 5.0)
