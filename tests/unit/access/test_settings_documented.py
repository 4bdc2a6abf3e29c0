"""The README lists every setting that is access's own, and every public route has a reason."""

from pathlib import Path

from pydantic import BaseModel

from payesh.access.domain.entitlements import SCOPES
from payesh.access.main import openapi
from payesh.access.settings import Settings
from payesh.kit.http import Application
from payesh.kit.routes import routes_and_scopes

README = (Path(__file__).parents[3] / "services/access/README.md").read_text("utf-8")


def test_every_own_setting_is_in_the_readme() -> None:
    bases = [base for base in Settings.__bases__ if issubclass(base, BaseModel)]
    inherited = {name for base in bases for name in base.model_fields}
    own = {name.upper() for name in Settings.model_fields if name not in inherited}
    for name in own - {"SIGN_IN_FAILURES_PER_ADDRESS"}:
        assert f"`{name}`" in README, name


def test_every_route_asks_for_a_known_scope_or_is_public_for_a_reason() -> None:
    app = openapi()
    assert isinstance(app, Application)
    routes = routes_and_scopes(app)
    assert len(routes) > 15
    for path, scope in routes:
        assert (scope in SCOPES) or (scope is None and app.public_routes[path]), path
