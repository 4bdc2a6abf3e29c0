"""The routes with which a machine keeps its endpoints; each sees its own alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.audit import record_read
from payesh.kit.authorization import authorize
from payesh.kit.database import Database
from payesh.kit.errors import Conflict, Forbidden, Hidden, NotFound, Unprocessable
from payesh.kit.paging import (
    Cursor,
    Limit,
    LongNumber,
    decode_cursor,
    next_cursor,
)
from payesh.kit.principal import Principal
from payesh.kit.webhooks import store
from payesh.kit.webhooks.sending import BadUrl, Sender
from payesh.kit.webhooks.signing import WebhookKey
from payesh.kit.webhooks.store import Endpoint
from payesh.kit.webhooks.views import (
    DeliveryPage,
    EndpointBody,
    EndpointList,
    EndpointSecret,
    EndpointView,
    Queued,
    ReplayBody,
    Replayed,
    delivery_view,
    endpoint_view,
)

TEST = "webhook.test"
_REPLAYED = 10_000
_before = TypeAdapter(tuple[LongNumber])


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """`types` that a service announces, each with the scope of what it is about; `most` endpoints a
    client; `lease` is how long one stands after its client last asked."""

    service: str
    scope: str
    types: Mapping[str, str]
    lease: timedelta
    most: int = 10


def webhooks_router(
    rules: WebhookRules, database: Database, key: WebhookKey | None, sender: Sender
) -> APIRouter:
    """Routes under /v1/webhooks, for machines with the scope. Without a key each answers that this
    installation sends none."""
    router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
    caller = authorize(rules.scope, resource="webhooks")

    async def machine(principal: Annotated[Principal, Depends(caller)]) -> Principal:
        if principal.is_person:
            raise Forbidden("an endpoint belongs to a client, not to a person", type="machine")
        if key is None:
            raise NotFound("this installation sends no webhooks", type="webhooks-off")
        return principal

    def secret(endpoint_id: UUID, version: int) -> str:
        assert key is not None  # noqa: S101 - no route runs without
        return key.secret(endpoint_id, version)

    Machine = Annotated[Principal, Depends(machine)]

    async def record(session: AsyncSession, principal: Principal, action: str, *ids: UUID) -> None:
        await record_read(
            session,
            principal,
            service=rules.service,
            scope=rules.scope,
            action=f"{action} webhook",
            resource_kind="webhook",
            resource_ids=[str(each) for each in ids],
        )

    async def own(session: AsyncSession, principal: Principal, endpoint_id: UUID) -> Endpoint:
        found = await store.find(session, endpoint_id, lock=True)
        if found is None:
            raise NotFound("no such endpoint")
        if found.subject != principal.subject:
            raise Hidden("no such endpoint")
        return found

    async def view(session: AsyncSession, endpoint_id: UUID) -> EndpointView:
        found = await store.find(session, endpoint_id)
        if found is None:
            raise NotFound("no such endpoint")
        return endpoint_view(found, await store.waiting(session, endpoint_id))

    def require_types(principal: Principal, types: list[str]) -> None:
        for each in types:
            if each not in rules.types:
                known = ", ".join(sorted(rules.types))
                raise Unprocessable(f"unknown type; there are: {known}", type="webhook-type")
            if rules.types[each] not in principal.scopes:
                raise Forbidden(f"{each} needs the scope {rules.types[each]}", type="missing-scope")

    @router.get("")
    async def list_webhooks(principal: Machine) -> EndpointList:
        """Your endpoints, the newest first."""
        async with database.transaction() as session:
            found = await store.of_subject(session, principal.subject)
            waiting = [await store.waiting(session, each.endpoint_id) for each in found]
            await record(session, principal, "list", *(each.endpoint_id for each in found))
        return EndpointList(items=list(map(endpoint_view, found, waiting)))

    @router.post("", status_code=201)
    async def add_webhook(principal: Machine, body: EndpointBody) -> EndpointSecret:
        """Add an endpoint. It is sent what happens in your counties from now on; what a delivery
        names, you read over this API, with a purpose. It stands for as long as `stands_until` says:
        renew it in time."""
        require_types(principal, body.types)
        try:
            await sender.require(body.url)
        except BadUrl as error:
            raise Unprocessable(str(error), type="webhook-url") from None
        async with database.transaction() as session:
            if await store.count_of(session, principal.subject) >= rules.most:
                raise Conflict(f"a client has at most {rules.most} endpoints", type="most")
            added = await store.add(session, principal, body.url, body.types, rules.lease)
            await record(session, principal, "add", added.endpoint_id)
        shown = secret(added.endpoint_id, added.secret_version)
        return EndpointSecret(**endpoint_view(added, 0).model_dump(), secret=shown)

    @router.get("/{endpoint_id}")
    async def read_webhook(principal: Machine, endpoint_id: UUID) -> EndpointView:
        """How one stands."""
        async with database.transaction() as session:
            await own(session, principal, endpoint_id)
            await record(session, principal, "read", endpoint_id)
            return await view(session, endpoint_id)

    @router.post("/{endpoint_id}/renew")
    async def renew_webhook(principal: Machine, endpoint_id: UUID) -> EndpointView:
        """Let it stand on, with the counties that you have now, and try again what waits."""
        async with database.transaction() as session:
            endpoint = await own(session, principal, endpoint_id)
            require_types(principal, list(endpoint.types))
            await store.renew(session, endpoint, principal, rules.lease)
            await record(session, principal, "renew", endpoint_id)
            return await view(session, endpoint_id)

    @router.post("/{endpoint_id}/secret")
    async def replace_webhook_secret(principal: Machine, endpoint_id: UUID) -> EndpointSecret:
        """A new secret. For 24 hours deliveries are signed with the former one as well."""
        async with database.transaction() as session:
            endpoint = await own(session, principal, endpoint_id)
            version = await store.replace_secret(session, endpoint)
            await record(session, principal, "replace secret of", endpoint_id)
            shown = await view(session, endpoint_id)
        return EndpointSecret(**shown.model_dump(), secret=secret(endpoint_id, version))

    @router.post("/{endpoint_id}/test", status_code=202)
    async def send_webhook_test(principal: Machine, endpoint_id: UUID) -> Queued:
        """Send a delivery of the type `webhook.test` to this endpoint."""
        async with database.transaction() as session:
            await own(session, principal, endpoint_id)
            if await store.waiting(session, endpoint_id) >= _REPLAYED:
                raise Conflict("too many deliveries wait", type="most")
            delivery_id = await store.add_test(session, endpoint_id, TEST)
            await record(session, principal, "test", endpoint_id)
        return Queued(delivery_id=delivery_id)

    @router.get("/{endpoint_id}/deliveries")
    async def list_webhook_deliveries(
        principal: Machine, endpoint_id: UUID, limit: Limit = 50, cursor: Cursor = None
    ) -> DeliveryPage:
        """Deliveries and what became of them, the newest first."""
        (before,) = decode_cursor(cursor, _before) or (None,)
        async with database.transaction() as session:
            await own(session, principal, endpoint_id)
            found = await store.page(session, endpoint_id, before=before, limit=limit)
            await record(session, principal, "list deliveries of", endpoint_id)
        following = next_cursor(found, limit, lambda each: (each.id,))
        return DeliveryPage(items=[delivery_view(each) for each in found], next=following)

    @router.post("/{endpoint_id}/replay", status_code=202)
    async def replay_webhook(principal: Machine, endpoint_id: UUID, body: ReplayBody) -> Replayed:
        """Send again what was announced in a span of time, under the same ids: what your receiver
        knows already it leaves out by `webhook-id`."""
        until = body.until or datetime.now(UTC)
        async with database.transaction() as session:
            await own(session, principal, endpoint_id)
            queued = await store.replay(session, endpoint_id, body.since, until, _REPLAYED)
            await record(session, principal, "replay", endpoint_id)
        return Replayed(queued=queued)

    @router.delete("/{endpoint_id}", status_code=204)
    async def remove_webhook(principal: Machine, endpoint_id: UUID) -> None:
        """Remove it, with what waits."""
        async with database.transaction() as session:
            await own(session, principal, endpoint_id)
            await store.remove(session, endpoint_id)
            await record(session, principal, "remove", endpoint_id)

    return router
