"""Problem documents as callers see them."""

import httpx


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and kind of a problem document (RFC 9457)."""
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("urn:payesh:problem:")
