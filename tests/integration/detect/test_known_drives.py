"""Drives of known speed beside the passages that were published of them, over the routes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from payesh.contracts import PassageObserved
from payesh.contracts.detect import Speed
from payesh.contracts.values import RevisionReference
from payesh.detect.adapters.views import Views
from tests.integration.detect.conftest import CountingHouse
from tests.integration.detect.shown_view import TAKEN_AT, show_view
from tests.support.passage_builder import passage
from tests.support.problems import problem
from tests.support.waiting import eventually
from tests.unit.detect.box_street import box_revision

CALIBRATION = box_revision().calibration


async def camera_with_drives(
    house: CountingHouse, speeds_kmh: Sequence[float | None], *, since: datetime = TAKEN_AT
) -> tuple[str, list[PassageObserved]]:
    """A calibrated camera and its passages, a minute apart, that the projection holds."""
    camera_id = f"driven-{uuid4().hex[:8]}"
    await show_view(house, camera_id, calibration=CALIBRATION)
    view = await Views(house.files).of_camera(camera_id)
    assert view is not None
    driven = [
        passed(camera_id, view.revision, number, speed, since=since)
        for number, speed in enumerate(speeds_kmh)
    ]
    await project(house, driven)
    return camera_id, driven


def passed(
    camera_id: str,
    revision: RevisionReference,
    minute: float,
    speed_kmh: float | None,
    since: datetime = TAKEN_AT,
    **changes: Any,
) -> PassageObserved:
    speed = None
    if speed_kmh is not None:
        speed = Speed(speed_kmh=speed_kmh, speed_u95_kmh=0.8, method="video_ground_plane")
    at = since + timedelta(minutes=minute)
    made = passage(camera_id=camera_id, captured_at=at)
    return made.model_copy(update={"revision": revision, "speed": speed, **changes})


async def project(house: CountingHouse, driven: list[PassageObserved]) -> None:
    await house.publish(*driven)

    async def held() -> bool:
        async with house.client(counties="*") as http:
            answers = [await http.get(f"/v1/passages/{each.passage_id}") for each in driven]
        return all(answer.status_code == 200 for answer in answers)

    await eventually(held)


def stated(driven: list[PassageObserved], known_kmh: float, off_s: float = 1.0) -> dict[str, Any]:
    """Drives as a person wrote them down, a second late."""
    times = [each.captured_at + timedelta(seconds=off_s) for each in driven]
    return {
        "drives": [
            {"at": at.isoformat(), "known_kmh": known_kmh, "known_u95_kmh": 0.3} for at in times
        ]
    }


async def asked(house: CountingHouse, camera_id: str, body: dict[str, Any]) -> dict[str, Any]:
    async with house.client() as http:
        answer = await http.post(f"/v1/cameras/{camera_id}/drives", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_each_drive_has_its_residual_and_together_they_show_the_lengths(
    house: CountingHouse,
) -> None:
    camera_id, driven = await camera_with_drives(house, [60.6, 60.9, 60.6, 60.3, 60.6])
    subject = f"person:{uuid4().hex[:8]}"
    async with house.client(sub=subject) as http:
        answer = await http.post(f"/v1/cameras/{camera_id}/drives", json=stated(driven, 60.0))
    found = answer.json()
    assert [each["found"] for each in found["drives"]] == ["one"] * 5
    first = found["drives"][0]
    assert (first["measured_kmh"], first["error_kmh"]) == (60.6, 0.6)
    assert first["e_n"] == pytest.approx(0.6 / (0.8**2 + 0.3**2) ** 0.5, abs=0.001)
    assert (found["median_ratio"], found["agrees"]) == (1.01, False), "0.9 km/h is too much"
    assert CALIBRATION is not None
    assert found["length_scale_u95"] == CALIBRATION.length_scale_u95
    assert 0.015 < found["shown_length_scale_u95"] < 0.019
    assert found["suggested_length_scale_u95"] == found["shown_length_scale_u95"]
    records = await house.audited(subject, 2)
    ids = {tuple(sorted(r.resource_ids)) for r in records}
    assert ids == {(camera_id,), tuple(sorted(str(each.passage_id) for each in driven))}
    assert {r.action for r in records} == {"compare_drives"}


async def test_drives_that_agree_make_no_tape_better(house: CountingHouse) -> None:
    camera_id, driven = await camera_with_drives(house, [60.0] * 4)
    drives = stated(driven, 60.0)
    for each in drives["drives"]:
        each["known_u95_kmh"] = 0.06
    found = await asked(house, camera_id, drives)
    assert (found["agrees"], found["median_ratio"]) == (True, 1.0)
    assert found["shown_length_scale_u95"] == pytest.approx(0.001)
    assert found["suggested_length_scale_u95"] == found["length_scale_u95"] == 0.003


async def test_nothing_is_concluded_of_a_drive_that_may_be_another_vehicle(
    house: CountingHouse,
) -> None:
    camera_id, driven = await camera_with_drives(house, [60.0, None])
    view = await Views(house.files).of_camera(camera_id)
    assert view is not None
    older = view.revision.model_copy(update={"sha256": "0" * 64})
    pair = [passed(camera_id, view.revision, 2 + seconds / 60, 60.0) for seconds in (0, 2)]
    beside = passed(camera_id, view.revision, 2 + 1 / 60, 61.0, lane="2")
    before = passed(camera_id, older, 4, 60.0)
    await project(house, [*pair, beside, before])
    drives = stated([*driven, *pair, before], 60.0)["drives"]
    nobody = {**drives[0], "at": (TAKEN_AT - timedelta(hours=2)).isoformat()}
    lane = {**drives[2], "lane": "2"}
    found = await asked(house, camera_id, {"drives": [*drives, nobody, lane]})
    assert [each["found"] for each in found["drives"]] == [
        "one", "no_speed", "several", "several", "other_revision", "none", "several",
    ]  # fmt: skip
    alone = await asked(house, camera_id, {"drives": [lane]})
    assert (alone["drives"][0]["measured_kmh"], alone["shown_length_scale_u95"]) == (61.0, None)
    twice = await asked(house, camera_id, {"drives": [drives[0], drives[0]]})
    assert [each["found"] for each in twice["drives"]] == ["several"] * 2
    assert (twice["agrees"], twice["median_ratio"]) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        {"drives": []},
        {"drives": [{"at": "2026-11-20T06:30:00", "known_kmh": 60.0}]},
        {"drives": [{"at": "2026-11-20T06:30:00Z", "known_kmh": 0.0}]},
        {"drives": [{"at": "2026-11-20T06:30:00Z", "known_kmh": 60.0, "known_u95_kmh": 0.0}]},
        {"drives": [{"at": "2026-11-20T06:30:00Z", "known_kmh": 60.0}] * 41},
        {"drives": [{"at": "2026-11-20T06:30:00Z", "known_kmh": 60.0}], "within_s": 60},
    ],
)
async def test_malformed_drives_are_refused(house: CountingHouse, body: dict[str, Any]) -> None:
    async with house.client() as http:
        answer = await http.post("/v1/cameras/camera-1/drives", json=body)
    assert problem(answer) == (422, "malformed")
