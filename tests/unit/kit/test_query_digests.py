"""Digests of searches: comparable with the key, and useless without it."""

import hashlib

from pydantic import SecretStr

from payesh.kit.query_digests import QueryDigests

DIGESTS = QueryDigests(SecretStr("k" * 32))


def test_a_plate_is_found_among_other_conditions() -> None:
    query = DIGESTS.of({"plate": "۱۲ب۳۴۵۶۷", "from": "2026-11-26T00:00:00Z", "camera_id": None})
    plate = DIGESTS.term("plate", "12ب34567")
    assert len(query.terms) == 2
    assert plate in query.terms
    assert query.whole not in query.terms
    assert DIGESTS.of({"plate": "12 ب 345 67"}).whole == plate


def test_a_condition_says_where_it_stands() -> None:
    assert DIGESTS.term("subject", "sara") != DIGESTS.term("resource", "sara")


def test_without_the_key_no_guess_can_be_compared() -> None:
    other = QueryDigests(SecretStr("o" * 32))
    asked = {"plate": "12ب34567"}
    assert DIGESTS.of(asked).whole != other.of(asked).whole
    assert DIGESTS.key_id != other.key_id
    assert DIGESTS.of(asked).key_id == DIGESTS.key_id == QueryDigests(SecretStr("k" * 32)).key_id
    assert hashlib.sha256(b"k" * 32).hexdigest()[:16] != DIGESTS.key_id


def test_a_query_of_many_conditions_is_bounded() -> None:
    assert len(DIGESTS.of({f"name-{n}": "x" for n in range(100)}).terms) == 16
