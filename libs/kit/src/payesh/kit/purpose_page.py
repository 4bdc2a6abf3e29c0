"""The page on which a person states what personal data is read for, before a sign-in begins."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from fastapi.responses import FileResponse, HTMLResponse

_PAGES = Path(__file__).parent / "pages"
_PAGE = Template((_PAGES / "purpose.html").read_text("utf-8"))
STYLE_PATH = "/sign-in/page.css"

_MISSING = '<p class="error" role="alert">هدف را انتخاب کنید یا بنویسید.</p>'
_STALE = '<p class="error" role="alert">این صفحه کهنه شده بود. لطفاً دوباره تأیید کنید.</p>'
FAULTS = {"": "", "missing": _MISSING, "stale": _STALE}


def purpose_page(
    purposes: Sequence[str],
    *,
    next_page: str,
    form_token: str,
    leads_to: str = "",
    at: str = "/sign-in",
    fault: str = "",
    status_code: int = 200,
) -> HTMLResponse:
    """The page with the service's own purposes to choose from, and a field for another; `at` is its
    own path, where its form is sent.

    `leads_to` is the origin that the form's answer redirects to: browsers apply the rule for a
    form's target to redirects after its POST too.
    """
    body = _PAGE.substitute(
        fault=FAULTS[fault],
        choices="\n".join(_choice(purpose, index == 0) for index, purpose in enumerate(purposes)),
        next=escape(next_page),
        form_token=escape(form_token),
        at=escape(at),
    )
    targets = " ".join(filter(None, ("'self'", leads_to)))
    policy = (
        "default-src 'none'; style-src 'self'; font-src 'self'; frame-ancestors 'none'; "
        f"base-uri 'none'; form-action {targets}"
    )
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return HTMLResponse(body, status_code, headers)


def style() -> FileResponse:
    """The page's style sheet, the same for every visitor."""
    headers = {"Cache-Control": "public, max-age=3600"}
    return FileResponse(_PAGES / "purpose.css", media_type="text/css", headers=headers)


def _choice(purpose: str, chosen: bool) -> str:
    mark = " checked" if chosen else ""
    return (
        f'<label class="choice"><input type="radio" name="purpose" value="{escape(purpose)}"'
        f"{mark}> {escape(purpose)}</label>"
    )
