"""One clock for all replicas: the database's. What is signed by another one would never verify."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.errors import DependencyFault

ALLOWANCE = timedelta(seconds=60)
"""A fifth of what `payesh-verify` grants between a decision and its signature."""


async def require_clock(session: AsyncSession) -> None:
    """Raises DependencyFault where this host's clock is not the database's: until it is set right,
    nothing is drafted or decided here."""
    before = datetime.now(UTC)
    there = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    off = max(before - there, there - datetime.now(UTC))
    if off > ALLOWANCE:
        seconds = round(off.total_seconds())
        raise DependencyFault("clock", f"{seconds} s off the database's: set this host's clock")
