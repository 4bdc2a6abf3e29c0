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
from payesh.local.engines import LocalEngines
from payesh.local.stack import Stack
from tests.integration.replicas.conftest import EVERY_REQUEST_ANEW, READS, Town, running_town

_ROUNDS = 60
_EVERY_S = 0.02
_GIVE_UP_S = 30.0
_IN_A_ROW = 8
"""Refusals after which no replica behind an address is taken to admit."""
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
    alone with the bus stopped; and with two replicas of access and of tickets behind an address."""
    found = await _one_replica_each()
    found["two_replicas"] = await measure_replicas(_ROUNDS)
    return found


async def measure_replicas(rounds: int) -> dict[str, Any]:
    """Percentiles of seconds until both replicas of access, both of tickets and one of detect
    refuse: each request reaches the next replica, and the time is that of the first refusal that
    no admitted answer follows."""
    with tempfile.TemporaryDirectory(prefix="payesh-replicas-") as name:
        folder = Path(name)
        engines = LocalEngines(folder / "engines", survives_power_loss=False)
        await engines.start()
        try:
            async with running_town(engines, folder, ["both"]) as town:
                found = [await _round_of_replicas(town) for _ in range(rounds)]
        finally:
            engines.kill()
    return _summary(found)


async def _round_of_replicas(town: Town) -> dict[str, float]:
    made = (await town.access.new_client(scopes=READS, counties="*")).json()
    client_id = made["client"]["client_id"]
    tokens = await town.machine_tokens(client_id, made["client_secret"])
    urls = {"access": town.access.url, "tickets": town.tickets_url, "detect": town.detect["both"]}

    async def ask(http: httpx.AsyncClient, service: str) -> int:
        url = urls[service] + _PATHS[service][0].format(uuid4())
        return (await http.get(url, headers=tokens[service])).status_code

    # Without kept connections, so that each request reaches the next replica.
    headers = {**_PURPOSE, **EVERY_REQUEST_ANEW}
    async with httpx.AsyncClient(timeout=20, headers=headers) as http:
        for service in urls:
            assert (first := await ask(http, service)) not in (401, 403, 503), (service, first)
        disabled = await town.access.patch(f"/v1/clients/{client_id}", {"enabled": False})
        disabled.raise_for_status()
        since = time.perf_counter()

        async def until_refused(service: str) -> float:
            refusals, refused_at_s = 0, 0.0
            while refusals < _IN_A_ROW:
                status = await ask(http, service)
                answered_s = time.perf_counter() - since
                if answered_s > _GIVE_UP_S:
                    return _GIVE_UP_S
                if status == 401:
                    refused_at_s = refused_at_s if refusals else answered_s
                    refusals += 1
                else:
                    refusals = 0
                await asyncio.sleep(_EVERY_S)
            return refused_at_s

        seconds = await asyncio.gather(*map(until_refused, urls))
    return dict(zip(urls, seconds, strict=True))


async def _one_replica_each() -> dict[str, Any]:
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
    for service in rounds[0]:
        seconds = np.array([each[service] for each in rounds])
        found[service] = {
            f"p{percentile}_s": round(float(np.percentile(seconds, percentile)), 3)
            for percentile in (50, 95, 99)
        } | {"max_s": round(float(seconds.max()), 3)}
    return found
