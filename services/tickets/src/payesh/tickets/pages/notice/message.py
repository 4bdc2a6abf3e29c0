"""The short message by which an owner is notified."""

from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.pages.persian import persian_amount, persian_digits, persian_short_date


def number_address(owner_url: str, number: str) -> str:
    """The page's address with the number filled in; a number is no secret.

    >>> number_address("https://owner.test/owner", "1405-semnan-12-82")
    'https://owner.test/owner?n=1405-semnan-12-82'
    """
    return f"{owner_url}{'&' if '?' in owner_url else '?'}n={number}"


def owner_message(citation: StoredCitation, owner_url: str | None) -> str:
    """Number, day, amount and where to pay or object; never the plate, which a telephone that was
    given on would show."""
    number = citation.standing.number or ""
    amount = citation.law.amount_rial if citation.law is not None else None
    lines = [
        f"اخطار جریمهٔ رانندگی شمارهٔ {persian_digits(number)}",
        f"روز تخلف {persian_short_date(citation.captured_at)}",
        f"مبلغ {persian_amount(amount or 0)} ریال",
        number_address(owner_url, number)
        if owner_url
        else "برای پرداخت یا اعتراض به ادارهٔ اجرائیات پلیس راهنمایی و رانندگی مراجعه کنید.",
    ]
    return "\n".join(lines)
