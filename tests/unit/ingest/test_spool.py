"""What was put into the spool comes out whole, in order, and within the limit."""

import errno
import os
from pathlib import Path
from uuid import uuid4

import pytest

from payesh.ingest.adapters.spool import Spool, SpoolFull, SpoolInUse
from payesh.ingest.adapters.spool_records import SegmentRecord
from tests.unit.ingest.builders import gap, segment


def sequences(spool: Spool) -> list[int]:
    records = [item.record for item in spool.items("a")]
    return [record.sequence for record in records if isinstance(record, SegmentRecord)]


def test_items_come_out_in_order_also_after_a_crash(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10_000)
    for number in range(12):
        spool.append("a", segment(number), b"x" * 10)
    spool.append("a", gap())
    spool.close()
    # A crash between media and sidecar, and one while a sidecar was written.
    (tmp_path / "a" / "000000000013.m4s").write_bytes(b"half")
    (tmp_path / "a" / "000000000014.json.part").write_bytes(b"{")
    again = Spool(tmp_path, 10_000)
    items = list(again.items("a"))
    assert [item.record for item in items] == [*(segment(n) for n in range(12)), gap()]
    assert (again.used_bytes, again.depth) == (120, 13)
    assert again.append("a", gap()).ordinal > items[-1].ordinal
    for item in items:
        again.remove(item)
    assert (again.used_bytes, again.depth) == (0, 1)


def test_a_full_spool_refuses_media_but_always_takes_a_gap(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 100)
    first = spool.append("a", segment(), b"x" * 90)
    with pytest.raises(SpoolFull):
        spool.append("a", segment(), b"x" * 20)
    assert not spool.has_room
    spool.append("a", gap())
    spool.remove(first)
    assert spool.has_room


def test_what_the_disk_refused_only_a_write_takes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, 100)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", full)
        for media in (None, b"x"):
            with pytest.raises(SpoolFull):
                spool.append("a", segment(), media)
            assert not spool.has_room
        with pytest.raises(SpoolFull):
            spool.put_init("a", uuid4(), b"init")
    assert list((tmp_path / "a").iterdir()) == []
    assert (spool.used_bytes, spool.depth, spool.has_room) == (0, 0, False)
    spool.append("a", gap())
    assert spool.has_room


def test_two_processes_never_share_a_spool(tmp_path: Path) -> None:
    holder = Spool(tmp_path, 100)
    with pytest.raises(SpoolInUse):
        Spool(tmp_path, 100)
    holder.close()
    Spool(tmp_path, 100).close()


def test_an_init_part_is_kept_as_long_as_its_stream_waits(tmp_path: Path) -> None:
    spool, waiting, done = Spool(tmp_path, 100), uuid4(), uuid4()
    spool.put_init("a", waiting, b"init")
    spool.put_init("a", done, b"init")
    spool.append("a", segment(stream_id=waiting), b"x")
    spool.close()
    again = Spool(tmp_path, 100)
    assert again.init("a", waiting) == b"init"
    with pytest.raises(FileNotFoundError):
        again.init("a", done)


def test_an_unreadable_item_is_set_aside_and_holds_up_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1000)
    for number in range(4):
        spool.append("a", segment(number), b"x" * 10)
    (tmp_path / "a" / "000000000001.json").write_bytes(bytes(40))  # as after a loss of power
    assert sequences(spool) == [0, 2, 3]
    assert (spool.used_bytes, spool.depth) == (40, 3)
    (tmp_path / "a" / "000000000003.json").write_text('{"kind": "segment"}')
    spool.close()
    again = Spool(tmp_path, 1000)
    assert sequences(again) == [0, 2]
    assert sorted(path.name for path in (tmp_path / "a").glob("*.bad")) == [
        f"00000000000{number}.{kind}.bad" for number in (1, 3) for kind in ("json", "m4s")
    ]
    # What was set aside goes on counting, and its name is not used again.
    assert (again.used_bytes, again.depth) == (40, 2)
    assert again.append("a", gap()).ordinal == 4


def test_what_is_set_aside_counts_alike_before_and_after_a_restart(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1000)
    spool.set_aside(spool.append("a", segment(), b"x" * 10), "a test")
    counted = spool.used_bytes, spool.depth
    spool.close()
    again = Spool(tmp_path, 1000)
    assert (again.used_bytes, again.depth) == counted == (10, 0)


def test_working_copies_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    (tmp_path / "recording-x1y2").write_bytes(b"half an upload")
    (tmp_path / "recording-7").mkdir()  # a camera of that name
    spool = Spool(tmp_path, 1000)
    assert spool.cameras() == ["recording-7"]
    assert not (tmp_path / "recording-x1y2").exists()


def test_media_set_aside_keeps_its_init_part_and_its_reason(tmp_path: Path) -> None:
    spool, stream = Spool(tmp_path, 1000), uuid4()
    spool.put_init("a", stream, b"init")
    item = spool.append("a", segment(stream_id=stream), b"x")
    spool.set_aside(item, "version 2 of kind 'segment' is not known")
    spool.close()
    Spool(tmp_path, 1000).close()
    assert (tmp_path / "a" / f"{stream}.init").read_bytes() == b"init"
    assert (tmp_path / "a" / "000000000000.reason").read_text().startswith("version 2")
