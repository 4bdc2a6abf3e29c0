"""A camera is calibrated in its latest view, by the routes that its page calls."""

import json
from uuid import uuid4

import pytest

from payesh.contracts.camera_revision import Calibration, CameraRevision, ControlPoint
from payesh.detect.domain.geometry import ground_plane
from tests.integration.detect.conftest import CountingHouse
from tests.integration.detect.shown_view import ROAD, measured, show_view
from tests.support.problems import problem


async def test_a_fit_says_how_well_it_is_known_and_hands_the_next_revision_over(
    house: CountingHouse,
) -> None:
    camera_id, subject = f"view-{uuid4().hex[:8]}", f"person:{uuid4().hex[:8]}"
    before = await show_view(house, camera_id)
    async with house.client(sub=subject) as http:
        answer = await http.post(f"/v1/cameras/{camera_id}/calibration", json=measured())
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert abs(found["camera_height_m"] - ROAD.height_m) < found["camera_height_u95_m"]
    assert 0 < found["length_scale_u95"] < 0.02
    assert len(found["residuals"]) == len(measured()["measured_distances"])
    assert {line["along_m"] for line in found["grid"]} > {25.0, 45.0}
    given = {"camera_id": camera_id, "revision": 2, "created_at": "2026-11-21T00:00:00Z"}
    assert not set(given) & set(found["next_revision"])
    revised = CameraRevision.model_validate_json(json.dumps(found["next_revision"] | given))
    assert (revised.name, revised.certificate) == (before.name, None)
    assert revised.calibration is not None
    points = revised.calibration.control_points
    plane = ground_plane([p.image_px for p in points], [p.ground_m for p in points])
    way = plane.ground(ROAD.project([(5.0, 25.0), (5.0, 45.0)]))
    assert way[1, 1] - way[0, 1] == pytest.approx(20.0, abs=0.1)
    (record,) = await house.audited(subject, 1)
    assert (record.action, record.resource_ids) == ("calibrate", (camera_id,))


async def test_the_picture_is_read_for_a_purpose_and_leaves_a_record(house: CountingHouse) -> None:
    camera_id, subject = f"view-{uuid4().hex[:8]}", f"person:{uuid4().hex[:8]}"
    await show_view(house, camera_id)
    async with house.client(sub=subject, purpose=None) as http:
        refused = await http.get(f"/v1/cameras/{camera_id}/view")
    assert problem(refused) == (403, "purpose-required")
    async with house.client(sub=subject) as http:
        picture = await http.get(f"/v1/cameras/{camera_id}/view")
        absent = await http.get("/v1/cameras/no-such-camera/view")
    assert picture.content.startswith(b"\xff\xd8")
    assert picture.headers["Cache-Control"] == "no-store"
    assert absent.status_code == 404
    records = await house.audited(subject, 3)
    assert [r.outcome for r in records] == ["denied", "granted", "denied"]


async def test_measurements_that_fix_no_plane_are_answered_with_what_is_missing(
    house: CountingHouse,
) -> None:
    camera_id = f"view-{uuid4().hex[:8]}"
    await show_view(house, camera_id)
    lengths = [each for each in measured()["measured_distances"] if each["along_road"]][:1]
    across = [each for each in measured()["measured_distances"] if not each["along_road"]]
    async with house.client() as http:
        path = f"/v1/cameras/{camera_id}/calibration"
        alone = await http.post(path, json=measured(measured_distances=lengths))
        widths = await http.post(path, json=measured(measured_distances=across))
        nothing = await http.post(path, json=measured(measured_distances=[]))
        many = await http.post(path, json=measured(measured_distances=lengths * 41))
    assert (problem(alone), alone.json()["missing"]) == ((409, "not-determined"), ["more"])
    assert (problem(widths), widths.json()["missing"]) == ((409, "not-determined"), ["along"])
    assert nothing.status_code == many.status_code == 422


async def test_marks_of_another_picture_size_are_not_carried_over(house: CountingHouse) -> None:
    camera_id = f"view-{uuid4().hex[:8]}"
    corners = [(100.0, 100.0), (600.0, 100.0), (600.0, 400.0), (100.0, 400.0)]
    calibration = Calibration(
        control_points=tuple(
            ControlPoint(image_px=each, ground_m=(each[0] / 50, each[1] / 50)) for each in corners
        ),
        ground_u95_m=0.1,
        length_scale_u95=0.01,
        camera_height_m=8.0,
    )
    await show_view(house, camera_id, size_px=(960, 540), calibration=calibration)
    async with house.client() as http:
        answer = await http.post(f"/v1/cameras/{camera_id}/calibration", json=measured())
    assert problem(answer) == (409, "other-pictures")
