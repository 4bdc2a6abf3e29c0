"""The hash chain of the audit log: a row that was changed, removed or inserted breaks it."""

from collections.abc import AsyncIterable
from hashlib import sha256

GENESIS = bytes(32)
"""The previous link of the first record in each service's chain."""


def link(previous: bytes, body: bytes) -> bytes:
    """SHA-256 over the previous link (32 bytes) and the record as it was stored."""
    return sha256(previous + body).digest()


async def first_break(
    rows: AsyncIterable[tuple[int, bytes, bytes, bytes]], records: int
) -> int | None:
    """The first position at which the chain breaks, None when it is whole.

    `rows`: (position, previous link, body, link) in the order of positions, which start at 1;
    `records` is how many there should be.
    """
    position, previous = 0, GENESIS
    async for at, stored_previous, body, stored_link in rows:
        if at != position + 1 or stored_previous != previous:
            return position + 1
        if link(previous, body) != stored_link:
            return at
        position, previous = at, stored_link
    return None if position == records else position + 1
