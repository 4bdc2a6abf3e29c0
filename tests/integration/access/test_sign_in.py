"""People sign in by authorization code with PKCE, and every other way in is refused."""

import asyncio
import base64
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from payesh.kit.tokens import principal_from_claims
from tests.support.waiting import eventually

from .conftest import CALLBACK, PASSWORD, Browser, RunningAccess


async def new_officer(access: RunningAccess, **body: Any) -> dict[str, Any]:
    """The account of a new officer."""
    answer = await access.new_person(**body)
    assert answer.status_code == 201, answer.text
    officer: dict[str, Any] = answer.json()
    return officer


async def test_an_officer_gets_a_token_through_the_pages_client(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    answer = await browser.redeem(await browser.code(officer["username"]))
    assert answer.status_code == 200
    claims = await access.claims(answer.json()["access_token"], "tickets")
    assert claims["sub"] == f"person:{officer['username']}"
    assert claims["name"] == officer["name"]
    assert claims["act"] == {"sub": "tickets-pages"}
    principal = principal_from_claims(claims)
    assert principal.actor == "tickets-pages"
    assert principal.scopes == {"citations:read", "citations:decide"}
    assert principal.counties == frozenset({"semnan", "damghan"})


CHOSEN = "seven unrelated words of her own"


async def test_a_password_that_another_person_set_opens_nothing_until_one_was_chosen(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    other = Browser(access)
    await other.code(officer["username"])
    given = {"password": "set by an administrator"}
    changed = await access.patch(f"/v1/people/{officer['person_id']}", given)
    assert changed.status_code == 200
    assert (await other.authorize()).headers["location"].startswith("/sign-in")

    async def tries(password: str, **further: str) -> httpx.Response:
        return await browser.sign_in(officer["username"], password, **further)

    for _ in range(6):  # no failures: the person is not made to wait
        asked = await tries(given["password"])
        assert asked.status_code == 200 and 'name="chosen"' in asked.text
        assert "payesh_access=" not in str(asked.headers.get_list("set-cookie"))
    for chosen, again in (
        (given["password"], given["password"]),
        ("password1234", "password1234"),
        (CHOSEN, CHOSEN + "."),
    ):
        refused = await tries(given["password"], chosen=chosen, again=again)
        assert refused.status_code == 422 and 'name="chosen"' in refused.text
    assert (await tries("a wrong password", chosen=CHOSEN, again=CHOSEN)).status_code == 401
    assert (await tries(given["password"], chosen=CHOSEN, again=CHOSEN)).status_code == 303
    assert (
        await Browser(access).sign_in(officer["username"], given["password"])
    ).status_code == 401
    assert (await Browser(access).sign_in(officer["username"], CHOSEN)).status_code == 303


async def test_a_new_account_begins_with_a_password_of_its_owner(access: RunningAccess) -> None:
    username = f"officer-{secrets.token_hex(4)}"
    body = {
        "username": username,
        "name": "مینا رضایی",
        "agency": "payesh",
        "password": PASSWORD,
        "scopes": ["citations:read"],
        "counties": ["semnan"],
    }
    assert (await access.post("/v1/people", body)).status_code == 201
    browser = Browser(access)
    assert 'name="chosen"' in (await browser.sign_in(username)).text
    then = (await browser.authorize()).headers["location"].split("continue=")[1]
    signed_in = await browser.sign_in(
        username, then=parse_qs(f"x={then}")["x"][0], chosen=CHOSEN, again=CHOSEN
    )
    assert signed_in.status_code == 303


async def test_a_person_changes_the_own_password_and_is_out_everywhere_else(
    access: RunningAccess,
) -> None:
    officer = await new_officer(access)
    here, elsewhere = Browser(access), Browser(access)
    await elsewhere.code(officer["username"])
    form = await here.http.get("/sign-in?change=1")
    assert 'name="chosen"' in form.text
    changed = await here.sign_in(officer["username"], chosen=CHOSEN, again=CHOSEN)
    assert changed.status_code == 303
    assert (await elsewhere.authorize()).headers["location"].startswith("/sign-in")
    assert (await here.authorize()).headers["location"].startswith(CALLBACK)

    async def recorded() -> bool:
        subject = f"person:{officer['username']}"
        answer = await access.get(f"/v1/audit?subject={subject}")
        shown = [
            (each["record"]["action"], each["record"]["resource_ids"], each["record"]["agency"])
            for each in answer.json()["items"]
        ]
        return shown == [("choose-password", [officer["person_id"]], "payesh")]

    await eventually(recorded)


async def test_a_browser_signs_in_once_for_several_tokens(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    await browser.code(officer["username"])
    again = await browser.authorize()
    assert again.headers["location"].startswith(CALLBACK + "?")


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
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
        {"resource": None},
        {"resource": "urn:payesh:service:elsewhere"},
        {"scope": "citations:read reads:read"},
    ],
)
async def test_a_weaker_request_is_sent_back_with_an_error(
    access: RunningAccess, changed: dict[str, Any]
) -> None:
    browser = Browser(access)
    answer = await browser.authorize(**changed)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.headers["location"].startswith(CALLBACK + "?")
    assert query["error"][0] in (
        "invalid_request", "unsupported_response_type", "invalid_scope", "invalid_target",
    )  # fmt: skip
    assert "code" not in query
    assert query["iss"] == [access.settings.token_issuer]


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": CALLBACK + "/more"},
        {"redirect_uri": "https://elsewhere.example/«"},
        {"redirect_uri": None},
        {"client_id": "not-registered"},
        {"client_id": "not\x00registered"},
        {"client_id": None},
    ],
)
async def test_no_redirect_leads_to_an_unregistered_address(
    access: RunningAccess, changed: dict[str, Any]
) -> None:
    answer = await Browser(access).authorize(**changed)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert 'dir="rtl"' in answer.text


