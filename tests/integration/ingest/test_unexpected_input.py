"""No input makes ingest fail, or answer what its OpenAPI document does not list."""

import asyncio
from datetime import UTC, datetime

from tests.integration.ingest.conftest import Replica, Stack
from tests.integration.ingest.test_uploads import jpeg
from tests.support.unexpected_input import attack


async def test_no_input_leads_to_an_answer_that_is_not_listed(stack: Stack) -> None:
    async with stack.replica(PAYESH_REFUSALS_PER_MINUTE="100000") as replica:
        headers = stack.authority.headers(subject="fuzz")
        await asyncio.to_thread(attack, "ingest", replica.url, headers)


MEASURED = '{"speed_kmh": 50, "speed_u95_kmh": %s, "measured_at": "%s", "certificate_number": "%s"}'


async def test_odd_numbers_times_and_texts_of_a_still_are_malformed(
    stack: Stack, replica: Replica
) -> None:
    certificate = {
        "number": "C-1",
        "issued_by": "x",
        "valid_from": "2020-01-01T00:00:00Z",
        "valid_to": "2099-01-01T00:00:00Z",
    }
    camera_id = await replica.create_camera(None, source_kind="snapshots", certificate=certificate)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    usual = {"captured_at": now, "clock_u95_ms": "50"}
    for odd in (
        {"clock_u95_ms": "nan"},
        {"clock_u95_ms": "inf"},
        {"clock_u95_ms": "1e400"},
        {"captured_at": "0001-01-01T00:00:00Z"},
        {"captured_at": "0001-01-01T00:00:00+14:00"},
        {"captured_at": "9999-12-31T23:59:59-14:00"},
        {"captured_at": "99999-12-31T23:59:59Z"},
        {"captured_at": "\0"},
        {"captured_at": "1e300"},
        {"measurement": MEASURED % ("1e400", now, "C-1")},
        {"measurement": MEASURED % ("Infinity", now, "C-1")},
        {"measurement": MEASURED % ("NaN", now, "C-1")},
        {"measurement": MEASURED % ("1", now, "\\u0000")},
        {"measurement": MEASURED % ("1", "0001-01-01T00:00:00Z", "C-1")},
        {"measurement": "\0"},
        {"measurement": "[" * 3000},
    ):
        answer = await replica.call(
            "POST",
            f"/{camera_id}/snapshots",
            files={"image": ("still", jpeg(5), "image/jpeg")},
            data=usual | odd,
        )
        assert answer.status_code == 422, (odd, answer.text)
    for odd in ({"started_at": "0001-01-01T00:00:00Z"}, {"clock_u95_ms": "nan"}):
        answer = await replica.call(
            "POST",
            f"/{camera_id}/recordings",
            files={"file": ("v.mp4", b"x", "video/mp4")},
            data={"started_at": now, "clock_u95_ms": "50"} | odd,
        )
        assert answer.status_code == 422, (odd, answer.text)
