"""Signed tree heads as they are published: a compact JWS that carries its public key.

Who verifies one offline compares the key's id, its RFC 7638 thumbprint, with that of earlier heads
or of a note taken at the installation.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.util import urlsafe_b64decode

from payesh.access.adapters.key_ring import ALGORITHM, KeyRing, SealedKey
from payesh.access.domain.tree_head import (
    ENDORSEMENT_TYP,
    TYP,
    Endorsement,
    TreeHead,
    tree_head_of,
)

_MOST_BYTES = 64 * 1024


class BadStatement(ValueError):
    """A text that is no validly signed tree head."""


class Opened(NamedTuple):
    """What a signed tree head says: the head, the id of its key, and how that key came to sign."""

    head: TreeHead
    key_id: str
    endorsement: Endorsement | None


def sign(ring: KeyRing, key: SealedKey, head: TreeHead, *, endorsement: str | None = None) -> str:
    """The statement of a tree head, which carries the endorsement of its key by the one before.

    Raises KeyUnreadable.
    """
    claims = head.claims() | ({} if endorsement is None else {"key_endorsement": endorsement})
    return ring.sign(key, claims, typ=TYP, more={"jwk": _public(key)})


def endorse(
    ring: KeyRing, key: SealedKey, next_key_id: str, *, log: str, tree_size: int, now: datetime
) -> str:
    """The statement by which `key` hands over after the tree of `tree_size`. Raises
    KeyUnreadable."""
    claims = {
        "iss": log,
        "iat": int(now.timestamp()),
        "tree_size": tree_size,
        "next_key_id": next_key_id,
    }
    return ring.sign(key, claims, typ=ENDORSEMENT_TYP, more={"jwk": _public(key)})


def opened(statement: str) -> Opened:
    """A signed tree head. Raises BadStatement."""
    claims, key_id = _verified(statement, TYP)
    try:
        return Opened(tree_head_of(claims), key_id, _endorsement(claims, key_id))
    except ValueError as error:
        raise error if isinstance(error, BadStatement) else BadStatement(str(error)) from None


def _endorsement(claims: Mapping[str, Any], key_id: str) -> Endorsement | None:
    stated = claims.get("key_endorsement")
    if stated is None:
        return None
    if not isinstance(stated, str):
        raise BadStatement("its key's endorsement is no statement")
    found, former = _verified(stated, ENDORSEMENT_TYP)
    tree_size = found.get("tree_size")
    if not isinstance(tree_size, int) or tree_size < 0 or found.get("next_key_id") != key_id:
        raise BadStatement("its key's endorsement is of another key")
    if found.get("iss") != claims.get("iss"):
        raise BadStatement("its key's endorsement is of another log")
    return Endorsement(former, key_id, tree_size)


def _public(key: SealedKey) -> dict[str, Any]:
    return {name: key.public_jwk[name] for name in ("kty", "crv", "x")}


def _verified(statement: str, typ: str) -> tuple[dict[str, Any], str]:
    """The claims of a statement that carries its key, and the key's id. Raises BadStatement."""
    if len(statement) > _MOST_BYTES:
        raise BadStatement("it is too long")
    try:
        header = json.loads(_segment(statement))
        key = OKPKey.import_key(header["jwk"])
        if key.is_private or header.get("typ") != typ or header.get("alg") != ALGORITHM:
            raise BadStatement("its header is not that of a tree head")
        key_id = key.thumbprint()
        if header.get("kid") != key_id:
            raise BadStatement("its key id is not that of its key")
        return jwt.decode(statement, key, algorithms=[ALGORITHM]).claims, key_id
    except JoseError as error:
        raise BadStatement(f"its signature does not hold ({error.error})") from None
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadStatement("it is not a signed tree head") from error
    except ValueError as error:
        raise error if isinstance(error, BadStatement) else BadStatement(str(error)) from None


def _segment(statement: str) -> bytes:
    return urlsafe_b64decode(statement.split(".", 1)[0].encode())
