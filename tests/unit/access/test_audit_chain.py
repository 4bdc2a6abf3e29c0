"""Any change of a stored audit record breaks the chain at its position."""

from collections.abc import AsyncIterator

import pytest

from payesh.access.domain.audit_chain import GENESIS, first_break, link

Row = tuple[int, bytes, bytes, bytes]


def chain(bodies: list[bytes]) -> list[Row]:
    rows, previous = [], GENESIS
    for position, body in enumerate(bodies, 1):
        new = link(previous, body)
        rows.append((position, previous, body, new))
        previous = new
    return rows


async def streamed(rows: list[Row]) -> AsyncIterator[Row]:
    for row in rows:
        yield row


WHOLE = chain([b"a", b"b", b"c", b"d"])
CHANGED = (*WHOLE[1][:2], b"x", WHOLE[1][3])
RELINKED = (2, WHOLE[1][1], b"x", link(WHOLE[1][1], b"x"))


@pytest.mark.parametrize(
    ("rows", "broken_at"),
    [
        (WHOLE, None),
        ([], 1),
        ([WHOLE[0], CHANGED, *WHOLE[2:]], 2),
        ([WHOLE[0], RELINKED, *WHOLE[2:]], 3),
        ([WHOLE[0], *WHOLE[2:]], 2),
        (WHOLE[:-1], 4),
        ([WHOLE[1], WHOLE[0], *WHOLE[2:]], 1),
    ],
)
async def test_the_first_broken_position_is_returned(
    rows: list[Row], broken_at: int | None
) -> None:
    assert await first_break(streamed(rows), records=4) == broken_at


async def test_an_empty_chain_holds() -> None:
    assert await first_break(streamed([]), records=0) is None
