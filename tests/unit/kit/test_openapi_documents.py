"""The committed OpenAPI documents: scopes, purposes, problems and references are complete."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import jsonschema_rs
import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel

from payesh.access.domain.entitlements import SCOPES
from payesh.contracts import AuditReadRecorded, PassageObserved, PlateRead
from payesh.kit.authorization import authorize
from payesh.kit.errors import Unavailable
from payesh.kit.http import Application, create_app
from payesh.kit.openapi import ShapeOf
from payesh.kit.routes import operations
from payesh.tickets.api.citation_view import CitationView
from payesh.tickets.api.citations import CitationPage

OPENAPI = Path(__file__).parents[3] / "contracts/openapi"
CREATE = {
    "ingest": "openapi",
    "detect": "_openapi",
    "plates": "_openapi",
    "tickets": "_for_openapi",
    "access": "openapi",
}
PERSONAL = {
    "ingest": set(),
    "detect": {"get_passage", "compare_drives", "read_view", "calibrate_view"},
    "plates": {"search_reads", "get_read"},
    "tickets": {
        "list_citations",
        "search_citations",
        "list_warning_periods",
        "begin_warning_period",
        "end_warning_period",
        "read_attachment",
        "read_citation",
        "claim_citation",
        "release_citation",
        "decide_citation",
        "read_clip",
        "read_entry_clip",
        "read_entry_shot",
        "read_entry_document",
        "read_shot",
        "read_manifest",
        "read_document",
        "read_archive",
        "read_notice",
        "take_next",
        "undo_decision",
        "return_citation",
        "give_back_citation",
        "void_citation",
        "correct_plate",
        "take_next_correction",
        "claim_correction",
        "release_correction",
        "read_corrected_plate",
        "dispute_corrected_plate",
        "take_next_look",
        "decide_again",
        "list_suspensions",
        "lift_suspension",
        "list_exemptions",
        "propose_exemption",
        "read_exemption",
        "approve_exemption",
        "refuse_exemption",
        "end_exemption",
        "set_exemption_aside",
        "set_hold_aside",
        "notify_owner",
        "withdraw_notification",
        "record_payment",
        "reverse_payment",
        "list_open_objections",
        "list_objections_of_citation",
        "enter_objection",
        "decide_objection",
    },
    "access": {
        "list_people",
        "read_person",
        "register_person",
        "change_person",
        "search_audit",
        "list_alarms",
        "review_alarm",
        "export_audit",
        "search_audit_for_plate",
        "list_decoys",
        "enter_decoy",
        "confirm_decoy",
        "retire_decoy",
    },
}
"""Operations whose answer holds personal data, those that write included: a new one is added
here."""

each_service = pytest.mark.parametrize("service", sorted(CREATE))


def document(service: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((OPENAPI / f"{service}.json").read_text("utf-8"))
    return loaded


def described(service: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document(service)["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def requires_purpose(operation: dict[str, Any]) -> bool:
    purpose = {"$ref": "#/components/parameters/Purpose"}
    return purpose in operation.get("parameters", [])


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


@each_service
def test_every_operation_names_its_scope_or_is_public(service: str) -> None:
    app: Application = getattr(importlib.import_module(f"payesh.{service}.main"), CREATE[service])()
    required = operations(app)
    scheme = document(service)["components"]["securitySchemes"]["oauth2"]["flows"]
    for path, method, operation in described(service):
        scope = required[path, method].scope
        if scope is None:
            assert operation["security"] == [], path
            assert path in app.public_routes, path
        else:
            assert operation["security"] == [{"oauth2": [scope]}], path
            assert scope in SCOPES, path
            assert scope in scheme["clientCredentials"]["scopes"], path
            assert {"401", "403", "503", "default"} <= operation["responses"].keys(), path


@each_service
def test_every_operation_on_personal_data_requires_a_purpose(service: str) -> None:
    found = {
        operation["operationId"]
        for _, _, operation in described(service)
        if requires_purpose(operation)
    }
    assert found == PERSONAL[service]
    purpose = document(service)["components"]["parameters"]["Purpose"]
    assert (purpose["name"], purpose["in"], purpose["required"]) == (
        "Payesh-Purpose",
        "header",
        True,
    )


@each_service
def test_operations_have_short_names_of_their_own(service: str) -> None:
    names = [operation["operationId"] for _, _, operation in described(service)]
    assert len(names) == len(set(names)) > 1
    assert all(name.isidentifier() and "v1" not in name for name in names)


@each_service
def test_every_operation_has_a_description(service: str) -> None:
    for path, method, operation in described(service):
        assert operation.get("description"), f"{method} {path}"


@each_service
def test_every_problem_has_the_one_schema_and_every_reference_resolves(service: str) -> None:
    whole = document(service)
    for reference in references(whole):
        node: Any = whole
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    schema = {"$ref": "#/components/schemas/Problem"}
    validator = jsonschema_rs.validator_for(whole["components"]["schemas"]["Problem"])
    for response in whole["components"]["responses"].values():
        assert response["content"]["application/problem+json"]["schema"] == schema
        validator.validate(response["content"]["application/problem+json"]["example"])


def test_views_of_events_carry_the_events_schema() -> None:
    for service, view, field, event in (
        ("plates", "ReadView", "read", PlateRead),
        ("detect", "PassageView", "passage", PassageObserved),
        ("access", "RecordView", "record", AuditReadRecorded),
    ):
        schemas = document(service)["components"]["schemas"]
        reference = next(references(schemas[view]["properties"][field]))
        assert reference == f"#/components/schemas/{event.__name__}"
        assert schemas[event.__name__]["properties"].keys() == event.model_fields.keys()


def test_the_example_of_a_citation_is_one() -> None:
    answer = document("tickets")["paths"]["/v1/citations"]["get"]["responses"]["200"]
    example = answer["content"]["application/json"]["example"]
    assert example["items"][0].keys() == CitationView.model_fields.keys()
    CitationPage.model_validate_json(json.dumps(example))


class Thing(BaseModel):
    name: str


class ThingView(BaseModel):
    thing: Annotated[dict[str, Any], ShapeOf(Thing)]


async def ready() -> dict[str, str]:
    return {}


async def test_what_is_described_is_passed_on_as_it_was_stored_and_problems_fit_their_schema() -> (
    None
):
    router = APIRouter()
    stored = {"name": 7, "added_later": ["x", None]}

    @router.get("/v1/thing", dependencies=[Depends(authorize("a:read", resource="a"))])
    async def read_guarded() -> None: ...

    @router.get("/open")
    async def read_thing() -> ThingView:
        return ThingView(thing=stored)

    @router.get("/open/away")
    async def away() -> None:
        raise Unavailable("database is unavailable", dependency="database")

    app = create_app(
        service="x",
        settings=None,
        lifespan=None,
        routers=[router],
        ready=ready,
        public_routes={"/open": "a test", "/open/away": "a test"},
    )
    validator = jsonschema_rs.validator_for(app.openapi()["components"]["schemas"]["Problem"])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        assert (await client.get("/open")).json() == {"thing": stored}
        for path, status in (("/v1/thing", 401), ("/open/away", 503)):
            answer = await client.get(path)
            assert answer.status_code == status
            validator.validate(answer.json())
