"""What needs the extra `payesh-plates[easyocr]`, which `make easyocr` adds to this environment."""

from importlib.util import find_spec

import pytest

with_easyocr = pytest.mark.skipif(
    find_spec("easyocr") is None, reason="easyocr is not installed: run make easyocr"
)
"""Skips where the extra is absent; CI fails where it is there and the test skips."""
