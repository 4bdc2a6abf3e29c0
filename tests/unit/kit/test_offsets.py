import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.kit.offsets import PartitionOffsets

A, B = b"a", b"b"


def test_nothing_is_committable_before_something_is_handled():
    assert PartitionOffsets().committable() is None


def test_after_a_done_message_the_next_one_is_committed_once():
    offsets = PartitionOffsets()
    offsets.done(7, A)
    assert offsets.committable() == 8
    offsets.committed(8)
    assert offsets.committable() is None


def test_a_held_message_holds_the_whole_partition_back():
    offsets = PartitionOffsets()
    offsets.done(0, A)
    offsets.held(1, A)
    offsets.done(2, B)
    assert offsets.committable() == 1


def test_a_done_message_releases_its_own_key_only():
    offsets = PartitionOffsets()
    offsets.held(0, A)
    offsets.held(1, B)
    offsets.held(2, A)
    offsets.done(3, A)
    assert offsets.committable() == 1
    offsets.done(4, B)
    assert offsets.committable() == 5


def test_a_dead_lettered_message_advances_and_releases_none():
    offsets = PartitionOffsets()
    offsets.dead_lettered(0)
    assert offsets.committable() == 1
    offsets.held(1, A)
    offsets.dead_lettered(2)
    assert offsets.committable() == 1
    offsets.done(3, A)
    assert offsets.committable() == 4


def test_messages_out_of_order_are_an_error_and_not_a_wrong_commit():
    offsets = PartitionOffsets()
    offsets.done(5, A)
    with pytest.raises(ValueError, match="offset 4"):
        offsets.done(4, A)


@given(st.lists(st.tuples(st.sampled_from([A, B, b"c"]), st.booleans())))
def test_no_held_message_is_ever_committed_and_nothing_is_read_again_needlessly(history):
    offsets = PartitionOffsets()
    held: dict[bytes, int] = {}
    for offset, (key, done) in enumerate(history):
        if done:
            offsets.done(offset, key)
            held.pop(key, None)
        else:
            offsets.held(offset, key)
            held.setdefault(key, offset)
        expected = min([*held.values(), offset + 1])
        committable = offsets.committable()
        if committable is not None:
            assert committable == expected
            offsets.committed(committable)
