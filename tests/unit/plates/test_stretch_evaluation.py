"""Average speeds of two films are judged as the service judges them, and compared with truth."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payesh.contracts import PassageObserved, PlateRead
from payesh.plates.domain.stretch_verdict import Verdict
from payesh.plates.evaluation.stretches_command import compared, judged_ends, with_shares
from tests.support.stretch_builder import (
    ENTRY_CAMERA,
    ENTRY_LINE,
    EXIT_CAMERA,
    EXIT_LINE,
    crossing_passage,
    stretch,
)
from tests.support.violation_builder import plate_read, violation

BEGAN = datetime.now(UTC) - timedelta(minutes=10)


def seen(
    entered_s: float, took_s: float, plate: str
) -> tuple[list[PassageObserved], list[PlateRead]]:
    entered_at = BEGAN + timedelta(seconds=entered_s)
    passages = [
        crossing_passage(ENTRY_LINE, entered_at, camera_id=ENTRY_CAMERA),
        crossing_passage(
            EXIT_LINE, entered_at + timedelta(seconds=took_s), camera_id=EXIT_CAMERA,
            stretches=[stretch()],
        ),
    ]  # fmt: skip
    reads = [
        plate_read(violation(), plate).model_copy(
            update={
                "passage_id": each.passage_id,
                "camera_id": each.camera_id,
                "captured_at": each.captured_at,
            }
        )
        for each in passages
    ]
    return passages, reads


def drive(entered_s: float, took_s: float, **changes: Any) -> dict[str, Any]:
    return {
        "vehicle_id": f"k{entered_s}",
        "role": "drives",
        "lane": "1",
        "entered_at": (BEGAN + timedelta(seconds=entered_s)).isoformat(),
        "left_at": (BEGAN + timedelta(seconds=entered_s + took_s)).isoformat(),
        "average_kmh": 3600.0 / took_s,
        "broke": took_s < 60.0,
        "marginal": False,
        **changes,
    }


def test_offences_that_are_found_and_lawful_drives_that_are_not() -> None:
    fast, slow = seen(0.0, 40.0, "12ب34567"), seen(10.0, 70.0, "98ی76543")
    judged = judged_ends([*fast[0], *slow[0]], [*fast[1], *slow[1]])
    assert [each.verdict for each in judged] == [Verdict.FOUND, Verdict.WITHIN_LIMIT]
    counts, faults = compared([drive(0.0, 40.0), drive(10.0, 70.0)], judged)
    assert faults == []
    shares = with_shares(counts)
    assert (shares["precision"], shares["recall"]) == (1.0, 1.0)


def test_what_nobody_drove_is_false_and_what_is_not_found_is_missed() -> None:
    passages, reads = seen(0.0, 40.0, "12ب34567")
    judged = judged_ends(passages, reads)
    counts, faults = compared([drive(5.0, 35.0), drive(0.0, 70.0)], judged)
    assert counts["false"] == 1
    assert counts["offences"] == 1
    assert any(each.startswith("missed") for each in faults)
    assert with_shares(counts)["precision"] == 0.0


def test_a_bound_above_the_truth_is_a_fault() -> None:
    judged = judged_ends(*seen(0.0, 40.0, "12ب34567"))
    _, faults = compared([drive(0.0, 40.0, average_kmh=61.0)], judged)
    assert faults == ["bound above the truth of k0.0"]


@pytest.mark.parametrize("marginal", [True, False])
def test_of_a_drive_too_near_to_the_limit_neither_answer_is_a_fault(marginal: bool) -> None:
    counts, faults = compared([drive(0.0, 59.5, marginal=marginal)], [])
    assert (counts.get("offences", 0), bool(faults)) == (int(not marginal), not marginal)
