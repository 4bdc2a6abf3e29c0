"""Searching a verified export: what the signed records say, not the columns of a database."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from payesh.access.verification.files import lines_of

WHOLE = frozenset({"service", "subject", "actor", "agency", "scope", "action", "outcome"})
"""Fields that are searched for as they stand."""
LISTS = {"resource": "resource_ids", "term": "query_terms"}
"""Names of conditions on one member of a list."""
NAMES = (*sorted(WHOLE), "purpose", *sorted(LISTS))


class BadCondition(Exception):
    """Not a condition that can be searched for. The text says what one looks like."""


def condition(text: str) -> tuple[str, str]:
    """`NAME=VALUE` in its parts. Raises BadCondition."""
    name, equals, value = text.partition("=")
    if not equals or name not in NAMES:
        raise BadCondition(f"not NAME=VALUE with a NAME of {', '.join(NAMES)}: {text!r}")
    return name, value


def matching(export: Path, conditions: Sequence[tuple[str, str]]) -> Iterator[tuple[int, str]]:
    """Positions and records of an export that was read before, for which every name's condition
    holds: of several with one name, any. `purpose` is how it begins. Records that the export shows
    as hashes alone match nothing. Raises BadFile, OSError."""
    wanted: dict[str, set[str]] = {}
    for name, value in conditions:
        wanted.setdefault(name, set()).add(value)
    for _, line in lines_of(export):
        leaf = line.get("leaf")
        if leaf is None:
            continue
        record = json.loads(leaf)
        if all(_holds(record, name, values) for name, values in wanted.items()):
            yield line["position"], leaf


def _holds(record: dict[str, Any], name: str, values: set[str]) -> bool:
    if name in LISTS:
        return not values.isdisjoint(record.get(LISTS[name]) or ())
    if name == "purpose":
        return (record.get(name) or "").startswith(tuple(values))
    return record.get(name) in values
