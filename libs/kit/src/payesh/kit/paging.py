"""Lists in pages: cursors, page sizes, and bounded types for what a caller sends.

A list is ordered by a key that no two rows share. The cursor holds the key of a page's last row;
the next page begins after it:

    _after = TypeAdapter(tuple[UtcTime, UUID])

    @router.get("")
    async def list_reads(cursor: Cursor = None, limit: Limit = 50) -> ReadPage:
        rows = ...(after=decode_cursor(cursor, _after), limit=limit)
        return ReadPage(items=..., next=next_cursor(rows, limit, lambda row: (row.at, row.id)))
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter

from payesh.kit.errors import Unprocessable

T = TypeVar("T")
Row = TypeVar("Row")

MAX_PAGE = 200
MAX_CURSOR = 500

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Items on a page.")]
"""Type of a `limit` parameter: `limit: Limit = 50`."""

Cursor = Annotated[
    str | None,
    # Not `max_length`: a cursor that is too long is a bad cursor like any other.
    Query(
        description="`next` of the page before, unchanged.",
        json_schema_extra={"maxLength": MAX_CURSOR},
    ),
]
"""Type of a `cursor` parameter: `cursor: Cursor = None`. Read it with `decode_cursor`."""


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("NUL is not accepted")
    return value


Text = Annotated[str, Field(max_length=1000), AfterValidator(_without_nul)]
"""Text of a query, path or body, of at most 1000 characters and without NUL, which PostgreSQL does
not store. A tighter bound goes around it: `Annotated[Text, Field(max_length=40)]`."""

ShortText = Annotated[str, Field(max_length=128), AfterValidator(_without_nul)]
"""A name or an id: `Text` of at most 128 characters."""


def _as_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("no year from 1 to 9999 in UTC") from None


UtcTime = Annotated[AwareDatetime, AfterValidator(_as_utc)]
"""A time with its zone, as UTC. One that leaves the years 1 to 9999 in UTC is refused."""

From = Annotated[UtcTime | None, Query(alias="from", description="The first moment.")]
To = Annotated[UtcTime | None, Query(alias="to", description="The end, not included.")]
"""Types of a time span's parameters: `since: From = None, until: To = None`."""

Number = Annotated[int, Field(ge=0, lt=2**31)]
"""A part of a cursor that is an `integer` of the database."""

LongNumber = Annotated[int, Field(ge=0, lt=2**63)]
"""A part of a cursor that is a `bigint` of the database."""


class BadCursor(Unprocessable):
    """A cursor that was not made by `encode_cursor` for this list."""

    def __init__(self) -> None:
        super().__init__("the cursor is not the `next` of a page of this list", type="bad-cursor")


def encode_cursor(*key: datetime | UUID | str | int) -> str:
    """The cursor of the page that begins after the row with this key."""
    parts = [part.isoformat() if isinstance(part, datetime) else str(part) for part in key]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def decode_cursor(cursor: str | None, key: TypeAdapter[T]) -> T | None:
    """The key in a cursor; None for the first page, whose cursor is absent or empty.

    `key` describes a tuple with a type for each part: `TypeAdapter(tuple[UtcTime, UUID])`.
    Raises BadCursor.
    """
    if not cursor:
        return None
    if len(cursor) > MAX_CURSOR:
        raise BadCursor
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True)
        if any("\0" in part for part in _PARTS.validate_json(text)):
            raise BadCursor
        return key.validate_json(text)
    except (ValueError, binascii.Error):
        raise BadCursor from None


_PARTS = TypeAdapter(list[str])


def next_cursor(
    rows: Sequence[Row], limit: int, key: Callable[[Row], tuple[Any, ...]]
) -> str | None:
    """The cursor after these rows; None when they fill no page, so that it is the last."""
    return encode_cursor(*key(rows[-1])) if rows and len(rows) == limit else None
