"""What is driven over the kilometre, and how a run is judged by it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payesh.contracts import CitationRejected, ViolationDetected
from payesh.local.kilometre.drives import LINE_M, Drive, drives
from payesh.local.kilometre.production import CAMERA, ROAD, marked_line
from payesh.local.kilometre.verdict import judged
from tests.support.average_speed_builder import average_speed_case
from tests.support.bundle_builder import FolderStore

BEGAN = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


@pytest.fixture
async def published(tmp_path: Any) -> ViolationDetected:
    return (await average_speed_case(FolderStore(tmp_path))).violation


def of_drive(
    published: ViolationDetected, drive: Drive, *, entered_by: Drive | None = None
) -> ViolationDetected:
    """The violation of a drive, or one that begins with another vehicle's entry."""
    entered_s, left_s = (entered_by or drive).entered_s, drive.left_s
    assert entered_s is not None and left_s is not None
    assert published.entry_passage is not None
    entry = published.entry_passage.model_copy(
        update={"captured_at": BEGAN + timedelta(seconds=entered_s)}
    )
    average = drive.average_kmh or 0.0
    measured = published.measurement.model_copy(
        update={"value": average, "lower_bound": average - 1.0, "u95": 1.0}
    )
    return published.model_copy(
        update={
            "captured_at": BEGAN + timedelta(seconds=left_s),
            "lane": str(drive.lane),
            "entry_passage": entry,
            "measurement": measured,
        }
    )


def rejected(violation: ViolationDetected) -> CitationRejected:
    return CitationRejected(
        camera_id=violation.camera_id,
        county=violation.county,
        road_class=violation.road_class,
        place_class=violation.place_class,
        citation_id=violation.violation_id,
        violation_id=violation.violation_id,
        reason="no_law",
        officer=None,
        rejected_at=BEGAN,
    )


@pytest.mark.parametrize("seed", range(1, 30))
def test_each_seed_has_offences_and_vehicles_that_look_like_them(seed: int) -> None:
    found = drives(seed)
    broke = [each for each in found if each.broke and not each.marginal]
    assert len(broke) == 4
    assert all((each.average_kmh or 0) > 70.0 for each in broke)
    # Most of them are lawful wherever one camera looks.
    assert sum(max(each.entry_kmh, each.exit_kmh) < 60.0 for each in broke) == 3
    owner = next(each for each in found if each.role == "owner of a cloned plate")
    clone = next(each for each in found if each.role == "carries a cloned plate")
    assert owner.plate == clone.plate
    assert not (owner.broke and not owner.marginal)
    assert owner.left_s is not None and clone.entered_s is not None
    mixed_kmh = 3600.0 / (owner.left_s - clone.entered_s)
    assert mixed_kmh > 62.0, "the clone's entry and the owner's exit look like an offence"
    plates = {each.plate for each in found}
    assert len(plates) == len(found) - 1


def test_the_films_show_each_vehicle_at_the_line_when_it_crosses() -> None:
    for drive in drives(1):
        entry, left = drive.at_entry(ROAD), drive.at_exit(ROAD)
        if entry is not None and drive.entered_s is not None:
            assert entry.front_m(drive.entered_s, ROAD) == pytest.approx(LINE_M)
        if left is not None and drive.left_s is not None:
            assert left.front_m(drive.left_s - 40.0, ROAD) == pytest.approx(LINE_M)


def test_the_marked_line_is_crossed_by_what_drives_towards_the_camera() -> None:
    line = marked_line("line")
    (from_x, from_y), (to_x, to_y) = line["from_px"], line["to_px"]
    assert from_x < to_x
    assert from_y == pytest.approx(to_y, abs=0.2)
    assert 0 < from_y < CAMERA.height_px


def test_every_offence_found_once_keeps_the_promises(published: ViolationDetected) -> None:
    found = drives(1)
    violations = [
        of_drive(published, each).model_copy(update={"violation_id": published.stream_id})
        for each in found
        if each.broke and not each.marginal
    ]
    figures = judged(found, BEGAN, violations, [], [rejected(violations[0])])
    assert (figures.offences, figures.found, figures.missed) == (4, 4, 0)
    assert figures.rejected == {"no_law": 4}
    assert figures.shortfalls() == []


def test_a_clone_s_entry_with_its_owner_s_exit_is_a_false_accusation(
    published: ViolationDetected,
) -> None:
    found = drives(1)
    owner = next(each for each in found if each.role == "owner of a cloned plate")
    clone = next(each for each in found if each.role == "carries a cloned plate")
    mixed = of_drive(published, owner, entered_by=clone)
    figures = judged(found, BEGAN, [mixed], [], [])
    assert figures.false == 1
    assert "kilometre: a false accusation" in figures.shortfalls()


def test_a_bound_above_the_truth_is_a_false_accusation(published: ViolationDetected) -> None:
    found = drives(1)
    true = of_drive(published, found[0])
    measured = true.measurement.model_copy(update={"lower_bound": 200.0})
    figures = judged(found, BEGAN, [true.model_copy(update={"measurement": measured})], [], [])
    assert figures.bounds_above_truth == 1
    assert "kilometre: a false accusation" in figures.shortfalls()


def test_a_lawful_drive_and_an_offence_found_twice_are_shortfalls(
    published: ViolationDetected,
) -> None:
    found = drives(1)
    lawful = next(each for each in found if each.role == "keeps to the limit")
    twice = of_drive(published, found[0])
    figures = judged(found, BEGAN, [of_drive(published, lawful), twice, twice], [], [])
    assert (figures.false, figures.twice) == (1, 1)
    slow = replace(found[0], left_s=(found[0].entered_s or 0.0) + 60.2)
    assert slow.marginal
    assert judged([slow], BEGAN, [], [], []).offences == 0
