"""Traffic of the street: a deterministic plan of vehicles with lane, plate and speed.

Every vehicle keeps its speed and lane, at a distance that drivers keep.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from payesh.local.street.geometry import Road
from payesh.local.street.plate_art import PRIVATE_LETTERS

KMH_PER_MS = 3.6
PLATE_BEFORE_BUMPER_M = 0.015
_FAR_M = 100.0  # headways hold from here, beyond what the camera sees …
_NEAR_M = 8.0  # … to here, behind the image's lower edge
_CAMERA_HEIGHT_M = 6.5
_MINIMUM_GAP_M = 9.0
_LOCAL_REGIONS = ("86", "96")
_OTHER_REGIONS = (
    "10",
    "20",
    "30",
    "40",
    "11",
    "22",
    "33",
    "44",
    "55",
    "12",
    "13",
    "23",
    "36",
    "53",
)


class VehicleClass(StrEnum):
    """Kinds of vehicle on the street."""

    CAR = "car"
    VAN = "van"
    TRUCK = "truck"
    BUS = "bus"
    MOTORCYCLE = "motorcycle"
    """Not drawn at random: the street has none."""


class SpeedBand(StrEnum):
    """The true speed of a vehicle relative to the limit."""

    CLEAR = "clear"  # at least 15 km/h over
    MARGINAL = "marginal"  # within 5 km/h, either side
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Body:
    """Outer size of a vehicle, in metres.

    plate_height_m: of the plate's middle. front_clearance_m: of the front's lower edge; the
    lowest point that a camera sees of a front does not lie on the road.
    """

    length_m: float
    width_m: float
    height_m: float
    plate_height_m: float
    front_clearance_m: float


BODIES: dict[VehicleClass, Body] = {
    VehicleClass.CAR: Body(4.35, 1.74, 1.44, 0.46, 0.18),
    VehicleClass.VAN: Body(4.9, 1.86, 2.0, 0.50, 0.18),
    VehicleClass.TRUCK: Body(7.2, 2.2, 2.95, 0.46, 0.24),
    VehicleClass.BUS: Body(11.2, 2.42, 3.05, 0.52, 0.25),
    VehicleClass.MOTORCYCLE: Body(2.05, 0.76, 1.68, 0.62, 0.0),
}


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle on its way past the camera; its reference point is the front bumper's foot."""

    vehicle_id: str
    vehicle_class: VehicleClass
    colour: str
    lane: int
    plate: str
    speed_kmh: float
    band: SpeedBand
    exits_at_s: float
    look: int

    @property
    def body(self) -> Body:
        """Outer size."""
        return BODIES[self.vehicle_class]

    def front_m(self, time_s: float, road: Road) -> float:
        """y of the front bumper, `time_s` after the video's first frame."""
        return road.exit_line_m - self.speed_kmh / KMH_PER_MS * (time_s - self.exits_at_s)

    def time_at_s(self, y_m: float, road: Road) -> float:
        """When the front bumper passes `y_m`."""
        return self.exits_at_s - (y_m - road.exit_line_m) / (self.speed_kmh / KMH_PER_MS)


@dataclass(frozen=True, slots=True)
class TrafficPlan:
    """How much of which traffic, for how long."""

    vehicles: int = 68
    clearly_speeding: int = 14
    marginal: int = 14
    duration_s: float = 160.0
    empty_s: float = 4.5

    def __post_init__(self) -> None:
        if self.clearly_speeding + self.marginal > self.vehicles:
            raise ValueError("more speeding and marginal vehicles than vehicles")


SHORT_PLAN = TrafficPlan(vehicles=22, clearly_speeding=12, marginal=2, duration_s=50.0, empty_s=4.0)
"""A film for a quick look, and for tests."""


def generate_traffic(seed: int, plan: TrafficPlan, road: Road) -> tuple[Vehicle, ...]:
    """The vehicles of `plan`, ordered by the time they pass the exit line.

    The same seed, plan and road give the same traffic. Raises ValueError when so many
    vehicles do not fit into the duration.
    """
    rng = np.random.default_rng(seed)
    drafts = _draw_drafts(rng, plan, road)
    by_lane: dict[int, list[Vehicle]] = {lane: [] for lane in range(1, road.lanes + 1)}
    for draft in drafts:
        by_lane[draft.lane].append(draft)
    placed: list[Vehicle] = []
    for lane_drafts in by_lane.values():
        placed += _place_in_lane(rng, lane_drafts, plan, road)
    placed.sort(key=lambda vehicle: vehicle.exits_at_s)
    return tuple(
        replace(vehicle, vehicle_id=f"v{number:03d}") for number, vehicle in enumerate(placed, 1)
    )


def minimum_headway_s(leader: Vehicle, follower: Vehicle, road: Road) -> float:
    """Least time between both fronts at the exit line, so that the gap holds all along the road.

    With constant speeds the gap changes linearly, so its least value lies at one end. Behind
    a tall vehicle the gap grows by the length of road that it hides from the camera.
    """
    leader_ms = leader.speed_kmh / KMH_PER_MS
    follower_ms = follower.speed_kmh / KMH_PER_MS
    height_m = leader.body.height_m
    hidden_m = 0.8 * road.entry_line_m * height_m / (_CAMERA_HEIGHT_M - height_m)
    clearance_s = (leader.body.length_m + _MINIMUM_GAP_M + hidden_m) / leader_ms
    pace = 1 / follower_ms - 1 / leader_ms
    ends_m = (_FAR_M - road.exit_line_m, _NEAR_M - road.exit_line_m)
    return clearance_s + max(end_m * pace for end_m in ends_m)


