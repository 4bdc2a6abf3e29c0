"""The service at which each scope is valid: a token is for one, and has that one's scopes alone.

A service that is sent a token learns nothing with it that it could use at another.
"""

from collections.abc import Iterable

_SERVICE_OF_NOUN = {
    "cameras": "ingest",
    "recordings": "ingest",
    "snapshots": "ingest",
    "streams": "ingest",
    "health": "ingest",
    "traffic": "detect",
    "passages": "detect",
    "calibrations": "detect",
    "reads": "plates",
    "citations": "tickets",
    "evidence": "tickets",
    "law": "tickets",
    "agencies": "access",
    "clients": "access",
    "people": "access",
    "keys": "access",
    "audit": "access",
    "revocations": "access",
}

OWN = "access"
SERVICES = frozenset(_SERVICE_OF_NOUN.values())


def service_of(scope: str) -> str:
    """The service whose routes ask for the scope. Raises KeyError for a scope of none."""
    return _SERVICE_OF_NOUN[scope.partition(":")[0]]


def services_of(scopes: Iterable[str]) -> frozenset[str]:
    """The services at which these scopes are valid."""
    return frozenset(map(service_of, scopes))


def valid_at(service: str, scopes: Iterable[str]) -> frozenset[str]:
    """Those of the scopes that are valid at the service."""
    return frozenset(scope for scope in scopes if service_of(scope) == service)


def delegable(held: frozenset[str], in_token: frozenset[str]) -> frozenset[str]:
    """What a holder of `held` may pass on with a token for access: of access's own scopes those in
    the token, of the other services', which no such token has, all that are held."""
    own = valid_at(OWN, held)
    return (held - own) | (own & in_token)
