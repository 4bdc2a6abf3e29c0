"""The short message by which an owner is notified."""

from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.pages.persian import persian_amount, persian_digits, persian_short_date


def owner_message(citation: StoredCitation, owner_url: str | None) -> str:
    """Number, day, amount and where to pay or object; never the plate, which a telephone that was
    given on would show."""
    amount = citation.law.amount_rial if citation.law is not None else None
    lines = [
        f"اخطار جریمهٔ رانندگی شمارهٔ {persian_digits(citation.standing.number or '')}",
        f"روز تخلف {persian_short_date(citation.captured_at)}",
        f"مبلغ {persian_amount(amount or 0)} ریال",
        owner_url or "برای پرداخت یا اعتراض به ادارهٔ اجرائیات پلیس راهنمایی و رانندگی مراجعه کنید.",
    ]
    return "\n".join(lines)
