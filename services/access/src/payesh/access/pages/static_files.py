"""Fonts, styles and scripts of all pages, under `/static`."""

from pathlib import Path

from payesh.kit import page_files

_PAGES = Path(__file__).parent

PUBLIC_ROUTES = page_files.PUBLIC_ROUTES


class PageFiles(page_files.PageFiles):
    """The files of `pages/static`, of each page's folder `static`, and the kit's; their names are
    unique."""

    def __init__(self) -> None:
        super().__init__(_PAGES)
        self.all_directories = [_PAGES / "static", *self.all_directories]
