"""What the routes of webhooks take and answer."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from payesh.kit.paging import Text, UtcTime
from payesh.kit.webhooks.sending import MAX_URL
from payesh.kit.webhooks.store import Delivery, Endpoint


class EndpointBody(BaseModel):
    url: Annotated[
        Text,
        Field(
            min_length=1,
            max_length=MAX_URL,
            description="https:// address of your receiver, in a network that this installation "
            "sends to.",
        ),
    ]
    types: Annotated[
        list[Annotated[Text, Field(max_length=60)]],
        Field(min_length=1, max_length=20, description="What to announce."),
    ]


class EndpointView(BaseModel):
    """`state` is `on`, `lapsed` (renew it), or why it is paused: `revoked`, `unreachable` (three
    days without success), `gone` (your receiver answered 410). A renewal ends a pause."""

    endpoint_id: UUID
    url: str
    types: list[str]
    state: str
    created_at: datetime
    stands_until: datetime
    waiting: int
    failing_since: datetime | None
    next_attempt_at: datetime | None


class EndpointSecret(EndpointView):
    """`secret` signs your deliveries (Standard Webhooks); it is shown here alone."""

    secret: str


class EndpointList(BaseModel):
    items: list[EndpointView]


class DeliveryView(BaseModel):
    """`outcome` is the last attempt's: your receiver's status, or why there was none. A delivery
    waits until it has ended."""

    delivery_id: UUID
    type: str
    announced_at: datetime
    attempts: int
    ended_at: datetime | None
    outcome: str | None


class DeliveryPage(BaseModel):
    items: list[DeliveryView]
    next: str | None


class Queued(BaseModel):
    delivery_id: UUID


class ReplayBody(BaseModel):
    """Deliveries announced from `from` on, until `to`, not included, or now."""

    since: UtcTime = Field(alias="from")
    until: UtcTime | None = Field(None, alias="to")


class Replayed(BaseModel):
    """How many wait again; at most 10,000 at a time, the oldest."""

    queued: int


def endpoint_view(endpoint: Endpoint, waiting: int) -> EndpointView:
    lapsed = endpoint.stands_until <= datetime.now(UTC)
    state = endpoint.paused or ("lapsed" if lapsed else "on")
    retried = state == "on" and endpoint.failing_since is not None
    return EndpointView(
        endpoint_id=endpoint.endpoint_id,
        url=endpoint.url,
        types=list(endpoint.types),
        state=state,
        created_at=endpoint.created_at,
        stands_until=endpoint.stands_until,
        waiting=waiting,
        failing_since=endpoint.failing_since,
        next_attempt_at=endpoint.not_before if retried else None,
    )


def delivery_view(found: Delivery) -> DeliveryView:
    return DeliveryView(
        delivery_id=found.delivery_id,
        type=found.type,
        announced_at=found.announced_at,
        attempts=found.attempts,
        ended_at=found.ended_at,
        outcome=found.outcome,
    )
