"""One device's secret, when it leaks, forges nothing of another camera."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.ingest.test_uploads import jpeg
from tests.support.problems import problem

FORBIDDEN = (403, "not-the-device")


async def sent(replica: Any, camera_id: str, what: str, headers: dict[str, str]) -> Any:
    """The answer to a still, or to a recording whose time no revision covers (422)."""
    now = datetime.now(UTC)
    if what == "snapshots":
        files, fields = {"image": ("still", jpeg(9), "image/jpeg")}, {"captured_at": now}
    else:
        files, fields = (
            {"file": ("v.mp4", b"x", "video/mp4")},
            {"started_at": now.replace(year=2020)},
        )
    data = {name: value.isoformat() for name, value in fields.items()} | {"clock_u95_ms": "50"}
    return await replica.call(
        "POST", f"/{camera_id}/{what}", files=files, data=data, headers=headers
    )


@pytest.mark.parametrize(("what", "accepted"), [("snapshots", 201), ("recordings", 422)])
async def test_a_device_sends_of_its_own_cameras_alone(
    stack: Any, replica: Any, what: str, accepted: int
) -> None:
    own = await replica.create_camera(None, source_kind="snapshots")
    other = await replica.create_camera(None, source_kind="snapshots")
    device = stack.authority.headers(subject="radar-7", cameras=[own])
    assert problem(await sent(replica, other, what, device)) == FORBIDDEN
    assert (await sent(replica, own, what, device)).status_code == accepted
    unbound = stack.authority.headers(subject="county-machine", cameras=[])
    assert problem(await sent(replica, own, what, unbound)) == FORBIDDEN


async def test_a_person_uploads_recordings_by_name_and_no_still_in_a_devices_place(
    stack: Any, replica: Any
) -> None:
    camera_id = await replica.create_camera(None, source_kind="snapshots")
    person = stack.authority.headers(subject="person:sara", cameras="*")
    assert problem(await sent(replica, camera_id, "snapshots", person)) == FORBIDDEN
    assert (await sent(replica, camera_id, "recordings", person)).status_code == 422
