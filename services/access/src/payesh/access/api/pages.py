"""HTML that access serves: Persian first, English on request, no file from elsewhere."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.staticfiles import StaticFiles

from payesh.access.api.wording import WORDING

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; script-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


def language_of(request: Request) -> str:
    """Persian unless the address asks for English (`lang=en`)."""
    return "en" if request.query_params.get("lang") == "en" else "fa"


def page(
    request: Request,
    template: str,
    *,
    status_code: int = 200,
    form_target: str | None = None,
    **values: Any,
) -> HTMLResponse:
    """`form_target` is the origin that a form's answer may redirect to: browsers hold redirects
    after a POST to the same rule as its target."""
    language = language_of(request)
    html = _templates.get_template(template).render(
        language=language,
        direction="ltr" if language == "en" else "rtl",
        say=WORDING[language],
        other_language=_in_other_language(request, language, values.get("then", "")),
        **values,
    )
    policy = f"{_POLICY} {form_target}" if form_target else _POLICY
    return HTMLResponse(html, status_code, headers={"Content-Security-Policy": policy})


def error_page(request: Request, notice: str, status_code: int = 400) -> HTMLResponse:
    return page(request, "notice.html", status_code=status_code, notice=notice)


def _in_other_language(request: Request, language: str, then: str) -> str:
    """This page's path in the other language; it keeps where the person was going."""
    query = dict(request.query_params) | {"lang": "fa" if language == "en" else "en"}
    if then:
        query["continue"] = then
    return f"{request.url.path}?{urlencode(query)}"


class Static(StaticFiles):
    """Style, script and font: kept by browsers for an hour, unlike anything else we serve."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response
