"""The plan of a film: which vehicle does what in each cycle of the signal.

Each cycle has a part for every lane, taken from shuffled lists, so that equal seeds make equal
films and each film has every offence, and beside each the lawful manoeuvre that looks most like it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from payesh.local.junction import ways
from payesh.local.junction.actors import Actor, Fleet
from payesh.local.junction.layout import BAYS_M, STOP_LINE_M
from payesh.local.junction.motion import Drive, Path
from payesh.local.junction.signal import CYCLE_S, RED_FROM_S
from payesh.local.street.traffic import KMH_PER_MS, Vehicle, VehicleClass

CYCLES = 10
_AT_RED_1 = (
    "runs",
    "overruns",
    "runs",
    "stops",
    "overruns",
    "runs late",
    "juts",
    "overruns",
    "stops",
)
_AT_RED_2 = ("turns", "stops", "runs", "turns", "stops", "runs", "turns", "stops", "runs")
_AT_GREEN_1 = ("left", "ahead", "left", "ahead", "left", "ahead", "ahead", "left", "ahead")
_AT_GREEN_2 = ("branch", "right", "ahead", "branch", "right", "branch", "ahead", "ahead", "branch")
_TOWARDS_1 = ("fast", "even", "limit", "fast", "even", "fast", "limit", "even", "even")
_TOWARDS_2 = ("even", "reverses", "edge", "even", "across", "even", "edge", "reverses", "even")
_BUS_LANE = ("car", "bus", "car", "bus", "none", "car", "bus", "car", "none")
_LATE = ("against", "cross", "out", "cross", "against", "cross", "out", "against", "cross")


@dataclass(frozen=True, slots=True)
class Script:
    """All vehicles of a film."""

    seed: int
    actors: tuple[Actor, ...]
    duration_s: float


def write_script(seed: int, *, cycles: int = CYCLES, crowded: bool = False) -> Script:
    """The film of a seed. The first cycle is lawful: a signal head is known once it was seen lit
    and dark. `crowded` adds queues and traffic. Needs ten cycles for a stay that is too long."""
    author = _Author(seed, cycles * CYCLE_S, crowded=crowded)
    author.park(seed, cycles)
    for number in range(cycles):
        author.cycle(number, number * CYCLE_S)
    actors = sorted(author.actors, key=lambda actor: actor.begins_s)
    return Script(seed, tuple(actors), cycles * CYCLE_S)


class _Author:
    def __init__(self, seed: int, duration_s: float, *, crowded: bool) -> None:
        self._rng = np.random.default_rng(seed)
        self._fleet = Fleet(self._rng)
        self._until_s = duration_s
        self._crowded = crowded
        self.actors: list[Actor] = []
        lists = (
            _AT_RED_1,
            _AT_RED_2,
            _AT_GREEN_1,
            _AT_GREEN_2,
            _TOWARDS_1,
            _TOWARDS_2,
            _BUS_LANE,
            _LATE,
        )
        self._parts = [[each[i] for i in self._rng.permutation(len(each))] for each in lists]

    def cycle(self, number: int, at_s: float) -> None:
        """Vehicles of one cycle, which begins with green at `at_s`."""
        parts = [part[(number - 1) % len(part)] for part in self._parts]
        if number == 0:
            parts = ["stops", "stops", "ahead", "ahead", "even", "even", "bus", "cross"]
        red_1, red_2, green_1, green_2, towards_1, towards_2, bus, late = parts
        self._green(at_s, green_1, green_2)
        self._towards(at_s, towards_1, towards_2, bus)
        if number % 2:
            self._ahead(at_s + self._between(15.4, 17.2), "12"[number % 4 // 2], "on amber")
        elif number:
            self._ahead(
                at_s + RED_FROM_S + self._between(0.05, 0.35), "12"[number % 4 // 2], "grace"
            )
        self._red(at_s + RED_FROM_S, "1", red_1)
        self._red(at_s + RED_FROM_S, "2", red_2)
        self._late(at_s, late, busy=red_1 == "runs late")

    def park(self, seed: int, cycles: int) -> None:
        """Stays at the kerb: too long in one bay, short ones in the other."""
        self._stay(ways.FIRST_BAY, BAYS_M[0], 6.0, 6.0 + self._between(316.0, 322.0), "stays")
        if seed % 2:
            self._stay(
                ways.SECOND_BAY_CLEAR, BAYS_M[1], 44.0, 363.0 + self._between(0.0, 3.0), "stays"
            )
            return
        for first in range(1, cycles - 2, 3):
            at_s = CYCLE_S * first + 5.0
            self._stay(ways.SECOND_BAY, BAYS_M[1], at_s, at_s + 78.0, "stops briefly")

    def _green(self, at_s: float, part_1: str, part_2: str) -> None:
        self._ahead(at_s + self._between(7.0, 7.8), "1", "ahead")
        if part_1 == "left":
            self._pass(
                ways.LEFT, at_s + self._between(11.6, 13.0), self._between(5.5, 7.0), "turns left"
            )
        else:
            self._ahead(at_s + self._between(10.5, 13.5), "1", "ahead")
        turn_s, speed = at_s + self._between(8.5, 10.5), self._between(6.0, 8.0)
        if part_2 == "branch":
            self._pass(ways.INTO_BRANCH, turn_s, speed, "enters the branch")
        elif part_2 == "right":
            self._pass(ways.RIGHT, turn_s, self._between(4.5, 6.0), "turns right")
        else:
            self._ahead(turn_s, "2", "ahead")

    def _towards(self, at_s: float, part_1: str, part_2: str, bus: str) -> None:
        speeds = {"fast": (70.0, 88.0), "limit": (46.0, 49.5), "even": (36.0, 46.0)}
        speed = self._between(*speeds[part_1]) / KMH_PER_MS
        self._come("1", at_s + self._between(4.0, 8.0), speed, f"{part_1} speed")
        at, pace = at_s + self._between(5.0, 9.0), self._between(8.0, 10.5)
        match part_2:
            case "reverses":
                way = ways.TOWARDS["2"]
                drive = Drive(at, way.reaching(y=42.0), pace).stop_at(way.reaching(y=24.0))
                drive.stand_until(drive.ends_at_s + 1.0).go(-1.6).until(drive.ends_at_s + 2.6)
                drive.go(0.0).stand_until(drive.ends_at_s + 2.0).go(8.0)
                self._add(way, drive, "reverses", VehicleClass.CAR)
            case "edge":
                self._pass(ways.ON_THE_EDGE, at, pace, "overtakes over the bus lane's edge", y=42.0)
            case "across":
                way = ways.ACROSS_BUS_LANE
                drive = Drive(at, way.reaching(y=42.0), 7.0).stop_at(way.reaching(y=9.0))
                drive.stand_until(drive.ends_at_s + 60.0).go(8.0)
                self._add(way, drive, "parks across the bus lane", VehicleClass.CAR)
            case _:
                self._come("2", at, pace, "even speed")
        if bus != "none":
            kind = VehicleClass.BUS if bus == "bus" else VehicleClass.CAR
            # After those in the next lane, of whom one parks across this one.
            moment, pace = at_s + self._between(12.0, 14.5), self._between(6.5, 8.5)
            self._come("bus", moment, pace, f"{bus} in the bus lane", kind)
        if self._crowded:
            self._come("1", at_s + self._between(10.5, 12.0), pace, "even speed")

    def _red(self, red_s: float, lane: str, part: str) -> None:
        way, pace = ways.AHEAD[lane], self._between(8.5, 11.5)
        reach = way.reaching(y=STOP_LINE_M)
        if part.startswith("runs"):
            after_s = self._between(11.5, 13.0) if part == "runs late" else self._between(1.5, 4.0)
            self._ahead(red_s + after_s, lane, "runs the red light", pace)
            return
        if part == "turns":
            self._pass(ways.RIGHT, red_s + self._between(2.5, 5.0), 5.0, "turns right at red")
            return
        vehicle = self._fleet.make(VehicleClass.CAR if part in ("overruns", "juts") else None)
        beyond = {
            "overruns": vehicle.body.length_m + self._between(0.5, 1.2),
            "juts": self._between(2.9, 3.8),
            "stops": -self._between(0.3, 0.9),
        }[part]
        drive = Drive(red_s + self._between(2.5, 5.0), reach, pace)
        at_s = drive.ends_at_s - reach / pace  # when it is at the way's beginning
        drive = Drive(at_s, 0.0, pace).stop_at(reach + beyond)
        green_s = red_s - RED_FROM_S + CYCLE_S
        drive.stand_until(green_s + self._between(0.8, 1.6)).go(11.0)
        role = {"overruns": "stands beyond the line", "juts": "juts over the line"}.get(
            part, "stops"
        )
        self._place(vehicle, way, drive, role)
        if self._crowded or self._rng.random() < 0.4:
            later_s = self._between(2.6, 5.0) if self._crowded else self._between(5.0, 8.0)
            behind = Drive(at_s + later_s, 0.0, pace).stop_at(reach + beyond - 7.2)
            behind.stand_until(green_s + 2.6).go(10.0)
            self._place(self._fleet.make(), way, behind, "queues")

    def _late(self, at_s: float, part: str, *, busy: bool) -> None:
        """From the eighth second of red on."""
        if part == "against":
            speed = self._between(7.5, 10.5)
            moment = at_s + self._between(24.0, 25.5)
            self._pass(ways.AGAINST_TRAFFIC, moment, speed, "against traffic", VehicleClass.CAR)
        elif part == "out":
            self._pass(
                ways.OUT_OF_BRANCH,
                at_s + self._between(27.0, 33.0),
                6.0,
                "leaves the branch",
                x=20.0,
            )
        times = [34.5] if busy or part == "against" else [26.5, 30.5, 34.5]
        for index, into_s in enumerate(times):
            way, role = ((ways.EASTWARDS, "crosses"), (ways.WESTWARDS, "crosses"))[index % 2]
            kind = VehicleClass.TRUCK if self._rng.random() < 0.1 else None
            speed = self._between(8.5, 11.0)
            self._pass(way, at_s + into_s + self._between(-0.6, 0.6), speed, role, kind, x=0.0)
            if self._crowded:
                self._pass(way, at_s + into_s + 2.2, speed, role, x=0.0)

    def _stay(self, way: Path, front_m: float, from_s: float, until_s: float, role: str) -> None:
        drive = Drive(from_s, 0.0, 7.0).stop_at(way.reaching(y=front_m))
        drive.stand_until(until_s).go(7.0)
        self._add(way, drive, role, VehicleClass.CAR)

    def _ahead(self, at_s: float, lane: str, role: str, speed: float | None = None) -> None:
        self._pass(ways.AHEAD[lane], at_s, speed or self._between(9.0, 12.5), role)

    def _come(
        self, lane: str, at_s: float, speed: float, role: str, kind: VehicleClass | None = None
    ) -> None:
        """Towards the camera; in the middle of the junction at `at_s`."""
        self._pass(ways.TOWARDS[lane], at_s, speed, role, kind, y=42.0)

    def _pass(
        self, way: Path, at_s: float, speed: float, role: str, kind: VehicleClass | None = None,
        *, x: float | None = None, y: float = STOP_LINE_M,
    ) -> None:  # fmt: skip
        """At an even speed; the front reaches `x`, or else `y`, at `at_s`."""
        mark = way.reaching(x=x) if x is not None else way.reaching(y=y)
        self._add(way, Drive(at_s, mark, speed), role, kind)

    def _add(self, way: Path, drive: Drive, role: str, kind: VehicleClass | None = None) -> None:
        self._place(self._fleet.make(kind), way, drive, role)

    def _place(self, vehicle: Vehicle, way: Path, drive: Drive, role: str) -> None:
        end_s = drive.ends_at_s
        s, speeds = drive.at(end_s)
        leaves_s = end_s + (way.lengths[-1] - float(s[0])) / max(float(speeds[0]), 0.5)
        first_s, first_speeds = drive.at(drive.begins_at_s)
        begins_s = drive.begins_at_s - float(first_s[0]) / max(float(first_speeds[0]), 0.5)
        self.actors.append(Actor(vehicle, way, drive, role, begins_s, min(leaves_s, self._until_s)))

    def _between(self, low: float, high: float) -> float:
        return float(self._rng.uniform(low, high))