async def test_the_code_needs_the_verifier_of_its_request(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    code = await browser.code(officer["username"])
    wrong = await browser.redeem(code, code_verifier=secrets.token_urlsafe(48))
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")
    # A guess spends the code: the right verifier comes too late.
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"


async def test_an_agencys_client_acts_for_its_own_people_only(
    access: RunningAccess, browser: Browser
) -> None:
    await access.post("/v1/agencies", {"agency_id": "police-garmsar", "name": "پلیس گرمسار"})
    made = await access.new_client(
        agency="police-garmsar",
        grants=["authorization_code"],
        redirect_uris=[CALLBACK],
        scopes=["citations:read"],
    )
    asked = {"client_id": made.json()["client"]["client_id"], "scope": "citations:read"}
    answers = []
    for agency in ("payesh", "police-garmsar"):
        officer, person = await new_officer(access, agency=agency), Browser(access)
        await person.code(officer["username"])  # the operator's client serves every agency
        back = await (person.agree if agency == "police-garmsar" else person.authorize)(**asked)
        answers.append(parse_qs(urlsplit(back.headers["location"]).query))
    assert answers[0]["error"] == ["access_denied"]
    assert "code" in answers[1]


async def test_the_code_is_bound_to_its_redirect_uri_and_its_client(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    elsewhere = await browser.redeem(
        await browser.code(officer["username"]), redirect_uri="http://127.0.0.1:9/other"
    )
    assert elsewhere.json()["error"] == "invalid_grant"
    other = (
        await access.new_client(grants=["authorization_code"], redirect_uris=[CALLBACK])
    ).json()
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


async def test_a_code_is_for_the_service_that_it_was_asked_for(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    code = await browser.code(officer["username"])
    other = await browser.redeem(code, resource="urn:payesh:service:plates")
    assert (other.status_code, other.json()["error"]) == (400, "invalid_target")
    back = await browser.authorize()
    answered = parse_qs(urlsplit(back.headers["location"]).query)
    assert answered["iss"] == [access.settings.token_issuer]
    token = (await browser.redeem(answered["code"][0])).json()
    assert token["scope"] == "citations:decide citations:read"
    assert (await access.claims(token["access_token"], "tickets"))["aud"].endswith(":tickets")


async def test_a_code_presented_twice_ends_the_sign_in_it_came_from(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    code = await browser.code(officer["username"])
    answers = await asyncio.gather(*(browser.redeem(code) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
    assert (await browser.authorize()).headers["location"].startswith("/sign-in?")


async def test_a_wrong_password_and_an_unknown_username_get_the_same_answer(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    wrong = await browser.sign_in(officer["username"], "not the password")
    unknown = await browser.sign_in("unknown.username", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert "درست نیست" in wrong.text
    assert "درست نیست" in unknown.text
    assert "payesh_access=" not in wrong.headers["set-cookie"]


async def test_guesses_are_slowed_down_under_parallel_ones_too(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    browsers = [Browser(access, address=browser.address) for _ in range(8)]
    answers = await asyncio.gather(
        *(each.sign_in(officer["username"], "a guess") for each in browsers)
    )
    assert sorted(answer.status_code for answer in answers) == [401] * 4 + [429] * 4
    waiting = await browser.sign_in(officer["username"], PASSWORD)
    assert waiting.status_code == 429
    assert 0 < int(waiting.headers["retry-after"]) <= 15
    assert "۱ دقیقه" in waiting.text
    other = await new_officer(access)
    assert (await browser.sign_in(other["username"])).status_code == 303


async def test_guesses_from_elsewhere_keep_nobody_out(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    attacker = Browser(access)
    codes = [(await attacker.sign_in(officer["username"], "a guess")).status_code for _ in range(6)]
    assert codes == [401] * 4 + [429] * 2
    assert (await browser.sign_in(officer["username"])).status_code == 303
    # The right password here sets no guesses free there.
    assert (await attacker.sign_in(officer["username"], "a guess")).status_code == 429


async def test_a_browser_that_is_known_goes_on_when_many_addresses_guess(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    assert (await browser.sign_in(officer["username"])).status_code == 303
    guessed = [
        (await Browser(access).sign_in(officer["username"], "a guess")).status_code
        for _ in range(13)
    ]
    assert guessed == [401] * 12 + [429]
    assert (await Browser(access).sign_in(officer["username"])).status_code == 429
    assert (await browser.sign_in(officer["username"])).status_code == 303


async def test_a_known_browser_is_slowed_down_by_its_own_guesses_alone(
    access: RunningAccess, browser: Browser
) -> None:
    officer, other = await new_officer(access), await new_officer(access)
    for each in (officer, other):  # they share a browser
        assert (await browser.sign_in(each["username"])).status_code == 303
    codes = [(await browser.sign_in(officer["username"], "a guess")).status_code for _ in range(5)]
    assert codes == [401] * 4 + [429]
    assert (await browser.sign_in(other["username"])).status_code == 303
    assert (await browser.sign_in(officer["username"])).status_code == 429


async def test_a_browser_is_known_for_its_own_people_and_until_the_password_changes(
    access: RunningAccess, browser: Browser
) -> None:
    officer, victim = await new_officer(access), await new_officer(access)
    assert (await browser.sign_in(officer["username"])).status_code == 303
    assert (await Browser(access).sign_in(victim["username"])).status_code == 303
    for _ in range(12):
        await Browser(access).sign_in(victim["username"], "a guess")
    assert (await browser.sign_in(victim["username"])).status_code == 429
    for _ in range(12):
        await Browser(access).sign_in(officer["username"], "a guess")
    changed = "a new long phrase"
    await access.patch(f"/v1/people/{officer['person_id']}", {"password": changed})
    assert (await browser.sign_in(officer["username"], changed)).status_code == 429


async def test_a_browser_s_secret_is_drawn_by_the_server(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    browser.http.cookies.set("payesh_access_browser", "planted", domain="127.0.0.1")
    answer = await browser.sign_in(officer["username"])
    drawn = answer.headers["set-cookie"].split("payesh_access_browser=")[1].split(";")[0]
    assert len(drawn) > 40
    assert "planted" not in answer.headers["set-cookie"]


async def test_one_address_cannot_try_one_account_after_another(
    access: RunningAccess, browser: Browser
) -> None:
    answers = [await browser.sign_in(f"unknown-{n}", "a guess") for n in range(31)]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429]
    elsewhere = await Browser(access).sign_in("unknown-31", "a guess")
    assert elsewhere.status_code == 401


async def test_an_address_that_the_sender_writes_counts_for_nothing(
    access: RunningAccess, browser: Browser
) -> None:
    answers = []
    for n in range(31):
        headers = [("X-Forwarded-For", f"198.51.100.{n}"), ("X-Forwarded-For", browser.address)]
        browser.http.headers = httpx.Headers(headers)
        answers.append((await browser.sign_in(f"other-{n}", "a guess")).status_code)
    assert answers == [401] * 30 + [429]


async def test_a_form_of_another_site_does_not_sign_in(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    await browser.http.get("/sign-in")
    form = {"username": officer["username"], "password": PASSWORD, "form_token": "made-up"}
    answer = await browser.http.post("/sign-in", data=form)
    assert answer.status_code == 403
    assert "payesh_access=" not in answer.headers["set-cookie"]


@pytest.mark.parametrize("field", ["username", "password", "continue", "form_token"])
async def test_a_nul_in_the_form_is_a_failed_attempt(
    access: RunningAccess, browser: Browser, field: str
) -> None:
    """PostgreSQL does not store one in a text."""
    page = await browser.http.get("/sign-in")
    token = page.text.split('name="form_token" value="')[1].split('"')[0]
    form = {"username": "unknown", "password": "a guess", "form_token": token, "continue": ""}
    answer = await browser.http.post("/sign-in", data=form | {field: f"{form[field]}\x00"})
    assert answer.status_code == (403 if field == "form_token" else 401)
    assert 'dir="rtl"' in answer.text


@pytest.mark.parametrize(
    "then", ["https://evil.example/", "//evil.example", "/oauth/authorize\\@evil", "/elsewhere"]
)
async def test_signing_in_leads_to_the_authorization_endpoint_alone(
    access: RunningAccess, browser: Browser, then: str
) -> None:
    officer = await new_officer(access)
    answer = await browser.sign_in(officer["username"], then=then)
    assert answer.headers["location"] == "/sign-in?done=1"


async def test_disabling_an_account_takes_effect_at_once(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    code = await browser.code(officer["username"])
    await access.patch(f"/v1/people/{officer['person_id']}", {"enabled": False})
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"
    assert (await browser.authorize()).headers["location"].startswith("/sign-in?")
    assert (await Browser(access).sign_in(officer["username"])).status_code == 401


async def test_a_right_taken_away_is_not_in_the_next_token(
    access: RunningAccess, browser: Browser
) -> None:
    officer = await new_officer(access)
    code = await browser.code(officer["username"])
    await access.patch(
        f"/v1/people/{officer['person_id']}",
        {"scopes": ["citations:read"], "counties": ["damghan"]},
    )
    claims = await access.claims((await browser.redeem(code)).json()["access_token"], "tickets")
    assert claims["scope"] == "citations:read"
    assert claims["counties"] == ["damghan"]
    assert claims["grant_id"] != officer["grant_id"]


async def test_signing_out_ends_the_sign_in(access: RunningAccess, browser: Browser) -> None:
    officer = await new_officer(access)
    await browser.code(officer["username"])
    page = await browser.http.get("/sign-out")
    token = page.text.split('name="form_token" value="')[1].split('"')[0]
    assert (await browser.http.post("/sign-out", data={"form_token": token})).status_code == 200
    assert (await browser.authorize()).headers["location"].startswith("/sign-in?")


async def test_an_expired_code_is_refused(access: RunningAccess, browser: Browser) -> None:
    officer = await new_officer(access)
    code = await browser.code(officer["username"])
    database = await access.database()
    await database.execute("UPDATE authorization_codes SET expires_at = now() - interval '1 s'")
    await database.close()
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"


async def test_no_secret_is_stored_in_plain_text(access: RunningAccess, browser: Browser) -> None:
    officer = await new_officer(access)
    code = await browser.code(officer["username"])
    database = await access.database()
    stored = ""
    for table in ("people", "clients", "authorization_codes", "sign_ins", "signing_keys"):
        stored += str(await database.fetch(f"SELECT {table}::text FROM {table}"))  # noqa: S608
    await database.close()
    assert "$argon2id$" in stored
    for secret in (PASSWORD, code, access.pages_secret, browser.http.cookies["payesh_access"]):
        assert secret not in stored
        assert secret.encode().hex() not in stored
        assert base64.b64encode(secret.encode()).decode() not in stored


@pytest.mark.parametrize(("language", "direction"), [("fa", "rtl"), ("en", "ltr")])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-in?done=1", "/sign-out"])
async def test_every_page_is_shown_in_both_languages(
    access: RunningAccess, path: str, language: str, direction: str
) -> None:
    query = "" if language == "fa" else ("&" if "?" in path else "?") + "lang=en"
    async with access.http() as http:
        page = await http.get(path + query)
    assert page.status_code == 200
    assert f'<html lang="{language}" dir="{direction}">' in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "name", ["access.css", "Vazirmatn.woff2", "mark.svg", "eye.svg", "sign_in.js"]
)
async def test_the_files_of_all_pages_are_served_to_be_cached(
    access: RunningAccess, name: str
) -> None:
    async with access.http() as http:
        file = await http.get(f"/static/{name}")
    assert (file.status_code, file.headers["cache-control"]) == (200, "public, max-age=3600")
