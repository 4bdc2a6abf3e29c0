"""The outbox: adds an event as a row of the transaction that made it true.

`payesh.kit.relay` publishes the rows. They are inserted just before the commit, under an advisory
lock for each key, taken in one order. So ids of one key grow in the order of commits: a relay
that reads by id neither skips nor reorders a key, and two transactions never deadlock on these
locks.
"""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from payesh.contracts import Event
from payesh.kit.bus.envelope import Message, envelope

_PENDING = "payesh_outbox_pending"
_ADDED = "payesh_outbox_added"
_KEY_LOCKS = 0x50590001

# One round trip. Sorting needs every row of the join, and that needs every lock, so all locks are
# held before the first id is drawn; ids are drawn in the sorted order, which is that of the calls.
_INSERT = text("""
    WITH held AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(:class, lock) FROM unnest(CAST(:locks AS int[])) AS lock
    )
    INSERT INTO outbox (topic, key, event_id, body, headers)
    SELECT added.topic, added.key, added.event_id, added.body, CAST(added.headers AS jsonb)
    FROM (SELECT count(*) FROM held) AS all_held,
        unnest(
            CAST(:topics AS text[]), CAST(:keys AS bytea[]), CAST(:event_ids AS uuid[]),
            CAST(:bodies AS bytea[]), CAST(:headers AS text[])
        ) WITH ORDINALITY AS added (topic, key, event_id, body, headers, place)
    ORDER BY added.place
""")


@dataclass
class _Pending:
    message: Message
    transaction: SessionTransaction

    def within(self, other: SessionTransaction) -> bool:
        """Whether `other` is the (sub)transaction it was added in, or one around that."""
        current: SessionTransaction | None = self.transaction
        while current is not None and current is not other:
            current = current.parent
        return current is other


async def add(session: AsyncSession, event: Event, *, event_id: UUID | None = None) -> None:
    """Publish `event` if and when the session's transaction commits.

    Raises SchemaViolation when the event is not what its schema describes.
    """
    message = envelope(event, event_id=event_id)
    sync = session.sync_session
    transaction = sync.get_nested_transaction() or sync.get_transaction() or sync.begin()
    sync.info.setdefault(_PENDING, []).append(_Pending(message, transaction))
    sync.info[_ADDED] = True


def has_additions(session: AsyncSession) -> bool:
    return bool(session.sync_session.info.get(_ADDED))


@event.listens_for(Session, "before_commit")
def _insert_pending(session: Session) -> None:
    savepoint = session.get_nested_transaction()
    if savepoint is not None:  # its additions become those of the transaction around it
        for addition in session.info.get(_PENDING, []):
            if addition.transaction is savepoint and savepoint.parent is not None:
                addition.transaction = savepoint.parent
        return
    pending = [addition.message for addition in session.info.pop(_PENDING, [])]
    if not pending:
        return
    session.execute(
        _INSERT,
        {
            "class": _KEY_LOCKS,
            "locks": sorted({_key_hash(message) for message in pending}),
            "topics": [message.topic for message in pending],
            "keys": [message.key for message in pending],
            "event_ids": [message.event_id for message in pending],
            "bodies": [message.value for message in pending],
            "headers": [json.dumps(dict(message.text_headers())) for message in pending],
        },
    )


@event.listens_for(Session, "after_soft_rollback")
def _forget_pending(session: Session, rolled_back: SessionTransaction) -> None:
    pending = session.info.get(_PENDING)
    if pending:
        session.info[_PENDING] = [each for each in pending if not each.within(rolled_back)]


def _key_hash(message: Message) -> int:
    digest = hashlib.sha256(message.topic.encode() + b"\0" + message.key).digest()
    return int.from_bytes(digest[:4], "big", signed=True)
