"""A notice: a title and a sentence, by the name of its wording."""

from fastapi import Request
from fastapi.responses import Response

from payesh.access.pages.rendering import render


def notice(request: Request, name: str, *, status_code: int = 200) -> Response:
    """The notice of that name in `wording.json`."""
    return render(request, "notice", status_code=status_code, notice=name)