def _draw_drafts(rng: np.random.Generator, plan: TrafficPlan, road: Road) -> list[Vehicle]:
    limit = road.speed_limit_kmh
    below = plan.vehicles - plan.clearly_speeding - plan.marginal
    speeds: list[tuple[float, SpeedBand]] = []
    speeds += [
        (float(s), SpeedBand.CLEAR) for s in rng.uniform(15, 48, plan.clearly_speeding) + limit
    ]
    for index in range(plan.marginal):
        distance = float(rng.uniform(0.4, 4.9))
        speeds.append((limit + (distance if index % 2 else -distance), SpeedBand.MARGINAL))
    speeds += [(float(s), SpeedBand.BELOW) for s in rng.uniform(35, 54, below)]

    plates: set[str] = set()
    drafts = []
    # Fast traffic fills the lanes from the median, slow traffic from the kerb.
    speeds.sort()
    lanes = _lanes_by_speed(rng, len(speeds), road.lanes)
    for (speed_kmh, band), lane in zip(speeds, lanes, strict=True):
        vehicle_class = _draw_class(rng, lane, speed_kmh)
        plate, kind = draw_plate_text(rng, vehicle_class, plates)
        drafts.append(
            Vehicle(
                vehicle_id="",
                vehicle_class=vehicle_class,
                colour=draw_colour(rng, vehicle_class, kind),
                lane=lane,
                plate=plate,
                speed_kmh=round(speed_kmh, 2),
                band=band,
                exits_at_s=0.0,
                look=int(rng.integers(0, 1 << 30)),
            )
        )
    return drafts


def _lanes_by_speed(rng: np.random.Generator, count: int, lanes: int) -> list[int]:
    """Lane of each vehicle of a list sorted by speed: even shares, with some mixing."""
    rank = np.arange(count) / max(count - 1, 1) + rng.normal(0, 0.08, count)
    order = np.argsort(np.argsort(rank))
    return [int(position * lanes // count) + 1 for position in order]


def _draw_class(rng: np.random.Generator, lane: int, speed_kmh: float) -> VehicleClass:
    if speed_kmh > 85:
        shares = (0.95, 0.05, 0.0, 0.0)
    elif lane == 1:
        shares = (0.66, 0.12, 0.12, 0.10)
    else:
        shares = (0.82, 0.12, 0.05, 0.01)
    return list(VehicleClass)[int(rng.choice(len(shares), p=shares))]


def draw_plate_text(
    rng: np.random.Generator, vehicle_class: VehicleClass, taken: set[str]
) -> tuple[str, str]:
    """A plate not yet `taken`, and what it is: private, taxi, public or government."""
    kind = "private"
    if vehicle_class in (VehicleClass.TRUCK, VehicleClass.BUS):
        kind = "public"
    elif vehicle_class is VehicleClass.CAR:
        kind = str(rng.choice(("private", "taxi", "government"), p=(0.84, 0.10, 0.06)))
    letter = {"taxi": "ت", "public": "ع", "government": "الف"}.get(kind)
    while True:
        digits = "".join(str(d) for d in rng.integers(1, 10, 5))  # 0 does not occur there
        regions = _LOCAL_REGIONS if rng.random() < 0.7 else _OTHER_REGIONS
        region = str(rng.choice(regions))
        glyph = letter or PRIVATE_LETTERS[int(rng.integers(len(PRIVATE_LETTERS)))]
        text = f"{digits[:2]}{glyph}{digits[2:]}{region}"
        if text not in taken:
            taken.add(text)
            return text, kind


def draw_colour(rng: np.random.Generator, vehicle_class: VehicleClass, kind: str) -> str:
    """A paint's name, as often as it is seen on vehicles of this class and kind."""
    if kind == "taxi":
        return "yellow"
    if vehicle_class is VehicleClass.BUS:
        return str(rng.choice(("white", "blue", "red")))
    if vehicle_class is VehicleClass.TRUCK:
        return str(rng.choice(("blue", "white", "red")))
    names = ("white", "silver", "grey", "black", "beige", "blue", "red", "green")
    return str(rng.choice(names, p=(0.36, 0.18, 0.14, 0.10, 0.06, 0.07, 0.06, 0.03)))


def _place_in_lane(
    rng: np.random.Generator, drafts: list[Vehicle], plan: TrafficPlan, road: Road
) -> list[Vehicle]:
    """Order the lane's vehicles at random and distribute the remaining time among them."""
    for _ in range(50):
        order = [drafts[i] for i in rng.permutation(len(drafts))]
        if not order:
            return []
        needs_s = [
            minimum_headway_s(leader, follower, road)
            for leader, follower in itertools.pairwise(order)
        ]
        first_ms, last_ms = (v.speed_kmh / KMH_PER_MS for v in (order[0], order[-1]))
        first_s = plan.empty_s + (_FAR_M - road.exit_line_m) / first_ms
        leave_m = road.exit_line_m + order[-1].body.length_m
        last_s = plan.duration_s - plan.empty_s - leave_m / last_ms
        slack_s = last_s - first_s - sum(needs_s)
        if slack_s >= 0:
            break
    else:
        raise ValueError(f"{len(drafts)} vehicles do not fit into a lane for {plan.duration_s} s")
    shares = rng.dirichlet(np.full(len(order) + 1, 1.2)) * slack_s
    placed, time_s = [], first_s
    for index, vehicle in enumerate(order):
        time_s += float(shares[index]) + (needs_s[index - 1] if index else 0.0)
        placed.append(replace(vehicle, exits_at_s=time_s))
    return placed
