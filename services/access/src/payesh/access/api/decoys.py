"""`/v1/audit/decoys`: plates whose search or export raises an alarm."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, status
from pydantic import BaseModel, Field

from payesh.access.adapters.decoys import StoredDecoy
from payesh.access.api.dependencies import DependenciesHere
from payesh.access.handlers import decoys
from payesh.kit.authorization import authorize
from payesh.kit.paging import ShortText
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/audit/decoys", tags=["audit"])
Keeper = Annotated[
    Principal, Depends(authorize(decoys.SCOPE, resource="decoy plates", personal=True))
]
Plate = Annotated[ShortText, Field(min_length=1, max_length=32, description="of layout car")]


class DecoyView(BaseModel):
    decoy_id: UUID
    name: str
    state: Literal["entered", "active", "retiring", "retired"]
    entered_by: str
    entered_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    retirement_by: str | None = Field(description="who proposed to retire it")
    retirement_at: datetime | None = Field(description="the proposal holds for a day")
    retired_by: str | None
    retired_at: datetime | None

    @classmethod
    def of(cls, decoy: StoredDecoy) -> "DecoyView":
        return cls(state=decoy.state(datetime.now(UTC)), **asdict(decoy))


class DecoyList(BaseModel):
    items: list[DecoyView] = Field(description="the newest 1000, without plates")


class NewDecoy(BaseModel):
    name: Annotated[ShortText, Field(min_length=1, description="names no plate")]
    plate: Plate


class Confirmation(BaseModel):
    plate: Plate


@router.get("")
async def list_decoys(dependencies: DependenciesHere, principal: Keeper) -> DecoyList:
    """Decoys, the newest first; their plates are not stored."""
    found = await decoys.list_decoys(dependencies, principal)
    return DecoyList(items=[DecoyView.of(each) for each in found])


@router.post("", status_code=status.HTTP_201_CREATED)
async def enter_decoy(
    dependencies: DependenciesHere, principal: Keeper, decoy: NewDecoy
) -> DecoyView:
    """Enter a decoy; another person has to confirm it."""
    return DecoyView.of(await decoys.enter_decoy(dependencies, principal, decoy.name, decoy.plate))


@router.post("/{decoy_id}/confirm", status_code=status.HTTP_204_NO_CONTENT)
async def confirm_decoy(
    dependencies: DependenciesHere, principal: Keeper, decoy_id: UUID, confirmation: Confirmation
) -> None:
    """Confirm a decoy, as another person, by entering its plate again."""
    await decoys.confirm_decoy(dependencies, principal, decoy_id, confirmation.plate)


@router.post("/{decoy_id}/retire")
async def retire_decoy(
    dependencies: DependenciesHere, principal: Keeper, decoy_id: UUID
) -> DecoyView:
    """Propose to retire a decoy, and within a day, as another person, retire it: then searches
    raise no alarm any more."""
    return DecoyView.of(await decoys.retire_decoy(dependencies, principal, decoy_id))
