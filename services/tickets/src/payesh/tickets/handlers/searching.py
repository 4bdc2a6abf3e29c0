"""Citations found by what people know of one. Each search is recorded, the plate as its digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from payesh.contracts.plate_text import parse
from payesh.kit.errors import Unprocessable
from payesh.kit.principal import Principal
from payesh.tickets.adapters.citation_search import Wanted, search
from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain import numbering
from payesh.tickets.handlers import actions
from payesh.tickets.handlers.audited import record
from payesh.tickets.handlers.blinding import blinded

_ASCII_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


@dataclass(frozen=True, slots=True)
class Found:
    """Citations as the principal may see them; `last` is where the next page begins, None where
    there is none."""

    items: Sequence[StoredCitation]
    last: tuple[datetime, UUID] | None


async def search_citations(
    dependencies: Dependencies,
    principal: Principal,
    wanted: Wanted,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Found:
    """Citations within the principal's bounds, the latest capture first. One that hides from the
    principal what was searched for (its number before a second look, its plate before a second
    reading) is not found by it. Raises Unprocessable where nothing is asked for."""
    if wanted.is_empty:
        raise Unprocessable("say what to look for", type="no-condition")
    async with dependencies.database.transaction() as session:
        rows = await search(session, principal.bounds, wanted, limit=limit, after=after)
        shown = [each for each in await blinded(session, rows, principal) if _shows(each, wanted)]
        asked = dependencies.digests.of(
            {
                "number": wanted.number,
                "plate": wanted.plate,
                "camera_id": wanted.camera_id,
                "from": wanted.captured_from,
                "to": wanted.captured_to,
                "handled_by": wanted.handled_by,
            }
        )
        await record(session, principal, actions.SEARCH, shown, query=asked)
    is_last = len(rows) < limit
    return Found(shown, None if is_last else (rows[-1].captured_at, rows[-1].citation_id))


def ascii_digits(text: str) -> str:
    """Persian and Arabic digits as ASCII ones; the rest is kept."""
    return text.translate(_ASCII_DIGITS)


def plate_of(written: str) -> str:
    """A plate in any spelling as canonical text. Raises Unprocessable for what is none."""
    found = parse(written)
    if found is None:
        raise Unprocessable(
            "this is no plate: two digits, a letter, three digits, two digits", type="no-plate"
        )
    return found.text


def number_of(written: str) -> str:
    """A citation's number in ASCII digits. Raises Unprocessable where its check digits say that it
    was copied wrong; numbers without check digits, of before, are as they are."""
    number = "".join(ascii_digits(written).split()).lower()
    try:
        is_whole = number.count("-") < 3 or numbering.holds(number)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise Unprocessable("its check digits do not belong to this number", type="no-number")
    return number


def _shows(citation: StoredCitation, wanted: Wanted) -> bool:
    is_named = wanted.number is None or citation.standing.number == wanted.number
    return is_named and not (wanted.plate is not None and citation.is_plate_hidden)
