"""A token has what its holder holds at the moment, and names who acts through what."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from payesh.access.domain.entitlements import Entitlements
from payesh.access.domain.token_claims import token_claims

GRANT = UUID(int=7)
SIGN_IN = UUID(int=8)
NOON = datetime(2026, 3, 21, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Account:
    subject: str
    entitlements: Entitlements
    agency_id: str = "police"
    name: str = "Name"
    grant_id: UUID = GRANT
    cameras: frozenset[str] | None = frozenset({"cam-1"})


OFFICER = Account(
    "person:reza",
    Entitlements(frozenset({"citations:read", "citations:decide"}), frozenset({"semnan"}), None),
)
PAGES = Account(
    "tickets-pages",
    Entitlements(frozenset({"citations:read"}), None, frozenset({"highway"})),
    agency_id="payesh",
)


BOTH = frozenset({"citations:read", "citations:decide"})


def claims(
    client: Account | None, person: Account | None, scopes: frozenset[str] = BOTH
) -> dict[str, Any]:
    return token_claims(
        issuer="https://access.example",
        audience="urn:payesh:service:tickets",
        lifetime_s=600,
        now=NOON,
        token_id="id",
        client=client,
        person=person,
        scopes=scopes,
        revocation=5,
        sign_in=SIGN_IN if person and client else None,
    )


def test_a_person_acting_through_a_client_gets_what_both_hold() -> None:
    found = claims(PAGES, OFFICER)
    assert found["scope"] == "citations:read"
    assert (found["counties"], found["road_classes"]) == (["semnan"], ["highway"])
    assert (found["sub"], found["act"]) == ("person:reza", {"sub": "tickets-pages"})
    assert (found["client_id"], found["name"]) == ("tickets-pages", "Name")
    assert (found["rev"], found["sid"]) == (5, str(SIGN_IN))
    assert (found["agency"], found["grant_id"]) == ("police", str(OFFICER.grant_id))


def test_a_client_acts_for_itself() -> None:
    found = claims(PAGES, None)
    assert (found["sub"], found["client_id"]) == ("tickets-pages", "tickets-pages")
    assert "act" not in found
    assert "name" not in found
    assert (found["counties"], found["road_classes"]) == ("*", ["highway"])


def test_no_more_scopes_than_asked_for() -> None:
    assert claims(None, OFFICER, frozenset({"citations:read"}))["scope"] == "citations:read"
    assert claims(None, OFFICER, frozenset({"audit:read"}))["scope"] == ""


def test_a_token_expires_after_its_lifetime() -> None:
    found = claims(PAGES, None)
    assert found["iat"] == found["nbf"] == int(NOON.timestamp())
    assert found["exp"] - found["iat"] == 600
    assert (found["iss"], found["aud"]) == ("https://access.example", "urn:payesh:service:tickets")


def test_a_token_without_a_holder_is_refused() -> None:
    with pytest.raises(ValueError, match="person or a client"):
        claims(None, None)
