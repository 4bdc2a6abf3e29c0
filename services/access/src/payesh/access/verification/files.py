"""Files of the offline verification: an export, and published tree heads with leaf hashes."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from sys import intern
from typing import Any

from payesh.access.adapters.tree_head_statements import BadStatement, opened
from payesh.access.domain.audit_findings import ExportedLeaf
from payesh.access.domain.merkle import leaf_hash
from payesh.access.domain.tree_head import TreeHead

HASH_BYTES = 32


class BadFile(Exception):
    """A file that is not what it should be. The text names the line, never what it holds."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A tree head with the id of the key that signed it, and where it was read."""

    head: TreeHead
    key_id: str
    source: str


@dataclass(frozen=True, slots=True)
class HeadsFile:
    """What a file of heads holds: heads, runs of leaf hashes, and lines whose signature fails."""

    heads: list[SignedHead]
    runs: list[tuple[int, Sequence[bytes]]]
    bad: list[str]


@dataclass(frozen=True, slots=True)
class Export:
    """An export: the statement of the head up to which it was made, and its leaves in order."""

    statement: str | None
    leaves: list[ExportedLeaf]


def read_export(path: Path) -> Export:
    """Raises BadFile, OSError."""
    statement: str | None = None
    leaves: list[ExportedLeaf] = []
    for number, line in _lines(path):
        if "audit_export" in line:
            statement = line.get("tree_head")
            continue
        try:
            leaves.append(_leaf(line))
        except (KeyError, TypeError, ValueError):
            raise BadFile(f"{path}, line {number}: not a line of an audit export") from None
    return Export(statement, leaves)


def _leaf(line: dict[str, Any]) -> ExportedLeaf:
    if "leaf" not in line:
        return ExportedLeaf(int(line["position"]), bytes.fromhex(line["leaf_sha256"]))
    body = line["leaf"].encode()
    record = json.loads(line["leaf"])
    service, action = record["service"], str(record["action"])
    alarm = None
    if service == "access" and action.startswith("alarm:"):
        about = ", ".join(map(str, record["resource_ids"][1:])) or record["resource_ids"][0]
        alarm = f"{action.removeprefix('alarm:')}: {about}"
    # A million records have a few services and epochs among them.
    number = (intern(str(service)), intern(str(record.get("epoch") or "")), int(record["sequence"]))
    return ExportedLeaf(int(line["position"]), leaf_hash(body), number, alarm)


def read_heads(paths: Sequence[Path]) -> HeadsFile:
    """Every line of these files, and of the files in these folders, in any order.

    A line is what the bucket, a witness or the API has: an object with `tree_head`, with `first`
    and `leaf_hashes`, or with both. Raises BadFile, OSError.
    """
    found = HeadsFile([], [], [])
    for path in _files(paths):
        for number, line in _lines(path):
            place = f"{path}, line {number}"
            for each in line.get("items", [line]):
                _take(found, each, place)
    return found


def head_of_export(export: Export, path: Path) -> HeadsFile:
    """The head that the export itself states."""
    found = HeadsFile([], [], [])
    if export.statement is not None:
        _take(found, {"tree_head": export.statement}, f"{path}, its first line")
    return found


def _take(found: HeadsFile, line: dict[str, Any], place: str) -> None:
    try:
        if "leaf_hashes" in line:
            joined = base64.b64decode(line["leaf_hashes"], validate=True)
            if len(joined) % HASH_BYTES:
                raise ValueError("not whole hashes")
            hashes = [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]
            found.runs.append((int(line["first"]), hashes))
        if "tree_head" in line:
            head, key_id = opened(line["tree_head"])
            found.heads.append(SignedHead(head, key_id, place))
        elif "leaf_hashes" not in line:
            raise KeyError("tree_head")
    except BadStatement as error:
        found.bad.append(f"{place}: {error}")
    except (KeyError, TypeError, ValueError):
        raise BadFile(f"{place}: not a line of published tree heads") from None


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_file())
        else:
            yield path


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError:
                raise BadFile(f"{path}, line {number}: not JSON") from None
            if not isinstance(value, dict):
                raise BadFile(f"{path}, line {number}: not a JSON object")
            yield number, value
