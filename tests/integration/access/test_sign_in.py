"""People sign in by authorization code with PKCE, and nobody else gets in that way."""

import asyncio
import base64
import secrets
from urllib.parse import parse_qs, urlsplit

import pytest

from payesh.kit.tokens import principal_from_claims

from .conftest import CALLBACK, PASSWORD, Browser


async def new_officer(house, **body):
    answer = await house.new_person(**body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_an_officer_gets_a_token_through_the_pages_client(house, browser):
    officer = await new_officer(house)
    answer = await browser.redeem(await browser.code(officer["username"]))
    assert answer.status_code == 200
    claims = await house.claims(answer.json()["access_token"])
    assert claims["sub"] == f"person:{officer['username']}"
    assert claims["name"] == officer["name"]
    assert claims["act"] == {"sub": "tickets-pages"}
    principal = principal_from_claims(claims)
    assert principal.actor == "tickets-pages"
    assert principal.scopes == {"citations:read", "citations:decide"}
    assert principal.counties == {"semnan", "damghan"}


async def test_a_browser_signs_in_once_for_several_tokens(house, browser):
    officer = await new_officer(house)
    await browser.code(officer["username"])
    again = await browser.authorize()
    assert again.headers["location"].startswith(CALLBACK + "?")


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(house, browser):
    officer = await new_officer(house)
    answer = await browser.sign_in(officer["username"])
    cookie = next(
        c for c in answer.headers.get_list("set-cookie") if c.startswith("payesh_access=")
    )
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"state": None},
        {"response_type": "token"},
        {"scope": "citations:read nothing:known"},
    ],
)
async def test_a_weaker_request_is_sent_back_with_an_error(house, changed):
    browser = Browser(house)
    answer = await browser.authorize(**changed)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.headers["location"].startswith(CALLBACK + "?")
    assert query["error"][0] in ("invalid_request", "unsupported_response_type", "invalid_scope")
    assert "code" not in query


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": CALLBACK + "/more"},
        {"redirect_uri": "https://elsewhere.example/«"},
        {"redirect_uri": None},
        {"client_id": "nobody-here"},
        {"client_id": "nobody\x00here"},
        {"client_id": None},
    ],
)
async def test_nobody_is_redirected_to_an_unregistered_address(house, changed):
    answer = await Browser(house).authorize(**changed)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert 'dir="rtl"' in answer.text


async def test_the_code_needs_the_verifier_that_it_was_asked_for_with(house, browser):
    officer = await new_officer(house)
    code = await browser.code(officer["username"])
    wrong = await browser.redeem(code, code_verifier=secrets.token_urlsafe(48))
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    # A guess spends the code: the right verifier comes too late.
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"


async def test_an_agencys_client_acts_for_its_own_people_only(house, browser):
    await house.post("/v1/agencies", {"agency_id": "police-garmsar", "name": "پلیس گرمسار"})
    made = await house.new_client(
        agency="police-garmsar",
        grants=["authorization_code"],
        redirect_uris=[CALLBACK],
        scopes=["citations:read"],
    )
    asked = {"client_id": made.json()["client"]["client_id"], "scope": "citations:read"}
    answers = []
    for agency in ("payesh", "police-garmsar"):
        officer, person = await new_officer(house, agency=agency), Browser(house)
        await person.code(officer["username"])  # of the operator's own client: for everybody
        back = await person.authorize(**asked)
        answers.append(parse_qs(urlsplit(back.headers["location"]).query))
    assert answers[0]["error"] == ["access_denied"]
    assert "code" in answers[1]


async def test_the_code_is_bound_to_its_redirect_uri_and_its_client(house, browser):
    officer = await new_officer(house)
    elsewhere = await browser.redeem(
        await browser.code(officer["username"]), redirect_uri="http://127.0.0.1:9/other"
    )
    assert elsewhere.json()["error"] == "invalid_grant"
    other = (await house.new_client(grants=["authorization_code"], redirect_uris=[CALLBACK])).json()
    code = parse_qs(urlsplit((await browser.authorize()).headers["location"]).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": browser.verifier,
    }
    stolen = await browser.http.post(
        "/oauth/token", data=form, auth=(other["client"]["client_id"], other["client_secret"])
    )
    assert stolen.json()["error"] == "invalid_grant"


