"""The conditions of a search, normalised: two spellings of one question become one text.

A keyed digest of it goes with each audit record, so that "who looked for this plate" has an answer
while the log names no plate. Every service and the auditor's search normalise here.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from uuid import UUID

from payesh.contracts.plate_text import UNKNOWN_PLACE, fold, searched_texts, split_characters
from payesh.contracts.values import format_utc

Condition = str | int | datetime | UUID | None
"""A condition's value; None and an empty text are no condition."""

PLATE = "plate"
_TIMES = frozenset({"from", "to"})
_MOST_CHARACTERS = 200


def normalised_conditions(conditions: Mapping[str, Condition]) -> dict[str, str]:
    """Name to normalised value of each condition that is one, by name.

    A plate is folded as the search folds it; a time becomes UTC; an id is lower case. Never raises:
    what cannot be understood stays as it was written, cut to 200 characters.

    >>> normalised_conditions({"plate": "۱۲ ب ۳۴۵-۶۷", "state": None})
    {'plate': '12ب34567'}
    """
    given = {
        name: value
        for name, value in sorted(conditions.items())
        if value is not None and value != ""
    }
    return {name: _normalised(name, value)[:_MOST_CHARACTERS] for name, value in given.items()}


def canonical_query(conditions: Mapping[str, str]) -> bytes:
    """The bytes that are digested, of normalised conditions: JSON, sorted, without spaces."""
    return json.dumps(
        dict(conditions), sort_keys=True, separators=(",", ":"), ensure_ascii=True
    ).encode()


def plate_searches(plate: str) -> Iterator[str]:
    """Every normalised plate condition that finds this plate: itself, and with each place unknown.

    Of eight places that is 255 texts. Raises ValueError for what is no plate of layout `car`.
    """
    (text,) = searched_texts(plate)
    if UNKNOWN_PLACE in text:
        raise ValueError("every place of the plate must be known")
    places = split_characters(text)
    for mask in product((False, True), repeat=len(places)):
        if not all(mask):
            yield "".join(
                UNKNOWN_PLACE if hidden else place
                for hidden, place in zip(mask, places, strict=True)
            )


def _normalised(name: str, value: str | int | datetime | UUID) -> str:
    if isinstance(value, datetime):
        return _utc_text(value)
    if not isinstance(value, str):
        return str(value)
    if name == PLATE:
        return _plate(value)
    if name in _TIMES:
        try:
            return _utc_text(datetime.fromisoformat(value))
        except ValueError:
            return value
    try:
        return str(UUID(value))
    except ValueError:
        return value


def _plate(written: str) -> str:
    try:
        # An unknown letter is searched as two texts, of which the first has it as `?`.
        return searched_texts(written)[0]
    except ValueError:
        return fold(written)


def _utc_text(value: datetime) -> str:
    try:
        return format_utc(value.astimezone(UTC)) if value.tzinfo else value.isoformat()
    except OverflowError:
        return value.isoformat()
