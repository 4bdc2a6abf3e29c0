"""Multipart forms that are read by their route: FastAPI reads a declared one to its last byte
before it authorizes the caller."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from payesh.ingest.errors import UploadTooSlow
from payesh.kit.errors import Unprocessable

M = TypeVar("M", bound=BaseModel)

_MEDIA_TYPE = "multipart/form-data"
_MOST_FIELDS = 8


@asynccontextmanager
async def sent_form(
    request: Request, model: type[M], turns: asyncio.Semaphore, deadline_s: float
) -> AsyncIterator[M]:
    """The form, once it is this request's turn; its files end with the context.

    While it waits nothing is read, and TCP holds the sender. Then the deadline runs: a sender
    that lost its power would otherwise hold the turn for ever. Raises Unprocessable, UploadTooSlow,
    RequestValidationError.
    """
    if not request.headers.get("content-type", "").lower().startswith(_MEDIA_TYPE):
        raise Unprocessable(f"the body must be {_MEDIA_TYPE}", type="malformed")
    async with turns, AsyncExitStack() as files:
        try:
            async with asyncio.timeout(deadline_s):
                form = await files.enter_async_context(
                    request.form(max_files=1, max_fields=_MOST_FIELDS)
                )
        except TimeoutError:
            raise UploadTooSlow(deadline_s) from None
        try:
            sent = model.model_validate(dict(form))
        except ValidationError as error:
            raise RequestValidationError(
                [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
            ) from None
        yield sent


def form_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI part that goes with `sent_form`."""
    content = {_MEDIA_TYPE: {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}
