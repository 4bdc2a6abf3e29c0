"""The administration's API from a command line, with the token of a person or a client."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

_TIMEOUT_S = 30.0
_PAGES = 1000
"""Of a list; more is no list that a person reads."""


class Refused(Exception):
    """Access did not do it; the text says why and names no secret."""


@dataclass(frozen=True, slots=True)
class Administration:
    """Access at an address, asked with a token. `purpose` goes with what shows personal data."""

    access_url: str
    token: str
    purpose: str
    ca_file: Path | None = None

    def items(self, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page. Raises Refused."""
        cursor = None
        for _ in range(_PAGES):
            page = self.send("GET", path, query={} if cursor is None else {"cursor": cursor})
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def send(
        self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """The answer's JSON. Raises Refused."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Payesh-Purpose": quote(self.purpose),
        }
        trusted: Any = True
        if self.ca_file is not None:
            trusted = ssl.create_default_context(cafile=str(self.ca_file))
        try:
            with httpx.Client(timeout=_TIMEOUT_S, verify=trusted) as http:
                answer = http.request(
                    method,
                    f"{self.access_url.rstrip('/')}{path}",
                    headers=headers,
                    params=dict(query or {}),
                    json=body,
                )
                found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Refused(f"access gave no answer: {type(error).__name__}") from error
        if not answer.is_success:
            kind = str(found.get("type", answer.status_code)).rpartition(":")[2]
            wrong = "; ".join(
                f"{'.'.join(map(str, each.get('loc', ())))}: {each.get('msg', '')}"
                for each in found.get("errors", ())
            )
            raise Refused(f"{kind}: {wrong or found.get('detail') or found.get('title')}")
        return found
