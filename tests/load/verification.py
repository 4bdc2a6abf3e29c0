"""What verifying a request's token costs, next to the bare signature by joserfc."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
from fastapi import Depends, FastAPI
from joserfc import jwt

from payesh.contracts import TokensRevoked
from payesh.kit.authorization import authorize
from payesh.kit.published_keys import JwksKeys
from payesh.kit.quotas import Quotas
from payesh.kit.revocations.known import Doors, Revocations
from payesh.kit.settings import TokenSettings
from payesh.kit.tokens import TokenVerifier
from tests.support.signed_tokens import ISSUER, TokenSigner

_TOKENS = 200
_ROUNDS = 25
_REVOKED = 10_000
"""Holders with a revocation that a service keeps; among them, from before, those of the tokens."""


class Settings(TokenSettings):
    service: ClassVar[str] = "tickets"


async def measure_verification() -> dict[str, Any]:
    """Milliseconds a token, p50 and p95: the signature by joserfc alone; the kit's verifier, which
    also checks type, claims, audience and revocations and makes the principal; and a whole request
    over ASGI with and without `authorize`, whose difference is what a route pays.

    Each round takes every token once, the four interleaved, so that a busy machine slows all alike;
    time of the processor beside the clock's shows what is ours when others keep it busy.
    """
    signer = TokenSigner(Settings.service)
    async with signer.keys_served() as jwks_url:
        settings = Settings(token_issuer=ISSUER, jwks_url=jwks_url)
        keys = JwksKeys(jwks_url)
        key_set = await keys.key_set(None)
        revocations = _revocations()
        verifier = TokenVerifier(settings, keys, revocations)
        tokens = [
            signer.token(
                f"person:{number}", scope="citations:read law:read", rev=_REVOKED, sid=f"s-{number}"
            )
            for number in range(_TOKENS)
        ]
        app = FastAPI()
        app.state.verifier = verifier
        app.state.quotas = Quotas(10**6, 10**6)

        @app.get("/open")
        async def open_route() -> None: ...

        @app.get("/shut", dependencies=[Depends(authorize("law:read", resource="law"))])
        async def shut_route() -> None: ...

        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bench") as http:

            async def bare(token: str) -> None:
                jwt.decode(token, key_set, algorithms=["EdDSA"])

            async def verified(token: str) -> None:
                await verifier.principal(token)

            async def requested(path: str, token: str) -> None:
                answer = await http.get(path, headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code == 200, answer.text

            parts: dict[str, Callable[[str], Awaitable[None]]] = {
                "joserfc": bare,
                "kit": verified,
                "open_request": lambda token: requested("/open", token),
                "request": lambda token: requested("/shut", token),
            }
            found = await _timed(parts, tokens)
    return {
        **{name: _percentiles(times) for name, times in found.items()},
        "tokens": _TOKENS * _ROUNDS,
        "revocations_kept": _REVOKED,
        "limit_p95_ms": 1.0,
    }


def _revocations() -> Revocations:
    """What a service knows of a busy day; each token was issued after its holder's revocation."""
    known = Revocations(Doors(patience_s=3600, open_scopes=frozenset()))
    now = datetime.now(UTC)
    known.learn(
        [
            TokensRevoked(
                revoked=f"subject:person:{number}",
                number=number + 1,
                revoked_at=now,
                expires_at=now + timedelta(hours=1),
            )
            for number in range(_REVOKED)
        ]
    )
    known.confirm()
    return known


async def _timed(
    parts: dict[str, Callable[[str], Awaitable[None]]], tokens: list[str]
) -> dict[str, list[tuple[float, float]]]:
    """Of each call its milliseconds on the clock and of the processor."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in parts}
    for call in parts.values():
        await call(tokens[0])
    gc.collect()
    for _ in range(_ROUNDS):
        for token in tokens:
            for name, call in parts.items():
                began, began_cpu = time.perf_counter(), time.thread_time()
                await call(token)
                ended_cpu, ended = time.thread_time(), time.perf_counter()
                found[name].append(((ended - began) * 1000, (ended_cpu - began_cpu) * 1000))
        await asyncio.sleep(0)
    return found


def _percentiles(times_ms: list[tuple[float, float]]) -> dict[str, float]:
    def at(share: float, times: list[float]) -> float:
        return round(sorted(times)[int(len(times) * share)], 4)

    clock, processor = ([pair[which] for pair in times_ms] for which in (0, 1))
    return {
        "p50_ms": at(0.5, clock),
        "p95_ms": at(0.95, clock),
        "p50_cpu_ms": at(0.5, processor),
        "p95_cpu_ms": at(0.95, processor),
    }
