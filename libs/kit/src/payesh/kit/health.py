"""The answer of `/readyz`: the state of each dependency, consumer and relay."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from payesh.kit.bus import Consumer
from payesh.kit.relay import Relay

_PATIENCE_S = 3.0

Probe = Callable[[], Awaitable[None]]


async def readiness(
    probes: Mapping[str, Probe],
    *,
    relay: Relay | None,
    consumers: Sequence[Consumer] = (),
) -> dict[str, str]:
    """Name to "ok" or what is wrong.

    `probes` are pings that raise: `{"store": store.ping, "bus": producer.ping}`. The database is
    probed through `relay`, so that no service answers for one without the other; None is for a
    process without a database.
    """
    if relay is not None:
        probes = {"database": relay.database.ping, **probes}
    states = dict(zip(probes, await asyncio.gather(*map(_ask, probes.values())), strict=True))
    for consumer in consumers:
        states[f"consumer {consumer.group}"] = consumer.status
    if relay is not None:
        states["outbox relay"] = f"waits for {relay.blocked_by}" if relay.blocked_by else "ok"
    return states


async def _ask(probe: Probe) -> str:
    try:
        await asyncio.wait_for(probe(), _PATIENCE_S)
    except TimeoutError:
        return "no answer"
    except Exception as error:  # whatever it is, the dependency is not ok
        return type(error).__name__
    return "ok"
