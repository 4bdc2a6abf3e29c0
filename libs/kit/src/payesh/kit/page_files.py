"""Fonts, styles and scripts of a service's pages, under `/static`; those that all services' pages
share are the kit's."""

from pathlib import Path
from typing import Any

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

_SHARED = Path(__file__).with_name("pages") / "static"

PUBLIC_ROUTES = {"/static": "fonts, styles and scripts of the pages; the same for every visitor"}


class PageFiles(StaticFiles):
    """The kit's files, and those of each page's folder `static` below `pages`; their names are
    unique.

    Browsers keep them for an hour, then ask for them again by ETag.
    """

    def __init__(self, pages: Path) -> None:
        super().__init__(directory=_SHARED)
        self.all_directories = [_SHARED, *sorted(pages.glob("*/static"))]

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response
