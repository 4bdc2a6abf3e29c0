"""Promises of the sign-in of pages, over a real session table."""

import httpx
import pytest

from payesh.kit.sign_in_flow import SignInFlow
from tests.integration.kit.authority import Authority
from tests.support.problems import problem


async def test_a_person_signs_in_and_the_session_resists_forgery(
    client: httpx.AsyncClient, authority: Authority
) -> None:
    signed_out = await client.get("/v1/reads", headers={"Accept": "text/html"})
    assert signed_out.status_code == 303
    begun = await client.get("/sign-in", params={"next": "//evil.test", "purpose": "review"})
    assert begun.status_code == 303
    target = httpx.URL(begun.headers["location"])
    assert target.params["code_challenge_method"] == "S256"
    forged = await client.get("/sign-in/callback", params={"code": "good", "state": "wrong"})
    assert problem(forged) == (403, "sign-in")
    authority.code_token = authority.token()
    back = await client.get(
        "/sign-in/callback", params={"code": "good", "state": target.params["state"]}
    )
    assert (back.status_code, back.headers["location"]) == (303, "/")
    assert "HttpOnly" in back.headers["set-cookie"]
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


@pytest.mark.parametrize("page", ["//evil.test", "/\\evil.test", "http://evil.test", "/a\nb", ""])
def test_a_sign_in_leads_to_a_page_of_this_site_alone(page: str) -> None:
    assert SignInFlow.begin(page, None).next == "/"
    assert SignInFlow.begin("/queue?state=drafted", None).next == "/queue?state=drafted"


def test_a_flow_is_read_back_with_its_own_secret_alone() -> None:
    flow = SignInFlow.begin("/queue", "review")
    sealed = flow.sealed("s3cret")
    assert SignInFlow.unsealed(sealed, "s3cret") == flow
    for forged in ("", "x", sealed[:-1], sealed.replace(".", "A.", 1)):
        assert SignInFlow.unsealed(forged, "s3cret") is None
    assert SignInFlow.unsealed(sealed, "another") is None
