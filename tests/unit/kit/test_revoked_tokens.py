"""What was revoked is refused, what was issued afterwards is not, and memory is bounded."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payesh.contracts import TokensRevoked
from payesh.kit.revocations import RevokedTokens

NOON = datetime(2026, 3, 21, 12, tzinfo=UTC)


def revoked(what: str, number: int, at: datetime = NOON) -> TokensRevoked:
    return TokensRevoked(
        revoked=what, number=number, revoked_at=at, expires_at=at + timedelta(hours=1)
    )


def knowing(*revocations: TokensRevoked, most: int = 100) -> RevokedTokens:
    known = RevokedTokens(most)
    known.learn(revocations, NOON)
    return known


def claims(**changed: Any) -> dict[str, Any]:
    """Of a person's token, issued after revocation 6."""
    return {
        "sub": "person:reza",
        "act": {"sub": "tickets-pages"},
        "client_id": "tickets-pages",
        "agency": "police-semnan",
        "sid": "s-1",
        "kid": "key-1",
        "rev": 6,
        "iat": int(NOON.timestamp()),
        **changed,
    }


HOLDERS = [
    "subject:person:reza",
    "client:tickets-pages",
    "agency:police-semnan",
    "session:s-1",
    "everything:all",
    "a_kind_of_a_later_release:x",
]


@pytest.mark.parametrize("what", HOLDERS)
def test_what_was_issued_before_is_refused_and_what_came_after_is_not(what: str) -> None:
    known = knowing(revoked(what, 7))
    assert known.refuses(claims(rev=6))
    assert not known.refuses(claims(rev=7))
    assert not known.refuses(claims(rev=8))


@pytest.mark.parametrize(
    "what", ["subject:person:sara", "client:other", "agency:police", "session:s-2", "key:key-2"]
)
def test_another_holders_revocation_refuses_nothing(what: str) -> None:
    assert not knowing(revoked(what, 7)).refuses(claims())


def test_a_machine_is_refused_under_its_own_id() -> None:
    machine = {"sub": "camera-7", "agency": "police-semnan", "rev": 3, "kid": "key-1"}
    assert knowing(revoked("client:camera-7", 4)).refuses(machine)


def test_a_withdrawn_key_refuses_whatever_a_token_says() -> None:
    known = knowing(revoked("key:key-1", 7))
    assert known.refuses(claims(rev=10**15))


def test_a_token_without_a_number_is_judged_by_its_time() -> None:
    known = knowing(revoked("subject:person:reza", 7, NOON + timedelta(milliseconds=300)))
    second = int(NOON.timestamp())
    assert known.refuses(claims(rev=None, iat=second))
    assert not known.refuses(claims(rev=None, iat=second + 1))
    assert known.refuses(claims(rev=None, iat=None))


def test_order_and_repetition_change_nothing() -> None:
    known = knowing(revoked("subject:person:reza", 9), revoked("subject:person:reza", 7))
    assert known.refuses(claims(rev=8))


def test_a_revocation_is_forgotten_when_no_token_from_before_is_valid() -> None:
    known = knowing(revoked("subject:person:reza", 7), revoked("key:key-1", 8))
    known.forget_expired(NOON + timedelta(hours=2))
    assert len(known) == 0
    known.learn([revoked("subject:person:reza", 7)], NOON + timedelta(hours=2))
    assert len(known) == 0


def test_more_than_is_kept_refuses_more_and_never_less() -> None:
    many = [revoked(f"subject:person:{number}", number) for number in range(1, 102)]
    known = knowing(revoked("key:key-9", 1), *many, most=100)
    assert len(known) <= 101
    for number in range(1, 102):
        assert known.refuses(claims(sub=f"person:{number}", rev=number - 1, kid="k"))
    assert known.refuses(claims(sub="person:0", rev=0))
    assert not known.refuses(claims(sub="person:0", rev=101))
    assert known.refuses(claims(sub="person:0", rev=101, kid="key-9"))
