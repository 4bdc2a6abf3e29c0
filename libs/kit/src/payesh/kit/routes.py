"""What each route of an application requires of its caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route


@dataclass(frozen=True, slots=True)
class RouteRequirements:
    """What a route requires of its caller, and an example of its answer.

    A route whose `scope` is None is public.
    """

    scope: str | None
    personal: bool
    example: Any = None


def routes_and_scopes(app: FastAPI) -> list[tuple[str, str | None]]:
    """Every route's path with the scope that it requires; None for a public one."""
    return [(path, _requirements(route).scope) for path, route in _routes(app.routes)]


def operations(app: FastAPI) -> dict[tuple[str, str], RouteRequirements]:
    """Path and lower-case method of every route, with what it requires."""
    return {
        (path, method.lower()): _requirements(route)
        for path, route in _routes(app.routes)
        for method in getattr(route, "methods", None) or ()
    }


def query_parameters(route: APIRoute) -> frozenset[str]:
    """The names of the query parameters that a route reads."""
    found: set[str] = set()
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        found.update(field.alias for field in dependant.query_params)
        waiting.extend(dependant.dependencies)
    return frozenset(found)


def _routes(routes: Sequence[BaseRoute], prefix: str = "") -> list[tuple[str, BaseRoute]]:
    found: list[tuple[str, BaseRoute]] = []
    for route in routes:
        if isinstance(route, Route | Mount):
            found.append((prefix + route.path, route))
        elif (included := getattr(route, "original_router", None)) is not None:
            # FastAPI keeps an included router as one entry; its routes carry its own prefix.
            found.extend(_routes(included.routes, prefix))
        elif isinstance(inner := getattr(route, "routes", None), list):
            found.extend(_routes(inner, prefix))
        else:
            found.append((prefix + getattr(route, "path", repr(route)), route))
    return found


def _requirements(route: BaseRoute) -> RouteRequirements:
    """Read the marks that `authorize` and `shows` leave on a route's functions."""
    if not isinstance(route, APIRoute):
        return RouteRequirements(None, False)
    example = getattr(route.endpoint, "payesh_example", None)
    waiting = list(route.dependant.dependencies)
    while waiting:
        dependant = waiting.pop()
        scope = getattr(dependant.call, "payesh_scope", None)
        if scope is not None:
            personal = bool(getattr(dependant.call, "payesh_personal", False))
            return RouteRequirements(str(scope), personal, example)
        waiting.extend(dependant.dependencies)
    return RouteRequirements(None, False, example)
