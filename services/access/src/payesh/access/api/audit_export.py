"""`/v1/audit/export`: the whole log as JSON lines."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from payesh.access.api.dependencies import DependenciesHere
from payesh.access.handlers import audit, audit_export
from payesh.kit.authorization import authorize
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/audit", tags=["audit"])
Auditor = Annotated[
    Principal, Depends(authorize(audit.READ, resource="the audit log", personal=True))
]
MEDIA_TYPE = "application/jsonl"


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def export_audit(dependencies: DependenciesHere, principal: Auditor) -> StreamingResponse:
    """All leaves up to the newest tree head as JSON lines, for `payesh-access verify-audit`. Of
    records by people of other agencies the hashes alone, unless the caller is of the operator's."""
    head = await audit_export.begin_export(dependencies, principal)
    return StreamingResponse(
        audit_export.exported(dependencies, principal, head),
        media_type=MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="audit-{head.tree_size}.jsonl"'},
    )
