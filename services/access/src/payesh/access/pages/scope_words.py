"""What a scope lets a client do, in a person's words."""

import json
from collections.abc import Iterable
from pathlib import Path

from fastapi import Request

from payesh.access.domain.entitlements import SCOPES
from payesh.access.pages.rendering import language_of

_PERSIAN: dict[str, str] = json.loads((Path(__file__).parent / "scopes.fa.json").read_text("utf-8"))


def persian_scope(scope: str) -> str:
    """A scope in Persian; its name where there is no word."""
    return _PERSIAN.get(scope, scope)


def scope_words(request: Request, scopes: Iterable[str]) -> list[str]:
    """Each scope in the request's language; by its name where there is no word."""
    words = SCOPES if language_of(request) == "en" else _PERSIAN
    return [words.get(scope, scope) for scope in scopes]
