"""One passage. Personal data: a purpose is asked for and an audit record left."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from payesh.contracts import PassageObserved
from payesh.detect.adapters import passages
from payesh.detect.errors import NoSuchPassage
from payesh.kit.audit import record_read
from payesh.kit.authorization import authorize
from payesh.kit.openapi import ShapeOf
from payesh.kit.tokens import Principal

router = APIRouter(prefix="/v1/passages", tags=["passages"])
_SCOPE = "passages:read"
Reader = Annotated[Principal, Depends(authorize(_SCOPE, resource="passage", personal=True))]


class PassageView(BaseModel):
    """A passage as the bus said it."""

    passage: Annotated[dict[str, Any], ShapeOf(PassageObserved)]


@router.get("/{passage_id}")
async def get_passage(request: Request, passage_id: UUID, principal: Reader) -> PassageView:
    """One passage."""
    async with request.app.state.database.transaction() as session:
        row = await passages.get(session, principal.bounds, passage_id)
        await record_read(
            session,
            principal,
            service="detect",
            scope=_SCOPE,
            action="read",
            resource_kind="passage",
            resource_ids=[str(passage_id)],
            outcome="granted" if row is not None else "denied",
        )
    if row is None:
        raise NoSuchPassage
    return PassageView(passage=row.body)
