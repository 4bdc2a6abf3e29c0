"""JSON that every program reads alike: no name twice in an object, and numbers that are numbers."""

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any


def json_object(body: bytes) -> dict[str, Any]:
    """The object that a document is. Raises TypeError for what is none, ValueError for what
    programs read differently (RFC 8259, section 4): else a bundle could hold for one reader and
    say something else to another."""
    found = json.loads(body, object_pairs_hook=_once, parse_constant=_no_number)
    if not isinstance(found, dict):
        raise TypeError("not an object")
    return found


def finite(value: object) -> float:
    """A finite number of a document. Raises ValueError: what is none compares as nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError("not a number")
    return float(value)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
