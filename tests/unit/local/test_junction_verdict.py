"""The demo's judge of the junction fails for an accused innocent, and reports each outcome."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from payesh.contracts import CitationDrafted, CitationRejected, Event, ViolationDetected
from payesh.contracts.detect import BoxAt, VehicleTrack
from payesh.contracts.event import deterministic_id
from payesh.contracts.schemas import CONTRACTS
from payesh.contracts.values import Box, Plate
from payesh.detect.evaluation.rule_films import FilmedVehicle, Offence, RuleFilm
from payesh.local.junction_verdict import JunctionFigures, judged
from tests.support.revision_builder import revision

E = TypeVar("E", bound=Event)
START = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
TIMES = np.arange(0.0, 10.0, 0.2)
RAN = Offence("red_light", 4.0, 6.0, marginal=False)
PLATES = {f"v{number}": f"12ب3458{number}" for number in range(6)}


def golden(kind: type[E]) -> E:
    path = CONTRACTS / "examples" / kind.topic / "valid-1.json"
    return kind.from_json(path.read_text("utf-8"))


def vehicle(number: int, *offences: Offence) -> FilmedVehicle:
    left = 200.0 * number + 0 * TIMES
    boxes = np.stack([left, 10 * TIMES, left + 40, 10 * TIMES + 40], axis=1)
    return FilmedVehicle(f"v{number}", "car", "drives", offences, TIMES, boxes)


def violation(number: int, at_s: float = 5.0) -> ViolationDetected:
    """Of the vehicle of this number."""
    boxes = tuple(
        BoxAt(
            frame_at=START + timedelta(seconds=time_s),
            box=Box(x_px=200 * number, y_px=round(10 * time_s), width_px=40, height_px=40),
        )
        for time_s in (at_s - 0.4, at_s)
    )
    return golden(ViolationDetected).model_copy(
        update={
            "violation_id": deterministic_id("violation", number),
            "rule": "red_light",
            "captured_at": START + timedelta(seconds=at_s),
            "track": VehicleTrack(boxes=boxes, ground=()),
        }
    )


def drafted(of: ViolationDetected, plate: str) -> CitationDrafted:
    changes = {"violation_id": of.violation_id, "plate": Plate(layout="car", text=plate)}
    return golden(CitationDrafted).model_copy(update=changes)


def rejected(of: ViolationDetected, reason: str) -> CitationRejected:
    changes = {"violation_id": of.violation_id, "reason": reason}
    return golden(CitationRejected).model_copy(update=changes)


def judge(
    vehicles: list[FilmedVehicle],
    violations: list[ViolationDetected],
    *decided: CitationDrafted | CitationRejected,
) -> JunctionFigures:
    rules = ("red_light", "wrong_way")
    film = RuleFilm("f", "day", Path("f.mp4"), revision(), START, rules, tuple(vehicles))
    drafts = [each for each in decided if isinstance(each, CitationDrafted)]
    rejections = [each for each in decided if isinstance(each, CitationRejected)]
    return judged(film, PLATES, violations, drafts, rejections)


def test_a_right_run_tells_what_became_of_each_offence_by_rule() -> None:
    first, second = violation(0), violation(1)
    found = judge(
        [vehicle(0, RAN), vehicle(1, RAN), vehicle(2)],
        [first, second],
        drafted(first, PLATES["v0"]),
        rejected(second, "unreadable"),
    )
    assert found.shortfalls() == []
    line = found.as_line()
    assert list(line["by_rule"]) == ["red_light"], "no vehicle broke another one"
    row = line["by_rule"]["red_light"]
    assert (row["offences"], row["found"], row["missed"], row["false"]) == (2, 2, 0, 0)
    assert (row["drafted"], row["rejected"]) == (1, {"unreadable": 1})


def test_a_lawful_vehicle_accused_fails_the_run_even_if_it_is_rejected_later() -> None:
    accused = violation(2)
    found = judge([vehicle(0), vehicle(2)], [accused], rejected(accused, "no_law"))
    assert found.shortfalls() == ["junction: a false accusation"]
    assert [fault.vehicle and fault.vehicle.vehicle_id for fault in found.faults] == ["v2"]


def test_a_draft_for_another_vehicles_plate_fails_the_run() -> None:
    first = violation(0)
    found = judge([vehicle(0, RAN), vehicle(1)], [first], drafted(first, PLATES["v1"]))
    assert found.shortfalls() == ["junction: a draft with another vehicle's plate"]


def test_a_violation_that_nothing_became_of_fails_the_run() -> None:
    found = judge([vehicle(0, RAN)], [violation(0)])
    assert found.shortfalls() == ["junction: a violation that is neither drafted nor rejected"]


@pytest.mark.parametrize(
    ("missed", "shortfalls"), [(1, []), (2, ["junction: more than 10% of the offences missed"])]
)
def test_one_offence_may_be_missed_and_not_two_of_six(missed: int, shortfalls: list[str]) -> None:
    seen = [violation(number) for number in range(6 - missed)]
    decided = [rejected(each, "unreadable") for each in seen]
    found = judge([vehicle(number, RAN) for number in range(6)], seen, *decided)
    assert found.by_rule["red_light"].missed == missed
    assert found.shortfalls() == shortfalls
