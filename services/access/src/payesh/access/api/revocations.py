"""`/v1/revocations`: what services ask for beside the bus."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from payesh.access.api.dependencies import DependenciesHere
from payesh.access.handlers import revoking
from payesh.kit.errors import Unauthorized
from payesh.kit.revocations.poll import RevocationList

router = APIRouter(prefix="/v1/revocations", tags=["revocations"])

_basic = HTTPBasic(auto_error=False, description="A client's id and secret.")


@router.get(
    "",
    response_model=RevocationList,
    responses={
        304: {"description": "Nothing was revoked since the ETag that was sent."},
        401: {"description": "The client's id or secret is absent or wrong."},
        403: {"description": "The client does not hold revocations:read."},
    },
)
async def list_revocations(
    dependencies: DependenciesHere,
    credentials: Annotated[HTTPBasicCredentials | None, Depends(_basic)] = None,
    if_none_match: Annotated[str, Header(max_length=100)] = "",
) -> Response:
    """Everything that was revoked and has not expired. The client holds revocations:read."""
    if credentials is None:
        raise Unauthorized(
            "a client's id and secret are needed", headers={"WWW-Authenticate": "Basic"}
        )
    found = await revoking.listed(dependencies, credentials.username, credentials.password)
    etag = f'"{found.number}"'
    if if_none_match == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return JSONResponse(found.model_dump(mode="json"), headers={"ETag": etag})
