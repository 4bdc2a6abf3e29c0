"""A secret that cannot be hashed is malformed, and not a fault of the service."""

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from payesh.access.api.rights import Secret

SECRET = TypeAdapter(Secret)


def test_half_a_character_is_refused() -> None:
    text = json.loads(r'"\ud800 and a long phrase"')
    with pytest.raises(ValidationError) as refused:
        SECRET.validate_python(text)
    assert refused.value.errors()[0]["type"] == "value_error"


@pytest.mark.parametrize("text", ["a long phrase", "گذرواژهٔ بلند", "\U0001f6e3 road", "a\0b"])
def test_any_other_text_is_a_secret(text: str) -> None:
    assert SECRET.validate_python(text).get_secret_value() == text
