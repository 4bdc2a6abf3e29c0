"""`/v1/keys`: signing keys, and their rotation."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from payesh.access import handlers
from payesh.access.adapters import keys
from payesh.access.adapters.tables import SigningKey
from payesh.access.api.rights import Body
from payesh.access.api.state import access_of
from payesh.kit.authorization import Principal, authorize

router = APIRouter(prefix="/v1/keys", tags=["keys"])
KeyMaster = Annotated[Principal, Depends(authorize("keys:write", resource="signing keys"))]


class Rotation(Body):
    withdraw_previous: bool = Field(
        False,
        description="when a private key may be known to others: every earlier key leaves the "
        "set at once, and all tokens signed so far stop working",
    )


class KeyView(BaseModel):
    key_id: str
    algorithm: str
    activates_at: datetime
    retires_at: datetime | None

    @classmethod
    def of(cls, row: SigningKey) -> "KeyView":
        return cls(
            key_id=row.key_id,
            algorithm=row.algorithm,
            activates_at=row.activates_at,
            retires_at=row.retires_at,
        )


@router.get("")
async def list_keys(request: Request, principal: KeyMaster) -> list[KeyView]:
    """Published keys, the newest first."""
    access = access_of(request)
    async with access.database.transaction() as session:
        rows = await keys.published(session, datetime.now(UTC), access.settings.token_lifetime)
    return [KeyView.of(row) for row in rows]


@router.post(
    "/rotate",
    status_code=201,
    responses={409: {"description": "A new key already waits to be used."}},
)
async def rotate_key(
    request: Request, principal: KeyMaster, body: Rotation | None = None
) -> KeyView:
    """Publish a new key now and sign with it after the activation delay."""
    access = access_of(request)
    async with access.database.transaction() as session:
        await handlers.as_of_now(session, principal, "keys:write")
        row = await keys.rotate(
            session,
            access.ring,
            now=datetime.now(UTC),
            delay=timedelta(seconds=access.settings.key_activation_delay_s),
            withdraw=body is not None and body.withdraw_previous,
        )
    return KeyView.of(row)