async def test_a_code_presented_twice_ends_the_sign_in_it_came_from(house, browser):
    officer = await new_officer(house)
    code = await browser.code(officer["username"])
    answers = await asyncio.gather(*(browser.redeem(code) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
    assert (await browser.authorize()).headers["location"].startswith("/sign-in?")


async def test_a_wrong_password_and_an_unknown_name_look_the_same(house, browser):
    officer = await new_officer(house)
    wrong = await browser.sign_in(officer["username"], "not the password")
    unknown = await browser.sign_in("nobody.of.that.name", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert "درست نیست" in wrong.text
    assert "درست نیست" in unknown.text
    assert "payesh_access=" not in wrong.headers["set-cookie"]


async def test_guessing_has_to_wait_even_in_parallel(house):
    officer = await new_officer(house)
    browsers = [Browser(house) for _ in range(8)]
    answers = await asyncio.gather(
        *(each.sign_in(officer["username"], "a guess") for each in browsers)
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [401] * 4 + [429] * 4
    right = await Browser(house).sign_in(officer["username"], PASSWORD)
    assert right.status_code == 429
    other = await new_officer(house)
    assert (await Browser(house).sign_in(other["username"])).status_code == 303


async def test_one_address_cannot_try_one_account_after_another(house, browser):
    answers = [await browser.sign_in(f"nobody-{n}", "a guess") for n in range(31)]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429]
    elsewhere = await Browser(house).sign_in("nobody-31", "a guess")
    assert elsewhere.status_code == 401


async def test_a_form_of_another_site_signs_nobody_in(house, browser):
    officer = await new_officer(house)
    await browser.http.get("/sign-in")
    form = {"username": officer["username"], "password": PASSWORD, "form_token": "made-up"}
    answer = await browser.http.post("/sign-in", data=form)
    assert answer.status_code == 403
    assert "payesh_access=" not in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "then", ["https://evil.example/", "//evil.example", "/oauth/authorize\\@evil", "/elsewhere"]
)
async def test_signing_in_leads_nowhere_else(house, browser, then):
    officer = await new_officer(house)
    answer = await browser.sign_in(officer["username"], then=then)
    assert answer.headers["location"] == "/sign-in?done=1"


async def test_a_disabled_person_is_out_at_once(house, browser):
    officer = await new_officer(house)
    code = await browser.code(officer["username"])
    await house.patch(f"/v1/people/{officer['person_id']}", {"enabled": False})
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"
    assert (await browser.authorize()).headers["location"].startswith("/sign-in?")
    assert (await Browser(house).sign_in(officer["username"])).status_code == 401


async def test_a_right_taken_away_is_not_in_the_next_token(house, browser):
    officer = await new_officer(house)
    code = await browser.code(officer["username"])
    await house.patch(
        f"/v1/people/{officer['person_id']}",
        {"scopes": ["citations:read"], "counties": ["damghan"]},
    )
    claims = await house.claims((await browser.redeem(code)).json()["access_token"])
    assert claims["scope"] == "citations:read"
    assert claims["counties"] == ["damghan"]
    assert claims["grant_id"] != officer["grant_id"]


async def test_signing_out_ends_the_sign_in(house, browser):
    officer = await new_officer(house)
    await browser.code(officer["username"])
    page = await browser.http.get("/sign-out")
    token = page.text.split('name="form_token" value="')[1].split('"')[0]
    assert (await browser.http.post("/sign-out", data={"form_token": token})).status_code == 200
    assert (await browser.authorize()).headers["location"].startswith("/sign-in?")


async def test_an_expired_code_is_refused(house, browser):
    officer = await new_officer(house)
    code = await browser.code(officer["username"])
    database = await house.database()
    await database.execute("UPDATE authorization_codes SET expires_at = now() - interval '1 s'")
    await database.close()
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"


async def test_no_secret_is_stored_as_it_is(house, browser):
    officer = await new_officer(house)
    code = await browser.code(officer["username"])
    database = await house.database()
    stored = ""
    for table in ("people", "clients", "authorization_codes", "sign_ins", "signing_keys"):
        stored += str(await database.fetch(f"SELECT {table}::text FROM {table}"))  # noqa: S608
    await database.close()
    assert "$argon2id$" in stored
    for secret in (PASSWORD, code, house.pages_secret, browser.http.cookies["payesh_access"]):
        assert secret not in stored
        assert secret.encode().hex() not in stored
        assert base64.b64encode(secret.encode()).decode() not in stored
