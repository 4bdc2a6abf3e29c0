"""The truth for `/readyz`: each dependency asked, each consumer's and relay's own word."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from payesh.kit.bus import Consumer
from payesh.kit.relay import Relay

_PATIENCE_S = 3.0


async def readiness(
    probes: Mapping[str, Callable[[], Awaitable[None]]],
    *,
    consumers: Sequence[Consumer] = (),
    relay: Relay | None = None,
) -> dict[str, str]:
    """Name to "ok" or what is wrong. `probes` are pings: {"database": database.ping, ...}."""

    async def ask(probe: Callable[[], Awaitable[None]]) -> str:
        try:
            await asyncio.wait_for(probe(), _PATIENCE_S)
        except TimeoutError:
            return "no answer"
        except Exception as error:  # whatever it is, the dependency is not ok
            return type(error).__name__
        return "ok"

    states = dict(zip(probes, await asyncio.gather(*map(ask, probes.values())), strict=True))
    for consumer in consumers:
        states[f"consumer {consumer.group}"] = consumer.status
    if relay is not None:
        states["outbox relay"] = f"waits for {relay.blocked_by}" if relay.blocked_by else "ok"
    return states
