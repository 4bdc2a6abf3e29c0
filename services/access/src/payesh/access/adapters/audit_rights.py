"""What the service's own role may do to the audit log's tables, as PostgreSQL sees it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_CHANGEABLE = text("""
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
        AND relname IN ('audit_leaves', 'audit_nodes', 'audit_tree_heads', 'audit_tree_head_keys',
            'audit_alarms', 'audit_alarm_reviews')
        AND (
            pg_has_role(current_user, relowner, 'MEMBER')
            OR has_table_privilege(current_user, oid, 'UPDATE')
            OR has_table_privilege(current_user, oid, 'DELETE')
            OR has_table_privilege(current_user, oid, 'TRUNCATE')
        )
    ORDER BY relname
""")


async def changeable_tables(session: AsyncSession) -> list[str]:
    """Append-only tables that the connected role could change: it owns them, is a member of a role
    that does, was granted more than reading and appending, or is a superuser."""
    return list(await session.scalars(_CHANGEABLE))
