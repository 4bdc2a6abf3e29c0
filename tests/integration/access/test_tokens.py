"""Client credentials, discovery and the first administrator."""

import asyncio
import stat

import httpx
import pytest

from payesh.access.main import offer_bootstrap
from payesh.contracts.audiences import audience_of
from payesh.kit.errors import Unauthorized
from payesh.kit.tokens import principal_from_claims

from .conftest import RunningAccess


async def test_five_requests_at_once_make_one_first_administrator(access: RunningAccess) -> None:
    assert sorted(access.bootstrap_answers) == [201, 409, 409, 409, 409]
    again = await access.post("/v1/bootstrap", {
        "secret": access.secret_file.read_text().strip(), "username": "another.one",
        "name": "Another", "password": "a long enough phrase",
    }, {})  # fmt: skip
    assert again.status_code == 409
    assert again.json()["type"].endswith("already-bootstrapped")


async def test_the_secret_is_private_and_offering_it_again_changes_nothing(
    access: RunningAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stat.S_IMODE(access.secret_file.stat().st_mode) == 0o600
    secret = access.secret_file.read_text()
    monkeypatch.setenv("PAYESH_DATABASE_URL", access.settings.database_url.get_secret_value())
    await offer_bootstrap(access.secret_file)
    assert access.secret_file.read_text() == secret


async def test_a_clients_token_has_its_scopes_and_bounds(access: RunningAccess) -> None:
    made = (await access.new_client(road_classes=["highway"])).json()
    client_id, secret = made["client"]["client_id"], made["client_secret"]
    answer = await access.token(client_id, secret)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_in"] == access.settings.token_lifetime_s
    claims = await access.claims(answer.json()["access_token"])
    assert claims["sub"] == claims["client_id"] == client_id
    assert claims["exp"] - claims["iat"] == access.settings.token_lifetime_s
    assert claims["aud"] == "urn:payesh:service:ingest"
    principal = principal_from_claims(claims)
    assert principal.scopes == {"cameras:read", "streams:read"}
    assert principal.bounds.allows("semnan", "highway")
    assert not principal.bounds.allows("shahrud", "highway")
    assert principal.agency == "payesh"
    assert principal.grant_id == made["client"]["grant_id"]


async def test_a_client_may_ask_for_less_but_not_for_more(access: RunningAccess) -> None:
    made = (await access.new_client()).json()
    client_id, secret = made["client"]["client_id"], made["client_secret"]
    less = await access.token(client_id, secret, scope="streams:read")
    assert less.json()["scope"] == "streams:read"
    more = await access.token(client_id, secret, scope="streams:read people:write")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")


async def test_a_token_is_for_one_service_and_has_its_scopes_alone(access: RunningAccess) -> None:
    made = (await access.new_client(scopes=["cameras:read", "reads:read", "people:read"])).json()
    client = made["client"]["client_id"], made["client_secret"]
    for service, scope in (("ingest", "cameras:read"), ("plates", "reads:read")):
        answer = await access.token(*client, resource=audience_of(service))
        assert answer.json()["scope"] == scope
        token = answer.json()["access_token"]
        assert (await access.claims(token, service))["aud"] == audience_of(service)
        for other in {"access", "ingest", "detect", "plates", "tickets"} - {service}:
            with pytest.raises(Unauthorized):
                await access.claims(token, other)
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await access.get("/v1/people", bearer)).status_code == 401
    by_scope = await access.token(*client, scope="reads:read")
    assert (await access.claims(by_scope.json()["access_token"], "plates"))["scope"] == "reads:read"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_target"),
        ({"scope": "cameras:read reads:read"}, "invalid_target"),
        ({"resource": "urn:payesh:service:elsewhere"}, "invalid_target"),
        ({"resource": "https://tickets.example"}, "invalid_target"),
        ({"resource": ""}, "invalid_target"),
        ({"resource": "urn:payesh:service:ingest", "scope": "reads:read"}, "invalid_scope"),
    ],
)
async def test_a_token_for_no_or_for_several_services_is_refused(
    access: RunningAccess, form: dict[str, str], error: str
) -> None:
    made = (await access.new_client(scopes=["cameras:read", "reads:read"])).json()
    answer = await access.token(made["client"]["client_id"], made["client_secret"], **form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_the_first_administrators_token_is_for_access_and_names_a_client(
    access: RunningAccess,
) -> None:
    claims = await access.claims(access.admin["Authorization"].removeprefix("Bearer "), "access")
    assert claims["client_id"] == "payesh-bootstrap"
    assert {scope.split(":")[0] for scope in claims["scope"].split()} == {
        "agencies", "audit", "clients", "keys", "people", "revocations",
    }  # fmt: skip
    taken = await access.new_client(client_id="payesh-bootstrap")
    assert taken.status_code == 409


async def test_the_secret_may_be_sent_in_the_form(access: RunningAccess) -> None:
    made = (await access.new_client()).json()
    async with access.http() as http:
        answer = await http.post("/oauth/token", data={
            "grant_type": "client_credentials",
            "client_id": made["client"]["client_id"],
            "client_secret": made["client_secret"],
        })  # fmt: skip
    assert answer.status_code == 200


async def test_failed_client_authentication_does_not_reveal_the_reason(
    access: RunningAccess,
) -> None:
    made = (await access.new_client()).json()
    client_id, secret = made["client"]["client_id"], made["client_secret"]
    wrong = await access.token(client_id, "wrong")
    unknown = await access.token("not-registered", secret)
    await access.patch(f"/v1/clients/{client_id}", {"enabled": False})
    disabled = await access.token(client_id, secret)
    for answer in (wrong, unknown, disabled):
        assert answer.status_code == 401
        assert answer.json() == wrong.json()
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert wrong.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"grant_type=client_credentials", {"Authorization": "Basic \xff\xfe".encode("latin-1")}),
        (b"grant_type=client_credentials", {"Authorization": "Basic /////w=="}),
        (b"grant_type=client_credentials&client_id=a%00b&client_secret=c", {}),
        (b"grant_type=password&username=a&password=b", {}),
        (b"grant_type=client_credentials&grant_type=client_credentials", {}),
        (b"\xff\xfe", {}),
        (b"", {}),
    ],
)
async def test_malformed_token_requests_get_an_oauth_error(
    access: RunningAccess, content: bytes, headers: dict[str, str]
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with access.http() as http:
        answer = await http.post("/oauth/token", content=content, headers=form | headers)
    assert answer.status_code in (400, 401)
    assert answer.json()["error"]


async def test_a_renewed_secret_replaces_the_old_one(access: RunningAccess) -> None:
    made = (await access.new_client()).json()
    client_id, old = made["client"]["client_id"], made["client_secret"]
    new = (await access.post(f"/v1/clients/{client_id}/secret", None)).json()["client_secret"]
    assert (await access.token(client_id, old)).status_code == 401
    assert (await access.token(client_id, new)).status_code == 200


async def test_metadata_leads_to_the_keys_and_no_private_half_is_published(
    access: RunningAccess,
) -> None:
    metadata = (await access.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["issuer"] == access.settings.token_issuer
    async with httpx.AsyncClient() as http:
        published = (await http.get(metadata["jwks_uri"])).json()
    assert published["keys"]
    assert all(key["kid"] and key["alg"] == "EdDSA" for key in published["keys"])
    assert not any("d" in key for key in published["keys"])


async def test_after_a_rotation_old_tokens_are_valid_and_new_ones_have_the_new_key(
    access: RunningAccess,
) -> None:
    made = (await access.new_client()).json()
    client = made["client"]["client_id"], made["client_secret"]
    verifier = access.verifier("ingest")
    old = (await access.token(*client)).json()["access_token"]
    await verifier.claims(old)
    rotated = await access.post("/v1/keys/rotate", None)
    assert rotated.status_code == 201
    new = (await access.token(*client)).json()["access_token"]
    claims_of_both = await asyncio.gather(*(access.claims(token) for token in (old, new)))
    assert {claims["sub"] for claims in claims_of_both} == {client[0]}
    published = (await access.get("/.well-known/jwks.json")).json()["keys"]
    assert published[0]["kid"] == rotated.json()["key_id"]
    assert len(published) >= 2


async def test_a_forged_token_is_refused_by_access_itself(access: RunningAccess) -> None:
    token = access.admin["Authorization"]
    answer = await access.get("/v1/clients", {"Authorization": token[:-6] + "AAAAAA"})
    assert answer.status_code == 401
    with pytest.raises(Unauthorized):
        await access.claims(token.removeprefix("Bearer ")[:-6] + "AAAAAA")


async def test_a_devices_token_names_its_cameras(access: RunningAccess) -> None:
    device = (
        await access.new_client(scopes=["snapshots:write"], cameras=["cam-2", "cam-1"])
    ).json()
    machine = (await access.new_client()).json()
    found = []
    for made in (device, machine):
        answer = await access.token(made["client"]["client_id"], made["client_secret"])
        found.append((await access.claims(answer.json()["access_token"]))["cameras"])
    assert found == [["cam-1", "cam-2"], []]


async def test_binding_a_device_anew_is_another_grant(access: RunningAccess) -> None:
    made = (await access.new_client(cameras=["cam-1"])).json()["client"]
    path = f"/v1/clients/{made['client_id']}"
    async with access.http(headers=access.admin) as http:
        same = (await http.patch(path, json={"cameras": ["cam-1"]})).json()
        bound = (await http.patch(path, json={"cameras": ["cam-2"]})).json()
        everywhere = await http.patch(path, json={"cameras": "*"})
    assert same["grant_id"] == made["grant_id"] != bound["grant_id"]
    assert bound["cameras"] == ["cam-2"]
    assert everywhere.status_code == 422
