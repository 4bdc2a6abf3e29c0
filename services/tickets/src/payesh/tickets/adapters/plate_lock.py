"""A plate held until the transaction ends: what is drafted of one vehicle is drafted in a row."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def hold_plate(session: AsyncSession, plate_text: str) -> None:
    """No other transaction drafts this plate, or approves an exemption for it, meanwhile."""
    key = func.hashtextextended(f"tickets.plate|{plate_text}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))
