"""Cameras are seen and changed within the caller's bounds; passwords are never answered."""

import base64
import json
from typing import Any

import pytest

from payesh.contracts.schemas import CONTRACTS

SOURCE = {"url": "rtsp://192.0.2.1/live", "username": "viewer", "password": "a secret"}


async def test_a_configuration_is_an_immutable_revision_and_a_password_is_never_answered(
    replica: Any, revision_fields: Any
) -> None:
    expired = {
        "number": "C-9",
        "issued_by": "سازمان استاندارد",
        "valid_from": "2019-01-01T00:00:00Z",
        "valid_to": "2020-01-01T00:00:00Z",
    }
    body = {
        "camera_id": "reg-1",
        "source": SOURCE,
        "revision": revision_fields(certificate=expired),
    }
    created = await replica.call("POST", "", json=body)
    assert created.status_code == 201, created.text
    assert "expired" in created.json()["warnings"][0]
    assert (await replica.call("POST", "", json=body)).status_code == 409
    second = await replica.call(
        "POST", "/reg-1/revisions", json=revision_fields(speed_limit_kmh=60.0)
    )
    assert second.json()["revision"] == 2
    listed = await replica.call("GET", "/reg-1/revisions")
    limits = [item["document"]["speed_limit_kmh"] for item in listed.json()["items"]]
    assert limits == [60.0, 80.0]
    for answer in (created, await replica.call("GET", "/reg-1"), await replica.call("GET", "")):
        assert "a secret" not in answer.text
    assert (await replica.call("GET", "/reg-1")).json()["source"]["has_password"] is True
    off = await replica.call("PATCH", "/reg-1", json={"enabled": False})
    assert (off.json()["enabled"], off.json()["revision"]["revision"]) == (False, 3)


async def test_malformed_configurations_and_sources_get_a_clear_answer(
    replica: Any, revision_fields: Any
) -> None:
    body = {"camera_id": "reg-2", "source": None, "revision": revision_fields(bogus=1)}
    answer = await replica.call("POST", "", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (
        422,
        "body/revision/bogus",
    )
    for url in (
        "file:///etc/passwd",
        "http://192.0.2.1/",
        "rtsp://u:p@192.0.2.1/live",
        "rtsp://u:p#w@192.0.2.1/live",
        "rtsp://u:p/w@192.0.2.1/live",
        "rtsp://192.0.2.1/user=u&password=p/w&channel=1",
        "rtsp://169.254.169.254/latest",
        "rtsp://[192.0.2.1/live",
        "rtsp://192.0.2.1:port/live",
        f"rtsp://{'a' * 64}/live",
    ):
        body = {"camera_id": "reg-2", "source": {"url": url}, "revision": revision_fields()}
        answer = await replica.call("POST", "", json=body)
        assert answer.json()["type"] == "urn:payesh:problem:bad-source", answer.text


def cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


MOMENT, STREAM = "2026-01-01T00:00:00+00:00", "6a0d6f0e-8f0b-5f0e-9d3c-9a2c1f1f7b11"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("", {"cursor": cursor("a\0")}),
        ("", {"cursor": cursor("\ud800")}),
        ("", {"cursor": "é"}),
        ("/{id}/revisions", {"cursor": cursor("²")}),
        ("/{id}/revisions", {"cursor": cursor(str(2**31))}),
        ("/{id}/revisions", {"cursor": cursor()}),
        ("/{id}/gaps", {"cursor": cursor("2026-01-01T00:00:00", STREAM)}),
        ("/{id}/gaps", {"cursor": cursor("0001-01-01T00:00:00+14:00", STREAM)}),
        ("/{id}/gaps", {"cursor": cursor(MOMENT, "no id")}),
        ("/{id}/segments", {"cursor": cursor(MOMENT, STREAM, 2**31)}),
        ("/{id}/segments", {"cursor": cursor(MOMENT, STREAM, -1)}),
        ("/{id}/segments", {"from": "0001-01-01T00:00:00+14:00"}),
        ("/{id}/segments", {"to": "9999-12-31T23:59:59-14:00"}),
        ("/a%00b", {}),
        ("/a%00b/health", {}),
        ("/a%00b/recordings/6a0d6f0e-8f0b-5f0e-9d3c-9a2c1f1f7b11", {}),
    ],
)
async def test_what_cannot_be_meant_is_refused_before_the_database_is_asked(
    replica: Any, path: str, query: dict[str, str]
) -> None:
    camera_id = "no-camera"
    if "{id}" in path:
        camera_id = await replica.create_camera(None)
    answer = await replica.call("GET", path.format(id=camera_id), params=query)
    assert answer.status_code == 422, answer.text


async def test_pages_go_on_where_the_page_before_ended(replica: Any, revision_fields: Any) -> None:
    camera_id = await replica.create_camera(None)
    await replica.call("POST", f"/{camera_id}/revisions", json=revision_fields())
    for path, key in (("", "camera_id"), (f"/{camera_id}/revisions", "revision")):
        first = (await replica.call("GET", path, params={"limit": 1})).json()
        query = {"limit": 1, "cursor": first["next"]}
        (second,) = (await replica.call("GET", path, params=query)).json()["items"]
        assert second[key] != first["items"][0][key]


