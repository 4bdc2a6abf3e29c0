"""Rendering of pages: frame, language, wording and policy. Persian unless English is asked for; no
file from another host."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_PAGES = Path(__file__).parent
_templates = Environment(
    loader=FileSystemLoader([_PAGES / "templates", *sorted(_PAGES.glob("*/templates"))]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def in_digits_of(number: int, language: str) -> str:
    return str(number).translate(_PERSIAN_DIGITS) if language == "fa" else str(number)


_templates.filters["in_digits_of"] = in_digits_of
_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; script-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


def _wording(folder: Path) -> dict[str, dict[str, Any]]:
    """Language to words, of the frame or of one page."""
    words: dict[str, dict[str, Any]] = json.loads((folder / "wording.json").read_text("utf-8"))
    return words


_FRAME_WORDS = _wording(_PAGES)
_PAGE_WORDS = {file.parent.name: _wording(file.parent) for file in _PAGES.glob("*/wording.json")}


def language_of(request: Request) -> str:
    """Persian unless the address asks for English (`lang=en`)."""
    return "en" if request.query_params.get("lang") == "en" else "fa"


def render(
    request: Request,
    page: str,
    *,
    status_code: int = 200,
    form_target: str | None = None,
    **values: Any,
) -> HTMLResponse:
    """The page of that folder, by its template of the same name, in the request's language.

    `form_target` is the origin that a form's answer may redirect to: browsers apply the rule for
    a form's target to redirects after its POST too.
    """
    language = language_of(request)
    html = _templates.get_template(f"{page}.html").render(
        language=language,
        direction="ltr" if language == "en" else "rtl",
        frame=_FRAME_WORDS[language],
        words=_PAGE_WORDS[page][language],
        other_language=_in_other_language(request, language, values.get("then", "")),
        **values,
    )
    policy = f"{_POLICY} {form_target}" if form_target else _POLICY
    return HTMLResponse(html, status_code, headers={"Content-Security-Policy": policy})


def _in_other_language(request: Request, language: str, then: str) -> str:
    """This page's address in the other language, with what the person is to continue to."""
    query = dict(request.query_params) | {"lang": "fa" if language == "en" else "en"}
    if then:
        query["continue"] = then
    return f"{request.url.path}?{urlencode(query)}"
