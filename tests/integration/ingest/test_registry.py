"""Who may see and change which camera, and what is never told."""

from typing import Any

SOURCE = {"url": "rtsp://192.0.2.1/live", "username": "viewer", "password": "a secret"}


async def test_a_configuration_is_an_immutable_revision_and_a_password_is_never_told(
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
        "rtsp://169.254.169.254/latest",
    ):
        body = {"camera_id": "reg-2", "source": {"url": url}, "revision": revision_fields()}
        answer = await replica.call("POST", "", json=body)
        assert answer.json()["type"] == "urn:payesh:problem:bad-source", answer.text


async def test_a_token_reaches_only_its_counties_and_scopes(
    stack: Any, replica: Any, revision_fields: Any
) -> None:
    camera_id = await replica.create_camera(None)
    elsewhere = stack.authority.headers(counties=["semnan"])
    assert (await replica.call("GET", f"/{camera_id}", headers=elsewhere)).status_code == 404
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
