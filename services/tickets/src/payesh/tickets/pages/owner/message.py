"""The short message that carries a code."""

from urllib.parse import urlsplit

from payesh.tickets.domain.owner_access import CODE_LASTS
from payesh.tickets.pages.persian import persian_number


def code_message(code: str, owner_url: str) -> str:
    """The code in digits that a telephone offers to fill in: the last line binds it to the page's
    own host (origin-bound one-time codes, WICG)."""
    minutes = persian_number(CODE_LASTS.total_seconds() / 60)
    return (
        f"رمز پروندهٔ جریمهٔ رانندگی: {code}\n"
        f"تا {minutes} دقیقه به کار می‌آید. آن را به کسی ندهید.\n\n"
        f"@{urlsplit(owner_url).hostname} #{code}"
    )
