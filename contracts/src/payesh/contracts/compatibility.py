"""What may change within v1: new optional fields, new terms of a vocabulary, and explanations.

`contracts/released.json` holds every schema and vocabulary as consumers know it.
`python -m payesh.contracts.compatibility [--release]`
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from payesh.contracts.schemas import CONTRACTS

_WORDS = frozenset({"description", "title", "$comment", "examples"})


def breaking_changes(released: Any, current: Any, place: str = "") -> Iterator[str]:
    """Yield each change that a consumer or producer of the released schema could trip over.

    A new enumeration value counts: a consumer that validates would refuse it.
    """
    if isinstance(released, dict) and isinstance(current, dict):
        for name, before in released.items():
            if name in _WORDS and isinstance(before, str | list):
                continue
            if name not in current:
                yield f"{place}/{name}: removed"
            elif name == "required":
                yield from (
                    f"{place}/required: {f} added" for f in set(current[name]) - set(before)
                )
                yield from (
                    f"{place}/required: {f} dropped" for f in set(before) - set(current[name])
                )
            else:
                yield from breaking_changes(before, current[name], f"{place}/{name}")
        additive = place.endswith(("/properties", "/$defs"))
        for name in current.keys() - released.keys() - _WORDS:
            if not additive:
                yield f"{place}/{name}: added"
    elif released != current:
        yield f"{place}: {json.dumps(released)} became {json.dumps(current)}"


def current_schemas() -> dict[str, Any]:
    """Every committed schema by file name, and every vocabulary by its path."""
    schemas = {
        path.name: json.loads(path.read_text("utf-8"))
        for folder in ("events", "documents")
        for path in sorted((CONTRACTS / folder).glob("*.v1.schema.json"))
    }
    return schemas | {
        f"vocabularies/{path.name}": json.loads(path.read_text("utf-8"))
        for path in sorted((CONTRACTS / "vocabularies").glob("*.json"))
    }


def changed_terms(released: Any, current: Any) -> Iterator[str]:
    """Yield each released term that is gone or means something else now. New terms are allowed."""
    for term, meaning in released["terms"].items():
        if term not in current["terms"]:
            yield f"/terms/{term}: removed"
        elif current["terms"][term]["en"] != meaning["en"]:
            yield f"/terms/{term}: its meaning changed"


def check(released: dict[str, Any], current: dict[str, Any]) -> list[str]:
    """Every breaking change of every released schema and vocabulary, a missing one included."""
    found = [f"{name}: removed" for name in released.keys() - current.keys()]
    for name in sorted(released.keys() & current.keys()):
        changes = changed_terms if name.startswith("vocabularies/") else breaking_changes
        found += [f"{name}{change}" for change in changes(released[name], current[name])]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Refuse a breaking change of a v1 contract.")
    parser.add_argument("--release", action="store_true", help="write the schemas as released")
    chosen = parser.parse_args(arguments)
    path = Path(CONTRACTS / "released.json")
    current = current_schemas()
    released = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    found = check(released, current)
    for change in found:
        sys.stderr.write(f"breaking: {change}\n")
    if chosen.release and not found:
        path.write_text(json.dumps(current, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
