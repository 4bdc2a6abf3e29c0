"""One passage. Personal data: a purpose is asked for and an audit record left."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from payesh.contracts import PassageObserved
from payesh.detect.api.dependencies import DependenciesHere
from payesh.detect.handlers import passages
from payesh.kit.authorization import authorize
from payesh.kit.openapi import ShapeOf
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/passages", tags=["passages"])
Reader = Annotated[Principal, Depends(authorize(passages.SCOPE, resource="passage", personal=True))]


class PassageView(BaseModel):
    """A passage as it was published."""

    passage: Annotated[dict[str, Any], ShapeOf(PassageObserved)]


@router.get("/{passage_id}")
async def get_passage(
    dependencies: DependenciesHere, passage_id: UUID, principal: Reader
) -> PassageView:
    """One passage."""
    found = await passages.get_passage(dependencies, principal, passage_id)
    return PassageView(passage=found.body)
