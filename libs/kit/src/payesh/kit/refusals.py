"""Refusals, recorded like the reads that are granted: who tried what, before the answer.

Only verified callers are recorded, each at most so often a minute (`payesh.kit.quotas`), so that no
flood fills the database. Requests without a valid token are counted in metrics alone.
"""

from collections.abc import Mapping

from fastapi import Request

from payesh.contracts.access import AuditOutcome
from payesh.contracts.audited_query import Condition
from payesh.kit import metrics
from payesh.kit.audit import record_read
from payesh.kit.authorization import asked_of, searched
from payesh.kit.database import Database
from payesh.kit.errors import Problem
from payesh.kit.query_digests import QueryDigests
from payesh.kit.quotas import Quotas

_ID_LENGTH = 128
_PAGING = {"cursor", "limit"}


class Refusals:
    """Records the refusals of one service in its own database."""

    def __init__(
        self, service: str, database: Database, digests: QueryDigests, quotas: Quotas
    ) -> None:
        self._service = service
        self._database = database
        self._digests = digests
        self._quotas = quotas

    async def record(self, request: Request, problem: Problem) -> None:
        """Record what a verified caller was refused. Raises TooMany, DatabaseUnavailable."""
        asked = asked_of(request)
        if asked is None or problem.is_recorded:
            return
        self._quotas.refusals.take(asked.principal.subject)
        ids = [_storable(str(value)) for value in request.path_params.values()]
        async with self._database.transaction() as session:
            await record_read(
                session,
                asked.principal,
                service=self._service,
                scope=asked.scope,
                action=_action(request),
                resource_kind=asked.resource,
                resource_ids=[each for each in ids if each],
                outcome=AuditOutcome.DENIED,
                query=self._digests.of(_conditions(request)),
            )


def count(problem: Problem) -> None:
    """Count an answer of 401, 403 or 429 in the metrics."""
    if problem.status in (401, 403, 429):
        metrics.refusals.labels(problem.type).inc()


def _conditions(request: Request) -> Mapping[str, Condition]:
    """What the path, the query and a body that searches name, as the handler's own record has
    it."""
    query = {name: value for name, value in request.query_params.items() if name not in _PAGING}
    return {**query, **searched(request), **request.path_params}


def _action(request: Request) -> str:
    """The operation's name, as in the OpenAPI document."""
    return str(request.scope["route"].name)[:64]


def _storable(text: str) -> str:
    return text.replace("\0", "")[:_ID_LENGTH]
