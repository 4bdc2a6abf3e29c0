"""Signed tree heads as they are published: a compact JWS that carries its public key.

Who verifies one offline compares the key's id, its RFC 7638 thumbprint, with that of earlier heads
or of a note taken at the installation.
"""

import json

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.util import urlsafe_b64decode

from payesh.access.adapters.key_ring import ALGORITHM, KeyRing, SealedKey
from payesh.access.domain.tree_head import TYP, TreeHead, tree_head_of

_MOST_BYTES = 64 * 1024


class BadStatement(ValueError):
    """A text that is no validly signed tree head."""


def sign(ring: KeyRing, key: SealedKey, head: TreeHead) -> str:
    """The statement of a tree head. Raises KeyUnreadable."""
    public = {name: key.public_jwk[name] for name in ("kty", "crv", "x")}
    return ring.sign(key, head.claims(), typ=TYP, more={"jwk": public})


def opened(statement: str) -> tuple[TreeHead, str]:
    """The tree head of a statement, and the id of the key that signed it. Raises BadStatement."""
    if len(statement) > _MOST_BYTES:
        raise BadStatement("it is too long")
    try:
        header = json.loads(_segment(statement))
        key = OKPKey.import_key(header["jwk"])
        if key.is_private or header.get("typ") != TYP or header.get("alg") != ALGORITHM:
            raise BadStatement("its header is not that of a tree head")
        key_id = key.thumbprint()
        if header.get("kid") != key_id:
            raise BadStatement("its key id is not that of its key")
        token = jwt.decode(statement, key, algorithms=[ALGORITHM])
        return tree_head_of(token.claims), key_id
    except JoseError as error:
        raise BadStatement(f"its signature does not hold ({error.error})") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise BadStatement("it is not a signed tree head") from error
    except ValueError as error:
        raise error if isinstance(error, BadStatement) else BadStatement(str(error)) from None


def _segment(statement: str) -> bytes:
    return urlsafe_b64decode(statement.split(".", 1)[0].encode())
