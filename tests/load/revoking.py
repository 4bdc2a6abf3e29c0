"""Seconds from a revocation's answer to its refusal in each of the five services.

Each round registers a machine, disables it, and asks every service, over and over, with the tokens
that it got before. The time runs from the answer that it is disabled; a last admitted answer before
the refusal was sent at most one interval earlier.
"""

import asyncio
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import numpy as np

from payesh.contracts.audiences import audience_of
from payesh.local.stack import Stack

_ROUNDS = 60
_EVERY_S = 0.02
_GIVE_UP_S = 30.0
_PATHS = {
    "access": ("/v1/people", "people:read"),
    "ingest": ("/v1/cameras", "cameras:read"),
    "detect": ("/v1/passages/{}", "passages:read"),
    "plates": ("/v1/reads/{}", "reads:read"),
    "tickets": ("/v1/citations/{}", "citations:read"),
}
_PURPOSE = {"Payesh-Purpose": "measurement"}


async def measure_revoking() -> dict[str, Any]:
    """Percentiles of seconds by service, over the bus and asking as in production, and by asking
    alone with the bus stopped."""
    with tempfile.TemporaryDirectory(prefix="payesh-revoking-") as folder:
        async with (
            Stack(Path(folder), survives_power_loss=False) as stack,
            httpx.AsyncClient(timeout=20) as http,
        ):
            admin = await _administrator(stack, http)
            both = [await _round(stack, http, admin) for _ in range(_ROUNDS)]
            await stack.engines.bus.stop()
            asking = [await _round(stack, http, admin) for _ in range(_ROUNDS // 3)]
    return {"bus_and_asking": _summary(both), "bus_stopped": _summary(asking)}


async def _administrator(stack: Stack, http: httpx.AsyncClient) -> dict[str, str]:
    answer = await http.post(
        f"{stack.url('access')}/v1/bootstrap",
        json={
            "secret": stack.bootstrap_secret_file.read_text().strip(),
            "username": "load.administrator",
            "name": "Load",
            "password": secrets.token_urlsafe(24),
        },
    )
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}", **_PURPOSE}


async def _round(stack: Stack, http: httpx.AsyncClient, admin: dict[str, str]) -> dict[str, float]:
    """Seconds by service."""
    access = stack.url("access")
    client_id = f"machine-{secrets.token_hex(4)}"
    made = await http.post(
        f"{access}/v1/clients",
        headers=admin,
        json={
            "client_id": client_id,
            "name": "Machine",
            "agency": "payesh",
            "grants": ["client_credentials"],
            "scopes": [scope for _, scope in _PATHS.values()],
            "counties": "*",
        },
    )
    made.raise_for_status()
    tokens = {}
    for service in _PATHS:
        answer = await http.post(
            f"{access}/oauth/token",
            data={"grant_type": "client_credentials", "resource": audience_of(service)},
            auth=(client_id, made.json()["client_secret"]),
        )
        answer.raise_for_status()
        tokens[service] = {"Authorization": f"Bearer {answer.json()['access_token']}", **_PURPOSE}
        first = await _ask(stack, http, service, tokens[service])
        assert first not in (401, 403, 503), (service, first)
    disabled = await http.patch(
        f"{access}/v1/clients/{client_id}", headers=admin, json={"enabled": False}
    )
    disabled.raise_for_status()
    since = time.perf_counter()

    async def until_refused(service: str) -> float:
        while time.perf_counter() - since < _GIVE_UP_S:
            if await _ask(stack, http, service, tokens[service]) == 401:
                return time.perf_counter() - since
            await asyncio.sleep(_EVERY_S)
        return _GIVE_UP_S

    seconds = await asyncio.gather(*map(until_refused, _PATHS))
    return dict(zip(_PATHS, seconds, strict=True))


async def _ask(stack: Stack, http: httpx.AsyncClient, service: str, headers: dict[str, str]) -> int:
    path, _ = _PATHS[service]
    url = stack.url(service) + path.format(uuid4())
    return (await http.get(url, headers=headers)).status_code


def _summary(rounds: list[dict[str, float]]) -> dict[str, Any]:
    found: dict[str, Any] = {"rounds": len(rounds)}
    for service in _PATHS:
        seconds = np.array([each[service] for each in rounds])
        found[service] = {
            f"p{percentile}_s": round(float(np.percentile(seconds, percentile)), 3)
            for percentile in (50, 95, 99)
        } | {"max_s": round(float(seconds.max()), 3)}
    return found
