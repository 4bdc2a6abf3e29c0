"""Published schemas, compiled once: `check` is what a producer must pass before sending."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

_packaged = Path(__file__).parent
# A wheel carries the folders inside the package; an editable install reads them in place.
CONTRACTS = _packaged if (_packaged / "events").is_dir() else Path(__file__).parents[3]


class SchemaViolation(ValueError):
    """A message that its published schema refuses. The text names places, never values."""


@cache
def schema(topic: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a topic. Raises KeyError for an unknown topic."""
    path = CONTRACTS / "events" / f"{topic}.schema.json"
    if not path.is_file():
        raise KeyError(topic)
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def closed(node: Any) -> Any:
    """The same schema refusing unknown fields: what is asked of producers, not of consumers."""
    if isinstance(node, dict):
        copy = {name: closed(child) for name, child in node.items()}
        if copy.get("type") == "object" and "properties" in copy:
            copy.setdefault("additionalProperties", False)
        return copy
    if isinstance(node, list):
        return [closed(child) for child in node]
    return node


@cache
def _validator(topic: str, strict: bool) -> Any:
    document = closed(schema(topic)) if strict else schema(topic)
    return jsonschema_rs.Draft202012Validator(document, validate_formats=True)


def check(topic: str, message: Any, *, producing: bool) -> None:
    """Raise SchemaViolation unless `message` (parsed JSON) is what the topic's schema describes."""
    errors = [
        f"{'/'.join(str(part) for part in error.instance_path) or 'message'}: {error.kind.name}"
        for error in _validator(topic, producing).iter_errors(message)
    ]
    if errors:
        raise SchemaViolation(f"{topic}: " + "; ".join(errors[:5]))
