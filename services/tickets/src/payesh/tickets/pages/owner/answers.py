"""Answers of the owner's page: never kept, never framed, without any script."""

from typing import Any
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse, RedirectResponse, Response

from payesh.kit.cookies import FormToken, HostCookie
from payesh.tickets.pages.rendering import page_templates

PATH = "/owner"
_templates = page_templates(__file__)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; font-src 'self'; "
    "img-src 'self'; media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_MESSAGES = {
    "absent": (404, "این صفحه در این سامانه راه‌اندازی نشده است."),
    "stale": (403, "این فرم کهنه شده بود. دوباره آغاز کنید."),
    "asked-too-often": (
        429,
        "برای این شماره یا از این نشانی، درخواست‌های زیادی رسیده است. کمی بعد دوباره بکوشید.",
    ),
    "no-case": (404, "این پرونده برای شما باز نیست."),
    "busy": (429, "درخواست‌های شما خیلی پشت سر هم است. کمی بعد دوباره بکوشید."),
    "nothing-owed": (409, "برای این پرونده اکنون چیزی بدهکار نیستید."),
    "gateway-away": (503, "درگاه پرداخت پاسخ نمی‌دهد. مبلغی کم نشده است؛ کمی بعد دوباره بکوشید."),
    "objection-too-late": (409, "مهلت اعتراض گذشته است."),
    "last-instance": (409, "واحد رسیدگی رأی داده است و مرحلهٔ دیگری نیست."),
    "not-in-this-state": (409, "وضعیت پرونده در این میان عوض شده است و اکنون نمی‌توان اعتراض کرد."),
    "attachment-size": (422, "هر پیوست حداکثر ۵ مگابایت، و حداکثر ۵ پیوست."),
    "attachment-kind": (422, "پیوست باید تصویر JPEG یا PNG، یا PDF باشد."),
    "incomplete": (422, "دلیل را انتخاب کنید و شرح را بنویسید (۳ تا ۴۰۰۰ نویسه)."),
}


def shown(template: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A page of this folder."""
    body = _templates.get_template(template).render(**values)
    return HTMLResponse(body, status_code, headers=_HEADERS)


def message(name: str, *, back: str = PATH) -> HTMLResponse:
    """What went wrong, in a sentence, and the way back."""
    status_code, text = _MESSAGES.get(name, (409, "این کار اکنون شدنی نیست."))
    answer = shown("message.html", status_code, text=text, back=back)
    if status_code == 429:
        answer.headers["Retry-After"] = "60"
    return answer


def sent_to(path: str, **query: str) -> Response:
    """See other (303): a reloaded page posts nothing again."""
    where = f"{path}?{urlencode(query)}" if query else path
    return RedirectResponse(where, 303, headers=_HEADERS)


def guarded(answer: Response) -> Response:
    """A streamed file under the same rules; its own ones stay."""
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def session_cookie(owner_url: str | None) -> HostCookie:
    """Sent from this site's own pages alone."""
    return HostCookie.of("payesh_owner", owner_url or "", same_site="strict")


def form_token(owner_url: str | None) -> FormToken:
    """Of the forms before there is a session."""
    return FormToken(HostCookie.of("payesh_owner_form", owner_url or "", same_site="strict"))
