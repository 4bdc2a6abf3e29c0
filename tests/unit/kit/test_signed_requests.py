"""A signed request is the counterpart's, of these minutes, and of this very body."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.kit.signed_requests import (
    KEY,
    SIGNATURE,
    WINDOW_S,
    SignatureRefused,
    require_signed,
    signed_headers,
)

SECRET, NOW = b"s" * 32, 1_795_766_400
PATH, BODY = "/v1/payments/callback", b'{"amount_rial": 2000000}'
HEADERS = signed_headers(SECRET, method="POST", path=PATH, body=BODY, key="paid:1", at_s=NOW)


def required(**changes: object) -> str:
    asked = {"method": "POST", "path": PATH, "body": BODY, "now_s": NOW, **changes}
    secret, headers = asked.pop("secret", SECRET), asked.pop("headers", HEADERS)
    return require_signed(secret, headers, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("later_s", [-WINDOW_S, 0, WINDOW_S])
def test_it_holds_within_the_window(later_s: int) -> None:
    assert required(now_s=NOW + later_s) == "paid:1"


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": b"t" * 32},
        {"method": "PUT"},
        {"path": "/v1/payments"},
        {"body": BODY.replace(b"2", b"1")},
        {"headers": {**HEADERS, KEY: "paid:2"}},
        {"headers": {**HEADERS, SIGNATURE: HEADERS[SIGNATURE].replace(f"t={NOW}", f"t={NOW + 1}")}},
        {"headers": {KEY: "paid:1"}},
        {"headers": {SIGNATURE: HEADERS[SIGNATURE]}},
        {"headers": {**HEADERS, KEY: "paid 1\nPOST"}},
        {"now_s": NOW + WINDOW_S + 1},
        {"now_s": NOW - WINDOW_S - 1},
    ],
)
def test_anything_else_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SignatureRefused):
        required(**changes)


@given(signature=st.text(max_size=120))
def test_no_text_is_taken_for_a_signature(signature: str) -> None:
    with pytest.raises(SignatureRefused):
        required(headers={**HEADERS, SIGNATURE: signature + "0"})
