"""The HTTP edge that all services share."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from payesh.kit.body_limit import DEFAULT_LIMIT_BYTES, BodyLimit
from payesh.kit.database import Database
from payesh.kit.lifecycle import running
from payesh.kit.observation import Observation
from payesh.kit.openapi import DESCRIPTION, complete
from payesh.kit.problems import MEDIA_TYPE, add_problem_handlers
from payesh.kit.query_digests import QueryDigests
from payesh.kit.quotas import Quotas
from payesh.kit.refusals import Refusals
from payesh.kit.revocations import Revocations, revocations_of
from payesh.kit.routes import operations, routes_and_scopes
from payesh.kit.serving import serve, service_cli
from payesh.kit.settings import TokenSettings
from payesh.kit.sign_in import SignInRouter
from payesh.kit.tokens import TokenVerifier

__all__ = ["KIT_PUBLIC_ROUTES", "AuditTrail", "create_app", "serve", "service_cli"]

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]
Ready = Callable[[], Awaitable[dict[str, str]]]

KIT_PUBLIC_ROUTES: Mapping[str, str] = MappingProxyType(
    {
        "/healthz": "the orchestrator asks whether the process lives; it holds no token",
        "/readyz": "the orchestrator asks whether to send traffic; it names dependencies only",
        "/sign-in": "a person who signs in has no session yet",
        "/sign-in/page.css": "the style of the page that asks for the purpose",
        "/sign-in/callback": "access sends the browser back here; the code is checked",
        "/sign-in/session": "describes the caller's own session, and nothing without one",
        "/sign-out": "ends the caller's own session; the CSRF token is checked",
    }
)
"""The kit's own routes that ask for no scope: path to the reason."""


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """Where a service records, and under which key it digests what was asked for."""

    database: Database
    digests: QueryDigests


class UnprotectedRoute(RuntimeError):
    """The routes without a scope are not those that are listed as public: the service does not
    start."""


class Application(FastAPI):
    """A service's application, whose `openapi()` includes what `authorize` asks for on each route.

    `public_routes` are all paths that ask for no scope, each with the reason.
    """

    service: str
    public_routes: Mapping[str, str]

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            complete(document, self.service, operations(self))
            self.openapi_schema = document
        return self.openapi_schema


def create_app(
    *,
    service: str,
    settings: Any,
    lifespan: Lifespan | None,
    routers: Sequence[APIRouter],
    ready: Ready,
    body_limits: Mapping[str, int] | None = None,
    body_limit_bytes: int = DEFAULT_LIMIT_BYTES,
    verifier: TokenVerifier | None = None,
    mounts: Mapping[str, Any] | None = None,
    public_routes: Mapping[str, str] | None = None,
    audit: AuditTrail | None = None,
    notices: Ready | None = None,
    revocations: Revocations | None = None,
) -> Application:
    """The service's application.

    `ready` returns each dependency with "ok" or what is wrong with it. `body_limits` maps path
    templates to bytes where 1 MiB is not right. `mounts` are ASGI apps (static files).
    `public_routes` maps the path of each route that asks for no scope to the reason why; the
    kit's own are known. `audit` is where refusals are recorded; a service that verifies tokens
    has one. `notices` are shown by `/readyz` too, and make no service unready: what a person must
    look at, while it serves. `revocations` run while the application does; by default they are what
    the settings describe, and `verifier` is given with its own or not at all. Raises
    UnprotectedRoute, ValueError.
    """
    revocations = revocations or revocations_of(settings)
    app = Application(
        title=f"Payesh {service}",
        version="1",
        description=DESCRIPTION,
        lifespan=_lifespan(lifespan, revocations),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # published as a committed snapshot, not served
        responses={"default": {"description": "Problem details", "content": {MEDIA_TYPE: {}}}},
        generate_unique_id_function=lambda route: route.name,  # clients name their methods by it
    )
    app.service = service
    app.public_routes = {**KIT_PUBLIC_ROUTES, **(public_routes or {})}
    app.state.settings = settings
    if verifier is None and isinstance(settings, TokenSettings):
        verifier = TokenVerifier(settings, revocations=revocations)
    app.state.verifier = verifier
    _limit_callers(app, settings, audit)
    app.state.sign_in_page = SignInRouter.sign_in_page
    for router in routers:
        app.include_router(router)
        if isinstance(router, SignInRouter):
            app.state.sessions = router.sessions
            app.state.sign_in_page = router.sign_in_page
    for path, mounted in (mounts or {}).items():
        app.mount(path, mounted)
    _add_health(app, ready, notices, revocations)
    add_problem_handlers(app)
    app.add_middleware(BodyLimit, limits=body_limits, default_bytes=body_limit_bytes)
    app.add_middleware(Observation)
    _require_listed(app, public_routes or {})
    return app


def _limit_callers(app: Application, settings: Any, audit: AuditTrail | None) -> None:
    """Quotas and the record of refusals. Raises ValueError where tokens are verified without."""
    if not isinstance(settings, TokenSettings):
        return
    if audit is None:
        raise ValueError(f"{app.service} verifies tokens and needs a place to record refusals")
    app.state.quotas = Quotas(settings.requests_per_minute, settings.refusals_per_minute)
    app.state.refusals = Refusals(app.service, audit.database, audit.digests, app.state.quotas)


def _require_listed(app: Application, own: Mapping[str, str]) -> None:
    """Raises UnprotectedRoute: also for a listed path that asks for a scope or does not exist,
    because its entry would excuse a later route."""
    unprotected = {path for path, scope in routes_and_scopes(app) if scope is None}
    wrong = (unprotected - app.public_routes.keys()) | (own.keys() - unprotected)
    if wrong:
        raise UnprotectedRoute(f"{app.service}: {', '.join(sorted(wrong))}")


def _lifespan(own: Lifespan | None, revocations: Revocations | None) -> Lifespan | None:
    if revocations is None:
        return own

    @asynccontextmanager
    async def both(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if own is not None:
                await stack.enter_async_context(own(app))
            await stack.enter_async_context(running(revocations))
            yield

    return both


def _add_health(
    app: FastAPI, ready: Ready, notices: Ready | None, revocations: Revocations | None
) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        dependencies = await ready()
        if revocations is not None:
            dependencies = {**dependencies, "revocations": revocations.status}
        well = all(state == "ok" for state in dependencies.values())
        body: dict[str, Any] = {
            "status": "ok" if well else "unavailable",
            "dependencies": dependencies,
        }
        if notices is not None:
            body["notices"] = await notices()
        return JSONResponse(body, status_code=200 if well else 503)
