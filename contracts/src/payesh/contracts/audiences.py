"""Audiences of access tokens: one a service, and each service accepts its own alone.

An audience is also what a client names as `resource` when it requests a token (RFC 8707). It is a
name and no address, so that it is the same in every installation.
"""

_PREFIX = "urn:payesh:service:"


def audience_of(service: str) -> str:
    """`aud` of tokens for a service: `urn:payesh:service:tickets`."""
    return _PREFIX + service


def service_in(audience: str) -> str | None:
    """The service that an audience names; None when it is no audience of ours."""
    service = audience.removeprefix(_PREFIX)
    return service if service and service != audience else None
