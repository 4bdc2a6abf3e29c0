"""Planned traffic has the promised mix, and nobody drives through anybody."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from payesh.local.street.geometry import Road
from payesh.local.street.plate_art import split_plate
from payesh.local.street.traffic import (
    SpeedBand,
    TrafficPlan,
    Vehicle,
    generate_traffic,
)

ROAD = Road()
SEEDS = range(1, 13)


@pytest.fixture(params=SEEDS)
def vehicles(request: pytest.FixtureRequest) -> tuple[Vehicle, ...]:
    return generate_traffic(request.param, TrafficPlan(), ROAD)


def test_mix_of_speeds_is_the_promised_one(vehicles: tuple[Vehicle, ...]) -> None:
    bands = Counter(vehicle.band for vehicle in vehicles)
    assert len(vehicles) >= 64
    assert bands[SpeedBand.CLEAR] >= 12
    assert bands[SpeedBand.MARGINAL] >= 12
    for vehicle in vehicles:
        over = vehicle.speed_kmh - ROAD.speed_limit_kmh
        match vehicle.band:
            case SpeedBand.CLEAR:
                assert 15 <= over <= 50
            case SpeedBand.MARGINAL:
                assert abs(over) < 5
            case SpeedBand.BELOW:
                assert -25 <= over <= -6
    marginal = [v.speed_kmh > 60 for v in vehicles if v.band is SpeedBand.MARGINAL]
    assert 0 < sum(marginal) < len(marginal)


def test_vehicles_of_a_lane_keep_their_distance(vehicles: tuple[Vehicle, ...]) -> None:
    for lane in range(1, ROAD.lanes + 1):
        in_lane = [v for v in vehicles if v.lane == lane]
        assert in_lane
        for leader, follower in pairwise(in_lane):
            for y_m in (90.0, 42.0, 20.0, 10.0):  # wherever the follower is, the leader is ahead
                time_s = follower.time_at_s(y_m, ROAD)
                leader_rear_m = leader.front_m(time_s, ROAD) + leader.body.length_m
                assert y_m - leader_rear_m > 8.0


def test_street_is_empty_at_both_ends(vehicles: tuple[Vehicle, ...]) -> None:
    assert min(v.time_at_s(75.0, ROAD) for v in vehicles) > 4.0
    assert max(v.time_at_s(-12.0, ROAD) for v in vehicles) < 156.0


def test_plates_are_canonical_and_unique(vehicles: tuple[Vehicle, ...]) -> None:
    assert len({v.plate for v in vehicles}) == len(vehicles)
    for vehicle in vehicles:
        first, _, middle, _ = split_plate(vehicle.plate)
        assert "0" not in first + middle


def test_same_seed_gives_same_traffic_and_another_seed_other_traffic() -> None:
    plan = TrafficPlan()
    assert generate_traffic(5, plan, ROAD) == generate_traffic(5, plan, ROAD)
    assert generate_traffic(5, plan, ROAD) != generate_traffic(6, plan, ROAD)


def test_traffic_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        generate_traffic(1, TrafficPlan(duration_s=40.0), ROAD)
