"""A request in the form that Authlib reads."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request

# Authlib refuses a URI without TLS. TLS ends before this process, at the edge, where Authlib
# cannot see it; it reads nothing else from the URI.
_URI = "https://access.invalid/oauth"


class Parameters(OAuth2Payload):  # type: ignore[misc]
    """Names and values of a query or a form, in their order."""

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self._lists: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in items:
            self._lists[name].append(value)

    @property
    def data(self) -> dict[str, str]:
        """Each parameter's last value."""
        return {name: values[-1] for name, values in self._lists.items()}

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        """Each parameter's values."""
        return self._lists

    def repeated(self) -> bool:
        """Whether a parameter occurs twice, which RFC 6749 forbids (sections 3.1 and 3.2)."""
        return any(len(values) > 1 for values in self._lists.values())


class FlowRequest(OAuth2Request):  # type: ignore[misc]
    """A request to `/oauth/token` or `/oauth/authorize`."""

    payload: Parameters
    service: str
    """The service that the token or code is for; set when the request was validated."""

    def __init__(
        self, method: str, items: Iterable[tuple[str, str]], headers: Mapping[str, str]
    ) -> None:
        super().__init__(method, _URI, headers=headers)
        self.payload = Parameters(items)

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data
