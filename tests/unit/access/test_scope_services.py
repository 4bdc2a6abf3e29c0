"""Every scope is valid at one service, and a token for access passes on what it cannot use."""

import json
from pathlib import Path

import pytest

from payesh.access.domain.entitlements import SCOPES
from payesh.access.domain.scope_services import delegable, service_of, services_of, valid_at

CONTRACTS = Path(__file__).parents[3] / "contracts" / "openapi"


@pytest.mark.parametrize("document", sorted(CONTRACTS.glob("*.json")), ids=lambda path: path.stem)
def test_the_scopes_that_a_service_asks_for_are_valid_there(document: Path) -> None:
    asked = {
        scope
        for path in json.loads(document.read_text())["paths"].values()
        for operation in path.values()
        for requirement in operation.get("security", [])
        for scopes in requirement.values()
        for scope in scopes
    }
    assert asked
    assert services_of(asked) == {document.stem}


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_has_a_service(scope: str) -> None:
    assert valid_at(service_of(scope), [scope]) == {scope}


def test_of_accesss_own_scopes_no_more_is_passed_on_than_the_token_has() -> None:
    held = frozenset({"people:write", "keys:write", "citations:read"})
    assert delegable(held, frozenset({"people:write"})) == {"people:write", "citations:read"}
    assert delegable(frozenset({"citations:read"}), held) == {"citations:read"}
