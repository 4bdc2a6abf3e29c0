"""A key is published before it signs and until its last token has expired."""

from datetime import UTC, datetime, timedelta

from payesh.access.domain.signing_keys import (
    CLOCK_ALLOWANCE,
    KeyLife,
    pending_key,
    published_keys,
    signing_key,
)

NOON = datetime(2026, 3, 21, 12, tzinfo=UTC)
TOKENS = timedelta(minutes=10)
OLD = KeyLife("old", NOON - timedelta(days=30), NOON)
NEW = KeyLife("new", NOON, None)


def test_the_new_key_is_published_before_it_signs() -> None:
    before = NOON - timedelta(seconds=30)
    assert signing_key([OLD, NEW], before) == OLD
    assert pending_key([OLD, NEW], before) == NEW
    assert published_keys([OLD, NEW], before, TOKENS) == [NEW, OLD]


def test_the_old_key_stays_until_its_last_token_has_expired() -> None:
    assert signing_key([OLD, NEW], NOON) == NEW
    last = NOON + TOKENS + CLOCK_ALLOWANCE
    assert published_keys([OLD, NEW], last - timedelta(seconds=1), TOKENS) == [NEW, OLD]
    assert published_keys([OLD, NEW], last, TOKENS) == [NEW]


def test_a_withdrawn_key_leaves_the_set_at_once() -> None:
    withdrawn = KeyLife("old", OLD.activates_at, NOON, withdrawn=True)
    assert published_keys([withdrawn, NEW], NOON, TOKENS) == [NEW]
    assert signing_key([withdrawn], NOON) is None
