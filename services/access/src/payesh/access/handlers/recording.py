"""Audit records of what administrators read and change: agencies, clients and keys."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.settings import Settings
from payesh.kit.audit import record_read
from payesh.kit.principal import Principal


async def record(
    session: AsyncSession,
    principal: Principal,
    scope: str,
    action: str,
    kind: str,
    ids: Sequence[str],
) -> None:
    """Record what a principal did, in the transaction that does it; late in it, because the number
    of the record is held until its end."""
    await record_read(
        session,
        principal,
        service=Settings.service,
        scope=scope,
        action=action,
        resource_kind=kind,
        resource_ids=ids,
    )
