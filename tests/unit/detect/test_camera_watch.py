"""Where streams of one camera overlap, the higher fencing token counts."""

from datetime import timedelta
from uuid import UUID

from payesh.detect.camera_watch import CameraWatch
from payesh.detect.domain.counts import MinuteCounter
from tests.unit.detect.segment_cutter import STARTED_AT

OLD, NEW = UUID(int=1), UUID(int=2)


def test_a_former_holder_counts_up_to_where_the_next_one_began() -> None:
    watch = CameraWatch()
    watch.note(OLD, 4, STARTED_AT, ended=False)
    watch.note(NEW, 5, STARTED_AT + timedelta(seconds=30), ended=False)
    watch = CameraWatch.from_json(watch.to_json())
    assert watch.superseded_from(4) == STARTED_AT + timedelta(seconds=30)
    assert watch.superseded_from(5) is None


def test_a_stream_that_stopped_without_a_word_is_closed_later_and_once() -> None:
    watch = CameraWatch()
    watch.note(OLD, 4, STARTED_AT, ended=False)
    watch.note(NEW, 5, STARTED_AT + timedelta(seconds=10), ended=False)
    assert watch.followed(NEW, STARTED_AT + timedelta(seconds=12)) == []
    assert watch.followed(NEW, STARTED_AT + timedelta(seconds=40)) == [OLD]
    watch.close(OLD)
    assert watch.followed(NEW, STARTED_AT + timedelta(seconds=40)) == []


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
