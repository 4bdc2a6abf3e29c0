"""A caller without a token uploads nothing: the answer comes before the body is asked for. No
caller holds a turn for ever."""

import asyncio
from typing import Any

import pytest
from fastapi import Request

from payesh.ingest.api.forms import sent_form
from payesh.ingest.api.uploads import RecordingForm
from payesh.ingest.errors import UploadTooSlow
from payesh.ingest.main import openapi


@pytest.mark.parametrize("upload", ["recordings", "snapshots"])
async def test_without_a_token_not_one_byte_of_an_upload_is_read(upload: str) -> None:
    app = openapi()
    app.state.dependencies = None  # authorization comes before any use of them
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": f"/v1/cameras/c/{upload}",
        "raw_path": f"/v1/cameras/c/{upload}".encode(),
        "query_string": b"",
        "headers": [
            (b"content-type", b"multipart/form-data; boundary=b"),
            (b"transfer-encoding", b"chunked"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    await app(scope, receive, send)
    assert sent[0]["status"] == 401


async def test_a_sender_that_vanishes_gives_its_turn_back_and_is_disconnected() -> None:
    async def receive() -> dict[str, Any]:
        return await asyncio.Event().wait()  # type: ignore[return-value]

    headers = [(b"content-type", b"multipart/form-data; boundary=b")]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    turns = asyncio.Semaphore(1)
    with pytest.raises(UploadTooSlow) as caught:
        async with asyncio.timeout(5), sent_form(request, RecordingForm, turns, 0.05):
            raise AssertionError("there was no form")
    assert (caught.value.status, caught.value.headers) == (408, {"Connection": "close"})
    assert not turns.locked()
