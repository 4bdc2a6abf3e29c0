"""Free loopback ports that stay reserved while a server is down."""

import asyncio
import random
import socket

LOOPBACK = "127.0.0.1"

# Below Linux's ephemeral range (32768 and up): a port of that range can be taken by any
# outgoing connection while the server that owns it is being restarted.
_FIRST, _LAST = 11_000, 21_900

_chosen: set[int] = set()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: otherwise a port with connections in TIME_WAIT would look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(*, also_offset: int = 0) -> int:
    """A port without a listener that this process has not returned before.

    `also_offset`: the port that far above must be free too (SeaweedFS takes port + 10000).
    """
    for _ in range(1000):
        port = random.randint(_FIRST, _LAST)  # noqa: S311 - no secret
        wanted = {port, port + also_offset}
        if wanted & _chosen or not all(_is_free(each) for each in wanted):
            continue
        _chosen.update(wanted)
        return port
    raise OSError("no free loopback port found")


async def require_listener(port: int) -> None:
    """Raise OSError unless a server listens on the port.

    Called before a real client connects: those log, retry and wait on a refused connection.
    """
    _, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.close()
