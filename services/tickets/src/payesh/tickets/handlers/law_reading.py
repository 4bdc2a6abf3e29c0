"""Reading the law in force. It is public to its readers, so no reading is recorded."""

from datetime import UTC, datetime

from payesh.tickets.adapters.stored_citation import StoredCitation
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.law import LawTable
from payesh.tickets.jalali import jalali_day


def law_today(dependencies: Dependencies) -> LawTable:
    """The table that prices what happens today."""
    return dependencies.law.law_on(jalali_day(datetime.now(UTC)))


def law_of(dependencies: Dependencies, citation: StoredCitation) -> LawTable:
    """The table in force on the day of a citation's offence; it may have been replaced since the
    citation was priced."""
    return dependencies.law.law_on(jalali_day(citation.captured_at))
