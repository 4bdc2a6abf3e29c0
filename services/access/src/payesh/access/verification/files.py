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
from payesh.access.domain.tree_head import Endorsement, TreeHead

HASH_BYTES = 32


class BadFile(Exception):
    """A file that is not what it should be. The text names the line, never what it holds."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A tree head with the id of the key that signed it, where it was read, and how its key came to
    sign."""

    head: TreeHead
    key_id: str
    source: str
    endorsement: Endorsement | None


@dataclass(frozen=True, slots=True)
class HeadsFile:
    """What a file of heads holds: heads, runs of leaf hashes, and lines whose signature fails."""

    heads: list[SignedHead]
    runs: list[tuple[int, Sequence[bytes]]]
    bad: list[str]


@dataclass(frozen=True, slots=True)
class Export:
    """An export: the statement of the head up to which it was made, the agency whose records it
    shows (None for all), and its leaves in order."""

    statement: str | None
    agency: str | None
    leaves: list[ExportedLeaf]


def read_export(path: Path) -> Export:
    """Raises BadFile, OSError."""
    statement: str | None = None
    agency: str | None = None
    leaves: list[ExportedLeaf] = []
    for number, line in lines_of(path):
        if "audit_export" in line:
            statement, agency = line.get("tree_head"), line.get("agency")
            continue
        try:
            leaves.append(_leaf(line))
        except (KeyError, TypeError, ValueError, RecursionError):
            raise BadFile(f"{path}, line {number}: not a line of an audit export") from None
    return Export(statement, agency, leaves)


def _leaf(line: dict[str, Any]) -> ExportedLeaf:
    if "leaf" not in line:
        return ExportedLeaf(_whole(line["position"]), bytes.fromhex(line["leaf_sha256"]))
    body = line["leaf"].encode()
    record = json.loads(line["leaf"])
    service, action = record["service"], str(record["action"])
    alarm = None
    if service == "access" and action.startswith("alarm:"):
        about = ", ".join(map(str, record["resource_ids"][1:])) or record["resource_ids"][0]
        alarm = f"{action.removeprefix('alarm:')}: {about}"
    # A million records have a few services and epochs among them.
    epoch = intern(str(record.get("epoch") or ""))
    number = (intern(str(service)), epoch, _whole(record["sequence"]))
    return ExportedLeaf(_whole(line["position"]), leaf_hash(body), number, alarm)


def read_heads(paths: Sequence[Path]) -> HeadsFile:
    """Every line of these files, and of the files in these folders, in any order.

    A line is what the bucket, a witness or the API has: an object with `tree_head`, with `first`
    and `leaf_hashes`, or with both. Raises BadFile, OSError.
    """
    found = HeadsFile([], [], [])
    for path in _files(paths):
        for number, line in lines_of(path):
            place = f"{path}, line {number}"
            items = line.get("items", [line])
            if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
                raise BadFile(f"{place}: not a page of published tree heads")
            for each in items:
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
            found.runs.append((_whole(line["first"]), hashes))
        if "tree_head" in line:
            head, key_id, endorsement = opened(line["tree_head"])
            found.heads.append(SignedHead(head, key_id, place, endorsement))
        elif "leaf_hashes" not in line:
            raise KeyError("tree_head")
    except BadStatement as error:
        found.bad.append(f"{place}: {error}")
    except (KeyError, TypeError, ValueError):
        raise BadFile(f"{place}: not a line of published tree heads") from None


def _whole(value: object) -> int:
    """A position, size or number of the log. Raises ValueError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ValueError("not a number of the log")
    return value


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_file())
        else:
            yield path


def lines_of(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file, each with the number of its line. Raises BadFile, OSError."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                raise BadFile(f"{path}, line {number}: not JSON") from None
            if not isinstance(value, dict):
                raise BadFile(f"{path}, line {number}: not a JSON object")
            yield number, value
