"""Templates of pages: a page's own in its folder, those shared by all in `pages/templates`."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from payesh.tickets.pages.persian import persian_digits

_SHARED = Path(__file__).with_name("templates")


def page_templates(page_file: str) -> Environment:
    """The templates of the page whose module passes its `__file__`. Text is escaped, a name that is
    not given is an error, and the filter `fa` writes Persian digits."""
    own = Path(page_file).with_name("templates")
    templates = Environment(
        loader=FileSystemLoader([own, _SHARED]), autoescape=True, undefined=StrictUndefined
    )
    templates.filters["fa"] = lambda value: persian_digits(str(value))
    return templates
