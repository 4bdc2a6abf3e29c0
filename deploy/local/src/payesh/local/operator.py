"""A technician's actions over HTTP, with a client of their own."""

import json
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from payesh.contracts.audiences import audience_of
from payesh.contracts.values import format_utc

_PURPOSE = "local operation"


class Operator:
    """Calls the services with client-credentials tokens, one a service, renewed once they ended.

    `urls` is what `payesh-local urls` prints. Raises httpx.HTTPStatusError with the problem's
    text when a service refuses a request.
    """

    def __init__(self, urls: dict[str, Any]) -> None:
        self._urls = urls
        self._client = httpx.AsyncClient(timeout=60)
        self._tokens: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def _authorise(self, service: str) -> str:
        operator = self._urls["operator"]
        secret = Path(operator["secret_file"]).read_text("utf-8").strip()
        answer = await self._client.post(
            self._urls["token_endpoint"],
            data={"grant_type": "client_credentials", "resource": audience_of(service)},
            auth=(operator["client_id"], secret),
        )
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    async def request(self, method: str, service: str, path: str, **fields: Any) -> httpx.Response:
        """One call; a token that ended is renewed once."""
        url = f"{self._urls['services'][service]}{path}"
        for attempt in (1, 2):
            if service not in self._tokens:
                self._tokens[service] = await self._authorise(service)
            bearer = f"Bearer {self._tokens[service]}"
            headers = {"Authorization": bearer, "Payesh-Purpose": _PURPOSE}
            answer = await self._client.request(method, url, headers=headers, **fields)
            if answer.status_code != 401 or attempt == 2:
                break
            del self._tokens[service]
        if answer.is_error:
            raise httpx.HTTPStatusError(
                f"{method} {path}: {answer.status_code} {answer.text[:500]}",
                request=answer.request,
                response=answer,
            )
        return answer

    async def create_camera(
        self, camera_id: str, revision: dict[str, Any], source: dict[str, str] | None
    ) -> None:
        """Register a camera with its first revision."""
        body = {"camera_id": camera_id, "source": source, "revision": revision}
        await self.request("POST", "ingest", "/v1/cameras", json=body)

    async def ensure_camera(
        self, camera_id: str, revision: dict[str, Any], source: dict[str, str] | None
    ) -> None:
        """Register a camera, or set the source of a registered one."""
        try:
            await self.create_camera(camera_id, revision, source)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 409 or source is None:
                raise
            await self.request("PUT", "ingest", f"/v1/cameras/{camera_id}/source", json=source)

    async def disable_camera(self, camera_id: str) -> None:
        """Stop recording it."""
        path = f"/v1/cameras/{camera_id}"
        await self.request("PATCH", "ingest", path, json={"enabled": False})

    async def post_snapshot(
        self,
        camera_id: str,
        image: bytes,
        media_type: str,
        captured_at: datetime,
        *,
        clock_u95_ms: float = 50.0,
        measurement: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Send one still; returns what `ingest` stored of it."""
        fields = {"captured_at": format_utc(captured_at), "clock_u95_ms": str(clock_u95_ms)}
        if measurement is not None:
            fields["measurement"] = json.dumps(measurement)
        answer = await self.request(
            "POST",
            "ingest",
            f"/v1/cameras/{camera_id}/snapshots",
            data=fields,
            files={"image": ("still", image, media_type)},
        )
        stored: dict[str, Any] = answer.json()
        return stored

    async def post_recording(
        self, camera_id: str, film: Path, started_at: datetime, *, clock_u95_ms: float
    ) -> dict[str, Any]:
        """Upload a film; returns the recording as `ingest` accepted it."""
        fields = {"started_at": format_utc(started_at), "clock_u95_ms": str(clock_u95_ms)}
        answer = await self.request(
            "POST",
            "ingest",
            f"/v1/cameras/{camera_id}/recordings",
            data=fields,
            files={"file": (film.name, film.read_bytes(), "video/mp4")},
        )
        accepted: dict[str, Any] = answer.json()
        return accepted
