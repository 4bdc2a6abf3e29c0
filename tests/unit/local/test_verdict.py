"""The demo's judge finds what would embarrass a court."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from payesh.contracts import CitationDrafted, Event, PassageObserved, PlateRead
from payesh.contracts.event import deterministic_id
from payesh.contracts.schemas import CONTRACTS
from payesh.contracts.values import Plate
from payesh.local.verdict import Figures, Outcome, TrueVehicle, figures

E = TypeVar("E", bound=Event)
START = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
LIMIT_KMH = 60.0


def golden(kind: type[E]) -> E:
    path = CONTRACTS / "examples" / kind.topic / "valid-1.json"
    return kind.from_json(path.read_text("utf-8"))


def truth(number: int, speed_kmh: float) -> TrueVehicle:
    at = START + timedelta(seconds=10 * number)
    return TrueVehicle(f"v{number}", "1", f"12ب3458{number}", speed_kmh, at)


def seen(vehicle: TrueVehicle, **changes: object) -> PassageObserved:
    passage = golden(PassageObserved)
    assert isinstance(passage, PassageObserved) and passage.speed is not None
    speed = passage.speed.model_copy(update={"speed_kmh": vehicle.speed_kmh, "speed_u95_kmh": 1.5})
    return passage.model_copy(
        update={
            "passage_id": deterministic_id(vehicle.vehicle_id),
            "captured_at": vehicle.exits_at,
            "last_seen_at": vehicle.exits_at,
            "lane": vehicle.lane,
            "speed": speed,
            **changes,
        }
    )


def read(passage: PassageObserved, text: str) -> PlateRead:
    event = golden(PlateRead)
    assert isinstance(event, PlateRead)
    plate = Plate(layout="car", text=text)
    return event.model_copy(update={"passage_id": passage.passage_id, "plate": plate})


def cited(passage: PassageObserved, text: str) -> CitationDrafted:
    event = golden(CitationDrafted)
    assert isinstance(event, CitationDrafted)
    plate = Plate(layout="car", text=text)
    citation_id = deterministic_id("citation", passage.passage_id)
    return event.model_copy(
        update={"citation_id": citation_id, "passage_id": passage.passage_id, "plate": plate}
    )


def judge(
    vehicles: list[TrueVehicle],
    passages: list[PassageObserved],
    reads: list[PlateRead],
    citations: list[CitationDrafted],
) -> Figures:
    claimable: dict[UUID, datetime] = {
        c.citation_id: START + timedelta(seconds=100) for c in citations
    }
    by_passage = {r.passage_id: r for r in reads}
    outcome = Outcome(passages, by_passage, (), citations, claimable, ("ab" * 16,))
    return figures(vehicles, LIMIT_KMH, outcome)


def test_a_right_run_has_no_false_citation() -> None:
    fast, slow = truth(1, 80.0), truth(2, 50.0)
    passages = [seen(fast), seen(slow)]
    reads = [read(passages[0], fast.plate), read(passages[1], slow.plate)]
    found = judge([fast, slow], passages, reads, [cited(passages[0], fast.plate)])
    assert (found.passages_of_vehicles, found.reads_right, found.false_citations) == (2, 2, 0)
    assert (found.violations_in_truth, found.violations_by_lower_bound) == (1, 1)
    assert found.drafts_of_violations == 1
    assert found.speed_inside_u95_share == 1.0


def test_a_plate_on_the_wrong_car_is_a_false_citation() -> None:
    fast = truth(1, 80.0)
    passage = seen(fast)
    found = judge([fast], [passage], [read(passage, "99ص99999")], [cited(passage, "99ص99999")])
    assert (found.reads_wrong, found.false_citations) == (1, 1)
    assert "a false citation" in found.shortfalls()


def test_a_citation_below_the_limit_or_without_a_vehicle_is_false() -> None:
    slow = truth(1, 59.0)
    passage = seen(slow)
    ghost = seen(replace(slow, vehicle_id="ghost", exits_at=START + timedelta(hours=1)))
    citations = [cited(passage, slow.plate), cited(ghost, slow.plate)]
    assert judge([slow], [passage, ghost], [], citations).false_citations == 2


def test_one_passage_counts_for_one_vehicle_only() -> None:
    first = truth(1, 50.0)
    second = replace(first, vehicle_id="v2", exits_at=first.exits_at + timedelta(seconds=0.5))
    found = judge([first, second], [seen(first)], [], [])
    assert found.passages_of_vehicles == 1
    assert found.missed == ("v2",)
    assert json.loads(json.dumps(found.as_line()))["shortfalls"]
