"""Reading the law in force. It is public to its readers, so no reading is recorded."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.tickets.adapters import law_editions
from payesh.tickets.dependencies import Dependencies
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.domain.law import LawTable
from payesh.tickets.domain.law_book import LawBook
from payesh.tickets.jalali import jalali_day


async def brought_up(session: AsyncSession, book: LawBook) -> LawBook:
    """The book with every edition approved by now, by whichever replica: the next case after an
    approval is priced with it."""
    for published in await law_editions.published_since(session, book.number):
        book.publish(published)
    return book


async def law_book(dependencies: Dependencies) -> LawBook:
    """The law as it stands now, by day."""
    async with dependencies.database.transaction() as session:
        return await brought_up(session, dependencies.law)


def today() -> JalaliDay:
    """Today's day in Tehran."""
    return jalali_day(datetime.now(UTC))


async def law_today(dependencies: Dependencies) -> LawTable:
    """The table that prices what happens today."""
    return (await law_book(dependencies)).law_on(today())
