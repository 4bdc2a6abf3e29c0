"""The one service that a token is for: `resource` of a request (RFC 8707)."""

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidScopeError

from payesh.access.adapters.oauth.request import FlowRequest
from payesh.access.domain.scope_services import SERVICES, services_of, valid_at
from payesh.contracts.audiences import audience_of, service_in


class InvalidTargetError(OAuth2Error):  # type: ignore[misc]
    """`resource` names no service, another than the code's, or is needed and absent."""

    error = "invalid_target"


def target_of(request: FlowRequest) -> str:
    """The service that a validated request of a client asks for. Without `resource` it is the one
    at which all the scopes asked for are valid, or all that the client holds when none are.

    Raises InvalidTargetError, InvalidScopeError (a scope of another service was asked for).
    """
    asked = request.payload.data.get("scope")
    scopes = request.client.get_allowed_scope(asked)
    if scopes is None:
        raise InvalidScopeError()
    named = _named(request)
    if named is None:
        services = services_of(scopes.split())
        if len(services) != 1:
            raise InvalidTargetError(f"Name one as 'resource': {_audiences(services)}")
        (named,) = services
    if asked and valid_at(named, scopes.split()) != set(scopes.split()):
        raise InvalidScopeError()
    return named


def target_of_code(request: FlowRequest, service: str) -> str:
    """The service that a code is for. Raises InvalidTargetError when another one is named."""
    if _named(request) not in (None, service):
        raise InvalidTargetError(f"The code is for {audience_of(service)}")
    return service


def _named(request: FlowRequest) -> str | None:
    resources = request.payload.datalist.get("resource", [])
    if not resources:
        return None
    service = service_in(resources[0])
    if len(resources) > 1 or service not in SERVICES:
        raise InvalidTargetError(f"'resource' is one of {_audiences(SERVICES)}")
    return service


def _audiences(services: frozenset[str]) -> str:
    return ", ".join(audience_of(service) for service in sorted(services))