async def test_a_document_that_no_table_or_contract_can_hold_is_refused_before_it_is_stored(
    stack: Any, replica: Any, revision_fields: Any
) -> None:
    zone = {
        "entry_y_m": 1.0,
        "exit_y_m": 9.0,
        "lanes": [{"name": "a\0", "from_x_m": 0.0, "to_x_m": 3.0}],
    }
    endless = json.dumps(revision_fields(maximum_clock_u95_ms=-1)).replace("-1", "1e999")
    for fields, field in (
        (json.dumps(revision_fields(name="a\0b")), "body/revision/name"),
        (json.dumps(revision_fields(zone=zone)), "body/revision/zone/lanes/0/name"),
        (endless, "body/revision/maximum_clock_u95_ms"),
    ):
        body = f'{{"camera_id": "reg-4", "revision": {fields}}}'
        answer = await replica.call("POST", "", content=body)
        assert answer.status_code == 422, answer.text
        assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert await stack.objects.get_latest("revisions", "reg-4/1.json") is None
    body = json.dumps({"url": "rtsp://192.0.2.1/live", "username": "a\0"})
    camera_id = await replica.create_camera(None)
    answer = await replica.call("PUT", f"/{camera_id}/source", content=body)
    assert answer.json()["errors"][0]["field"] == "body/username"


async def test_marks_are_stored_with_the_revision_and_refused_when_they_do_not_fit(
    stack: Any, replica: Any, revision_fields: Any
) -> None:
    example = json.loads(
        (CONTRACTS / "documents/camera-revision.v1.example.json").read_text(encoding="utf-8")
    )
    names = ("lines", "regions", "lanes", "movements", "signal_heads", "limits", "schedules")
    marks = {name: example[name] for name in names}
    size = {"width_px": example["width_px"], "height_px": example["height_px"]}
    camera_id = await replica.create_camera(None, **size, **marks)
    revised = await replica.call(
        "POST", f"/{camera_id}/revisions", json=revision_fields(**size, lines=marks["lines"])
    )
    assert revised.status_code == 201, revised.text
    items = (await replica.call("GET", f"/{camera_id}/revisions")).json()["items"]
    assert {name: items[1]["document"][name] for name in names} == marks
    assert (items[0]["document"]["lines"], items[0]["document"]["lanes"]) == (marks["lines"], [])
    stored = await stack.objects.get_latest("revisions", f"{camera_id}/1.json")
    assert json.loads(stored)["signal_heads"] == marks["signal_heads"]

    for wrong, field in (
        ({**marks, "lines": []}, "movements/0/entry"),
        ({**marks, "lines": marks["lines"][:1] * 2}, "lines/0/name"),
    ):
        fields = revision_fields(**size, **wrong)
        for path, body in (
            (f"/{camera_id}/revisions", fields),
            ("", {"camera_id": "reg-5", "source": None, "revision": fields}),
        ):
            answer = await replica.call("POST", path, json=body)
            assert answer.status_code == 422, answer.text
            assert answer.json()["type"] == "urn:payesh:problem:bad-marks"
            assert field in [each["field"] for each in answer.json()["errors"]]
    assert len((await replica.call("GET", f"/{camera_id}/revisions")).json()["items"]) == 2
    assert (await replica.call("GET", "/reg-5")).status_code == 404
    short = revision_fields(**size, regions=[{**marks["regions"][0], "polygon_px": [[0, 0]]}])
    answer = await replica.call("POST", f"/{camera_id}/revisions", json=short)
    assert answer.json()["errors"][0]["field"] == "body/regions/0/polygon_px"


async def test_a_token_reaches_only_its_counties_and_scopes(
    stack: Any, replica: Any, revision_fields: Any
) -> None:
    camera_id = await replica.create_camera(None)
    elsewhere = stack.authority.headers(counties=["semnan"])
    assert (await replica.call("GET", f"/{camera_id}", headers=elsewhere)).status_code == 403
    assert (await replica.call("GET", "", headers=elsewhere)).json()["items"] == []
    body = {"camera_id": "reg-3", "source": None, "revision": revision_fields()}
    refused = await replica.call("POST", "", json=body, headers=elsewhere)
    assert refused.json()["type"] == "urn:payesh:problem:out-of-bounds"
    moved = await replica.call(
        "POST",
        f"/{camera_id}/revisions",
        json=revision_fields(county="semnan"),
        headers=stack.authority.headers(counties=["tehran"]),
    )
    assert moved.status_code == 403
    reader = stack.authority.headers(scope="cameras:read")
    assert (await replica.call("POST", "", json=body, headers=reader)).status_code == 403
    wrong = {"Authorization": "Bearer nonsense"}
    assert (await replica.call("GET", "", headers=wrong)).status_code == 401


async def test_a_password_among_the_parameters_of_an_address_is_never_answered(
    replica: Any, revision_fields: Any
) -> None:
    url = "rtsp://192.0.2.1/user=viewer&password=s3cret&channel=1"
    body = {"camera_id": "reg-sealed", "source": {"url": url}, "revision": revision_fields()}
    created = await replica.call("POST", "", json=body)
    assert created.status_code == 201, created.text
    for answer in (
        created,
        await replica.call("GET", "/reg-sealed"),
        await replica.call("GET", ""),
    ):
        assert "s3cret" not in answer.text
    source = created.json()["source"]
    assert (source["username"], source["has_password"]) == ("viewer", True)
    assert source["url"].endswith("/user={username}&password={password}&channel=1")


async def test_a_camera_of_another_size_than_its_revision_is_known_with_both_sizes(
    stack: Any, replica: Any, camera: Any, eventually: Any
) -> None:
    server = await camera(loop=True)
    camera_id = await replica.create_camera(server.url, width_px=1920, height_px=1080)

    async def sizes() -> bool:
        answer = await replica.call("GET", f"/{camera_id}/health")
        found = [c for c in answer.json()["conditions"] if c["condition"] == "picture_size"]
        return [(c["reason"], c["found_px"], c["expected_px"]) for c in found] == [
            (
                "size_changed",
                {"width_px": 320, "height_px": 180},
                {"width_px": 1920, "height_px": 1080},
            )
        ]

    await eventually(sizes)
    await replica.call("PATCH", f"/{camera_id}", json={"enabled": False})
