"""What routes share: the dependencies, bodies that follow the contracts, time spans."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from payesh.contracts.values import IDENTIFIER_PATTERN
from payesh.ingest.dependencies import Dependencies
from payesh.ingest.errors import BadTime
from payesh.ingest.handlers.streams import Span

M = TypeVar("M", bound=BaseModel)

CameraId = Annotated[str, Path(pattern=IDENTIFIER_PATTERN)]


def dependencies(request: Request) -> Dependencies:
    found: Dependencies = request.app.state.dependencies
    return found


DependenciesHere = Annotated[Dependencies, Depends(dependencies)]


def json_body(model: type[M]) -> Callable[[Request], Awaitable[M]]:
    """A dependency that reads the body in JSON mode: the contracts' models are strict, and a list
    or a string is a tuple or a time in JSON only."""

    async def read(request: Request) -> M:
        try:
            body = model.model_validate_json(await request.body())
        except ValidationError as error:
            raise RequestValidationError(
                [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
            ) from None
        # Beyond the contracts: PostgreSQL keeps no text with a NUL.
        places = list(_with_nul(body.model_dump(mode="json"), ("body",)))
        if places:
            raise RequestValidationError(
                [{"type": "nul", "loc": place, "msg": "NUL is not accepted"} for place in places]
            )
        return body

    return read


def _with_nul(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str) and "\0" in value:
        yield place
    elif isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _with_nul(inner, (*place, name))


def body_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI part that goes with `json_body`."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def inlined(node: Any) -> Any:
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                return inlined(definitions[reference.rpartition("/")[2]])
            return {name: inlined(value) for name, value in node.items()}
        return [inlined(value) for value in node] if isinstance(node, list) else node

    content = {"application/json": {"schema": inlined(schema)}}
    return {"requestBody": {"required": True, "content": content}}


def utc(value: datetime, name: str) -> datetime:
    """Raises BadTime for a naive time: which zone it meant cannot be guessed."""
    if value.tzinfo is None:
        raise BadTime(f"{name} needs a time zone")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise BadTime(f"{name} is no year from 1 to 9999 in UTC") from None


def asked_span(
    since: Annotated[
        datetime | None, Query(alias="from", description="Default: a day ago.")
    ] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Default: now.")] = None,
) -> Span:
    """Raises BadTime."""
    now = datetime.now(UTC)
    span = Span(
        utc(since, "from") if since else now - timedelta(days=1),
        utc(until, "to") if until else now + timedelta(minutes=1),
    )
    if span.until < span.since:
        raise BadTime("to lies before from")
    return span


SpanHere = Annotated[Span, Depends(asked_span)]
