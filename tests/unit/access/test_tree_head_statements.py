"""What counts as a signed tree head: that alone, under the key that it names."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from payesh.access.adapters.key_ring import KeyRing, SealedKey
from payesh.access.adapters.tree_head_statements import BadStatement, endorse, opened, sign
from payesh.access.domain.tree_head import ENDORSEMENT_TYP, TYP, TreeHead

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
LOG = "https://access.test"
HEAD = TreeHead(log=LOG, tree_size=3, root_hash=bytes(32), signed_at=NOW, services={})


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing(Fernet.generate_key().decode())


def public(key: SealedKey) -> dict[str, Any]:
    return {name: key.public_jwk[name] for name in ("kty", "crv", "x")}


def with_header(statement: str, **changes: Any) -> str:
    header, rest = statement.split(".", 1)
    changed = {**json.loads(urlsafe_b64decode(header.encode())), **changes}
    return urlsafe_b64encode(json.dumps(changed).encode()).decode() + "." + rest


def test_a_head_is_opened_as_it_was_signed(ring: KeyRing) -> None:
    key = ring.make()
    found = opened(sign(ring, key, HEAD))
    assert (found.head, found.key_id, found.endorsement) == (HEAD, key.key_id, None)


@pytest.mark.parametrize("typ", ["at+jwt", "JWT", ENDORSEMENT_TYP])
def test_another_statement_of_the_same_key_is_no_head(ring: KeyRing, typ: str) -> None:
    key = ring.make()
    statement = ring.sign(key, HEAD.claims(), typ=typ, more={"jwk": public(key)})
    with pytest.raises(BadStatement, match="header"):
        opened(statement)


def test_a_head_is_no_endorsement(ring: KeyRing) -> None:
    first, second = ring.make(), ring.make()
    good = endorse(ring, first, second.key_id, log=LOG, tree_size=3, now=NOW)
    assert opened(sign(ring, second, HEAD, endorsement=good)).endorsement is not None
    claims = {"iss": LOG, "tree_size": 3, "next_key_id": second.key_id}
    bad = ring.sign(first, claims, typ=TYP, more={"jwk": public(first)})
    with pytest.raises(BadStatement, match="header"):
        opened(sign(ring, second, HEAD, endorsement=bad))
    third = ring.make()
    for other in (
        endorse(ring, first, third.key_id, log=LOG, tree_size=3, now=NOW),
        endorse(ring, first, second.key_id, log="https://other.test", tree_size=3, now=NOW),
    ):
        with pytest.raises(BadStatement, match="endorsement is of another"):
            opened(sign(ring, second, HEAD, endorsement=other))


def test_a_key_that_was_put_in_later_opens_nothing(ring: KeyRing) -> None:
    mine, another = ring.make(), ring.make()
    statement = sign(ring, mine, HEAD)
    for changes in (
        {"jwk": public(another)},
        {"jwk": public(another), "kid": another.key_id},
        {"kid": another.key_id},
        {"alg": "none"},
        {"jwk": None},
    ):
        with pytest.raises(BadStatement):
            opened(with_header(statement, **changes))
