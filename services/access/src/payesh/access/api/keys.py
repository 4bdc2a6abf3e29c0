"""`/v1/keys`: signing keys, and their rotation."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from payesh.access.adapters.keys import StoredKey
from payesh.access.api.dependencies import DependenciesHere
from payesh.access.api.rights import Body
from payesh.access.handlers import keys
from payesh.kit.authorization import authorize
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/keys", tags=["keys"])
Writer = Annotated[Principal, Depends(authorize(keys.WRITE, resource="signing keys"))]


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
    def of(cls, key: StoredKey) -> "KeyView":
        return cls(
            key_id=key.key_id,
            algorithm=key.algorithm,
            activates_at=key.life.activates_at,
            retires_at=key.life.retires_at,
        )


@router.get("")
async def list_keys(dependencies: DependenciesHere, principal: Writer) -> list[KeyView]:
    """Published keys, the newest first."""
    return [KeyView.of(key) for key in await keys.published_keys(dependencies)]


@router.post(
    "/rotate",
    status_code=201,
    responses={409: {"description": "A new key already waits to be used."}},
)
async def rotate_key(
    dependencies: DependenciesHere, principal: Writer, body: Rotation | None = None
) -> KeyView:
    """Publish a new key now and sign with it after the activation delay."""
    withdraw = body is not None and body.withdraw_previous
    return KeyView.of(await keys.rotate_key(dependencies, principal, withdraw_previous=withdraw))
