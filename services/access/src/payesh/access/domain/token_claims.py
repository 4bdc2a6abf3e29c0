"""The claims of an access token (RFC 9068): its holder, for how long, for what and where."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from payesh.access.domain.entitlements import Entitlements

FIRST_CLIENT = "payesh-bootstrap"
"""`client_id` of the first administrator's token, which RFC 9068 requires and which comes through
no client. No client can be registered under it."""


class Holder(Protocol):
    """A person or a client, as a token names it."""

    @property
    def subject(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def agency_id(self) -> str: ...
    @property
    def grant_id(self) -> UUID: ...
    @property
    def entitlements(self) -> Entitlements: ...


class Client(Holder, Protocol):
    """A client, which may be the device of cameras; None is of every camera."""

    @property
    def cameras(self) -> frozenset[str] | None: ...


def token_claims(
    *,
    issuer: str,
    audience: str,
    lifetime_s: int,
    now: datetime,
    token_id: str,
    client: Client | None,
    person: Holder | None,
    scopes: frozenset[str],
    revocation: int,
    sign_in: UUID | None = None,
) -> dict[str, Any]:
    """Claims of a token for a person, a client, or a person who acts through a client.

    A person acting through a client gets what both hold now, not what they held when the code was
    issued. `revocation` is the number of the last one that was made before they were read. Raises
    ValueError when there is neither.
    """
    holder = person or client
    if holder is None:
        raise ValueError("a token belongs to a person or a client")
    held = holder.entitlements
    if person is not None and client is not None:
        held = held.shared_with(client.entitlements)
    issued_at = int(now.timestamp())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": holder.subject,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + lifetime_s,
        "jti": token_id,
        "client_id": client.subject if client is not None else FIRST_CLIENT,
        "scope": " ".join(sorted(held.scopes & scopes)),
        "agency": holder.agency_id,
        "grant_id": str(holder.grant_id),
        "counties": _bound(held.counties),
        "road_classes": _bound(held.road_classes),
        "rev": revocation,
    }
    if sign_in is not None:
        claims["sid"] = str(sign_in)
    if person is not None:
        claims["name"] = person.name
    if client is not None:
        if person is None:
            claims["cameras"] = _bound(client.cameras)
        else:
            claims["act"] = {"sub": client.subject}  # RFC 8693 section 4.1
    return claims


def _bound(values: frozenset[str] | None) -> list[str] | str:
    return "*" if values is None else sorted(values)
