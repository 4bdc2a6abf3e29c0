"""A record is read as it was written, and one of another version is never taken for ours."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from payesh.contracts.vocabulary import HealthCondition
from payesh.ingest.adapters.spool import Spool
from payesh.ingest.adapters.spool_records import (
    GapRecord,
    HealthRecord,
    Record,
    SegmentRecord,
    UnreadableRecord,
    UnusableRecord,
    read_assignment,
    read_spooled,
)
from payesh.ingest.workers.resuming import resumed_from_notes
from tests.support.unversioned_spool import UnversionedSpool
from tests.unit.ingest.builders import CAMERA, PLACE, STREAM, assignment, gap, health, segment

AT = datetime(2026, 1, 1, 10, tzinfo=UTC)
RECORDS = [segment(), gap(), health(HealthCondition.BLACK)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.kind)
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    document = json.loads(record.to_bytes())
    assert (document["kind"], document["version"]) == (record.kind, 1)
    assert read_spooled(record.to_bytes()) == record


def test_an_assignment_is_read_as_it_was_written() -> None:
    noted = assignment(last_stream_id=STREAM, raised=frozenset({"offline", "black"}))
    assert read_assignment(noted.to_bytes()) == noted


def changed(record: Record, **changes: Any) -> bytes:
    return json.dumps({**json.loads(record.to_bytes()), **changes}).encode()


@pytest.mark.parametrize("version", [0, 2, "1.0", None])
def test_another_version_is_not_guessed_at(version: Any) -> None:
    read = read_spooled(changed(segment(3), version=version))
    assert isinstance(read, UnusableRecord)
    assert "version" in read.reason
    assert read.lost == segment(3).lost()
    with pytest.raises(UnreadableRecord, match="version"):
        read_assignment(changed(assignment(), version=version))


def test_another_kind_and_missing_fields_are_named() -> None:
    kind = read_spooled(changed(gap(), kind="thermal"))
    assert isinstance(kind, UnusableRecord) and "thermal" in kind.reason
    fields = read_spooled(changed(gap(), body=PLACE.fields()))
    assert isinstance(fields, UnusableRecord) and "gap_id" in fields.reason
    assert fields.lost is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("sequence", float("inf")), ("sequence", 1e999), ("sequence", float("nan")),
     ("stream_id", 7), ("ended_at", [])],
)  # fmt: skip
def test_a_segment_whose_place_cannot_be_read_is_set_aside_without_a_gap(
    field: str, value: Any
) -> None:
    body = {**json.loads(segment().to_bytes())["body"], field: value}
    read = read_spooled(changed(segment(), body=body))
    assert isinstance(read, UnusableRecord)
    assert read.lost is None


@pytest.mark.parametrize(
    "data", [b"", bytes(40), b"[]", b"{}", b'{"kind": "segment"}', b"null", b"[" * 99_999]
)
def test_bytes_that_are_no_record_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableRecord):
        read_spooled(data)


def test_a_spool_written_before_versions_is_read(tmp_path: Path) -> None:
    laid = UnversionedSpool(tmp_path, CAMERA, AT, segments=2)
    laid.note_assignment("me", token=7)
    laid.note_last_stored(0)
    spool = Spool(tmp_path, 10_000)
    waiting = [item.record for item in spool.items(CAMERA)]
    assert [type(record) for record in waiting] == [
        GapRecord, SegmentRecord, SegmentRecord, HealthRecord,
    ]  # fmt: skip
    assert spool.init(CAMERA, laid.stream_id)
    noted = spool.notes.assignment(CAMERA)
    assert noted is not None
    assert (noted.holder, noted.token, noted.place) == ("me", 7, PLACE)
    assert noted.source.sealed_password == "sealed"
    (stored,) = spool.notes.last_stored(CAMERA)
    assert isinstance(stored, SegmentRecord) and stored.link_sha256 == laid.links[0]
    known = resumed_from_notes(noted, spool)
    assert (known.last_link_sha256, known.last_stream_id) == (laid.links[1], laid.stream_id)
    assert (known.last_sequence, known.known_until) == (1, AT.replace(second=4))
    assert known.raised == {"offline", "black"}


def test_an_assignment_of_another_version_is_kept_aside(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1000)
    spool.notes.keep_assignment(assignment())
    path = tmp_path / CAMERA / "assignment.note"
    newer = changed(assignment(), version=2)
    path.write_bytes(newer)
    assert spool.notes.assignment(CAMERA) is None
    assert path.with_name("assignment.note.bad").read_bytes() == newer
