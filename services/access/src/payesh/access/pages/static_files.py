"""Fonts, styles and scripts of all pages, under `/static`."""

from pathlib import Path
from typing import Any

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

_PAGES = Path(__file__).parent

PUBLIC_ROUTES = {"/static": "fonts, styles and scripts of the pages; the same for every visitor"}


class PageFiles(StaticFiles):
    """The files of `pages/static` and of each page's folder `static`; their names are unique.

    Browsers may cache them for an hour, unlike every other answer.
    """

    def __init__(self) -> None:
        super().__init__(directory=_PAGES / "static")
        self.all_directories = [_PAGES / "static", *sorted(_PAGES.glob("*/static"))]

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response
