"""Every route asks for a scope, or is listed with the reason why it asks for none."""

import pytest
from fastapi import APIRouter, Depends

from payesh.kit.authorization import authorize
from payesh.kit.http import KIT_PUBLIC_ROUTES, Application, UnprotectedRoute, create_app


def app(public_routes: dict[str, str] | None = None) -> Application:
    router = APIRouter()

    @router.get("/open")
    async def read_open() -> None: ...

    @router.get("/guarded", dependencies=[Depends(authorize("a:read", resource="a"))])
    async def read_guarded() -> None: ...

    async def ready() -> dict[str, str]:
        return {}

    return create_app(
        service="x",
        settings=None,
        lifespan=None,
        routers=[router],
        ready=ready,
        public_routes=public_routes,
    )


def test_a_listed_route_needs_no_scope() -> None:
    assert app({"/open": "a test"}).public_routes == {**KIT_PUBLIC_ROUTES, "/open": "a test"}


@pytest.mark.parametrize(
    ("listed", "named"),
    [
        (None, "/open"),
        ({"/open": "a test", "/guarded": "it asks for a scope"}, "/guarded"),
        ({"/open": "a test", "/absent": "it does not exist"}, "/absent"),
    ],
)
def test_a_list_that_differs_from_the_open_routes_is_refused(
    listed: dict[str, str] | None, named: str
) -> None:
    with pytest.raises(UnprotectedRoute, match=f"^x: {named}$"):
        app(listed)


def test_one_application_does_not_open_routes_of_another() -> None:
    app({"/open": "a test"})
    with pytest.raises(UnprotectedRoute):
        app()
    with pytest.raises(TypeError):
        KIT_PUBLIC_ROUTES["/open"] = "a test"  # type: ignore[index]
