"""Promises of the sign-in of pages, over a real session table."""

from typing import Any

import httpx
import pytest

from payesh.kit.cookies import seal, unseal
from payesh.kit.sign_in_flow import SignInFlow
from tests.integration.kit.authority import PURPOSE, Authority, bearer, states_purpose
from tests.support.problems import problem
from tests.support.signed_tokens import ISSUER


async def comes_back(
    client: httpx.AsyncClient, authority: Authority, begun: httpx.Response, **claims: Any
) -> httpx.Response:
    """The answer to the browser that access sends back after the person signed in there."""
    authority.code_token = authority.token(**claims)
    state = httpx.URL(begun.headers["location"]).params["state"]
    query = {"code": "good", "state": state, "iss": ISSUER}
    return await client.get("/sign-in/callback", params=query)


async def test_a_person_signs_in_and_the_session_resists_forgery(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    signed_out = await client.get("/v1/reads", headers={"Accept": "text/html"})
    assert signed_out.status_code == 303
    begun = await states_purpose(client, "//evil.test", other="review")
    assert begun.status_code == 303
    target = httpx.URL(begun.headers["location"])
    assert target.params["code_challenge_method"] == "S256"
    forged = await client.get("/sign-in/callback", params={"code": "good", "state": "wrong"})
    assert problem(forged) == (403, "sign-in")
    back = await comes_back(client, authority, begun)
    assert (back.status_code, back.headers["location"]) == (303, "/")
    assert (await client.get("/v1/reads")).status_code == 200
    session = (await client.get("/sign-in/session")).json()
    assert (session["subject"], session["purpose"]) == ("officer-1", "review")
    forgery = await client.post("/v1/letters", json={"password": 1})
    assert problem(forgery) == (403, "csrf")
    csrf = {"X-CSRF-Token": session["csrf_token"]}
    assert (await client.post("/v1/letters", json={"password": 1}, headers=csrf)).status_code == 200
    assert problem(await client.post("/sign-out")) == (403, "csrf")
    ended = await client.post("/sign-out", headers=csrf)
    assert ended.json() == {"continue_at": "http://access.test/sign-out"}
    assert problem(await client.get("/v1/reads")) == (401, "unauthorized")
    assert problem(await client.get("/sign-in/session")) == (401, "signed-out")
    assert (await client.post("/sign-out", headers=csrf)).json() == ended.json()


async def test_a_link_states_no_purpose_for_the_person_who_follows_it(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/sign-in", params={"next": "/", "purpose": "chosen by a stranger"})
    assert page.status_code == 200
    assert "stranger" not in page.text
    assert 'dir="rtl"' in page.text
    assert "payesh_sign_in" not in page.headers["set-cookie"]
    policy = page.headers["content-security-policy"]
    assert policy.endswith("form-action 'self' http://access.test")
    assert "frame-ancestors 'none'" in policy
    assert (await client.get("/sign-in/page.css")).headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"form_token": "made-up"}, 403),
        ({"form_token": ""}, 403),
        ({"purpose": ""}, 422),
        ({"purpose": "not one of the choices"}, 422),
    ],
)
async def test_a_purpose_is_stated_on_our_own_form_alone(
    client: httpx.AsyncClient, form: dict[str, str], status: int
) -> None:
    answer = await states_purpose(client, **form)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert "payesh_sign_in" not in answer.headers.get("set-cookie", "")


async def test_a_person_states_the_purpose_once_a_day_and_nobody_takes_it_over(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    await comes_back(client, authority, await states_purpose(client))
    next_session = await client.get("/sign-in", params={"next": "/queue"})
    assert next_session.headers["location"].startswith("http://access.test/oauth/authorize?")
    back = await comes_back(client, authority, next_session)
    assert back.headers["location"] == "/queue"
    assert (await client.get("/sign-in/session")).json()["purpose"] == PURPOSE
    another = await comes_back(client, authority, await client.get("/sign-in"), sub="officer-2")
    assert another.status_code == 200
    assert "برای چه کاری" in another.text
    assert (await client.get("/sign-in/session")).json()["subject"] == "officer-1"
    assert (await client.get("/sign-in")).status_code == 200


async def test_an_answer_that_names_another_issuer_is_not_redeemed(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    begun = await states_purpose(client)
    state = httpx.URL(begun.headers["location"]).params["state"]
    for issuer in ({"iss": "http://evil.test"}, {}):
        query = {"code": "good", "state": state, **issuer}
        answer = await client.get("/sign-in/callback", params=query)
        assert problem(answer) == (403, "sign-in")


async def test_cookies_are_bound_to_this_host_over_tls(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    begun = await states_purpose(client)
    back = await comes_back(client, authority, begun)
    ended = await client.post(
        "/sign-out",
        headers={"X-CSRF-Token": (await client.get("/sign-in/session")).json()["csrf_token"]},
    )
    set_cookies = [
        each for answer in (begun, back, ended) for each in answer.headers.get_list("set-cookie")
    ]
    assert len(set_cookies) >= 6
    for cookie in set_cookies:
        assert cookie.startswith("__Host-payesh_")
        attributes = {part.strip().lower() for part in cookie.split(";")}
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= attributes
        assert not any(each.startswith("domain") for each in attributes)


@pytest.mark.parametrize("header", ["", "Basic b2ZmaWNlcjp4", "Bearer", "Bearer not-a-token"])
async def test_an_authorization_header_decides_alone_whatever_cookies_come_along(
    client: httpx.AsyncClient, authority: Authority, header: str
) -> None:
    await comes_back(client, authority, await states_purpose(client))
    assert (await client.get("/v1/reads")).status_code == 200
    answer = await client.get("/v1/reads", headers={"Authorization": header})
    assert answer.status_code == 401


async def test_a_token_goes_before_the_session_and_needs_no_csrf(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    await comes_back(client, authority, await states_purpose(client))
    machine = bearer(authority.token(sub="machine-1", act=None, client_id="machine-1"))
    assert (await client.get("/v1/reads", headers=machine)).json()["subject"] == "machine-1"
    written = await client.post("/v1/letters", json={"password": 1}, headers=machine)
    assert written.status_code == 200
    scopeless = bearer(authority.token(scope="law:read"))
    assert problem(await client.get("/v1/reads", headers=scopeless)) == (403, "missing-scope")


@pytest.mark.parametrize("page", ["//evil.test", "/\\evil.test", "http://evil.test", "/a\nb", ""])
def test_a_sign_in_leads_to_a_page_of_this_site_alone(page: str) -> None:
    assert SignInFlow.begin(page, "review").next == "/"
    assert SignInFlow.begin("/queue?state=drafted", "review").next == "/queue?state=drafted"


def test_a_flow_is_read_back_with_its_own_secret_alone() -> None:
    flow = SignInFlow.begin("/queue", "review")
    sealed = flow.sealed("s3cret")
    assert SignInFlow.unsealed(sealed, "s3cret") == flow
    for forged in ("", "x", sealed[:-1], sealed.replace(".", "A.", 1)):
        assert SignInFlow.unsealed(forged, "s3cret") is None
    assert SignInFlow.unsealed(sealed, "another") is None


def test_a_sealed_value_is_of_one_kind_and_ends() -> None:
    value = {"purpose": "review"}
    assert unseal("purpose", seal("purpose", value, "s", life_s=60), "s") == value
    assert unseal("flow", seal("purpose", value, "s", life_s=60), "s") is None
    assert unseal("purpose", seal("purpose", value, "s", life_s=-1), "s") is None
