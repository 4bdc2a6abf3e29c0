"""Where streams of one camera overlap, the higher fencing token counts."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from payesh.detect.domain.camera_watch import UPLOADED, CameraWatch
from payesh.detect.domain.counts import MinuteCounter
from tests.unit.detect.segment_cutter import STARTED_AT

OLD, NEW, FILE = UUID(int=1), UUID(int=2), UUID(int=3)


def at(seconds: float) -> datetime:
    return STARTED_AT + timedelta(seconds=seconds)


def test_a_former_holder_counts_up_to_where_the_next_one_began() -> None:
    watch = CameraWatch()
    watch.note(OLD, 4, at(0), at(2))
    watch.note(NEW, 5, at(30), at(32))
    watch = CameraWatch.from_json(watch.to_json())
    assert not watch.is_superseded(4, at(29.9))
    assert watch.is_superseded(4, at(30))
    assert watch.is_superseded(4, at(300)), "the next one still records"
    assert not watch.is_superseded(5, at(300))


def test_an_uploaded_file_counts_where_no_live_stream_recorded() -> None:
    watch = CameraWatch()
    watch.note(OLD, 4, at(0), at(2))
    watch.close(OLD)
    watch.note(NEW, 5, at(60), at(62))
    assert watch.is_superseded(UPLOADED, at(1))
    assert not watch.is_superseded(UPLOADED, at(30))
    assert watch.is_superseded(UPLOADED, at(61))


def test_a_stream_without_a_last_segment_is_closed_later_and_once() -> None:
    watch = CameraWatch()
    watch.note(OLD, 4, at(0), at(2))
    watch.note(NEW, 5, at(10), at(12))
    assert watch.followed(NEW, 5, at(12)) == []
    assert watch.followed(NEW, 5, at(40)) == [OLD]
    assert watch.followed(FILE, UPLOADED, at(40)) == []
    watch.close(OLD)
    assert watch.followed(NEW, 5, at(40)) == []


def test_an_uploaded_file_is_not_ended_by_the_live_stream_beside_it() -> None:
    watch = CameraWatch()
    watch.note(FILE, UPLOADED, at(0), at(2))
    watch.note(NEW, 5, at(100), at(102))
    assert watch.followed(NEW, 5, at(102)) == []


def test_minutes_do_not_overlap_and_an_unwatched_time_is_not_called_empty() -> None:
    counter = MinuteCounter()
    assert counter.advance(STARTED_AT) == []  # 08:00:10
    counter.add("1", "car", 50.0)
    counter.add("1", "car", None)
    [first] = counter.advance(STARTED_AT + timedelta(seconds=51))
    assert (first.started_at, first.ended_at.minute) == (STARTED_AT, 1)
    assert [(c.vehicles, c.mean_speed_kmh) for c in first.counts] == [(2, 50.0)]
    counter = MinuteCounter.from_state(counter.to_state())
    [second] = counter.advance(STARTED_AT + timedelta(minutes=10))
    assert second.started_at == first.ended_at
    [third] = counter.finish(STARTED_AT + timedelta(minutes=10, seconds=20))
    assert third.started_at.minute == 10
    assert third.counts == ()


def test_a_clock_that_goes_back_ends_the_interval_and_no_beginning_is_published_twice() -> None:
    counter = MinuteCounter()
    ended = counter.advance(STARTED_AT)  # 08:00:10
    for second in range(1, 200):
        ended += counter.advance(at(second))
    counter.add("1", "car", 50.0)
    [broken_off] = counter.break_off()
    assert (broken_off.ended_at, broken_off.counts[0].vehicles) == (at(199), 1)
    counter = MinuteCounter.from_state(counter.to_state())
    again = [i for second in range(-5, 400) for i in counter.advance(at(second + 0.5))]
    assert again[0].started_at == at(-4.5)
    assert all(i.ended_at - i.started_at <= timedelta(minutes=2) for i in again)
    begun = [i.started_at for i in (*ended, broken_off, *again)]
    assert len(set(begun)) == len(begun)
    assert again[-1].ended_at.second == 0, "whole minutes again"


def test_a_vehicle_published_by_the_step_itself_is_not_forgotten() -> None:
    counter = MinuteCounter()
    counter.advance(STARTED_AT)
    counter.add("1", "car", None)
    assert counter.break_off() == []
    counter.advance(at(-600))
    [interval] = counter.finish(at(-590))
    assert interval.counts[0].vehicles == 1


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"streams": [{"stream_id": "1"}]}'])
def test_what_no_camera_watch_wrote_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        CameraWatch.from_json(body)
