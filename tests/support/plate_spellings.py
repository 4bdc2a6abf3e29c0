"""Spellings of plates with the text that every service folds them to."""

import json

from payesh.contracts.schemas import CONTRACTS


def plate_spellings() -> list[tuple[str, str]]:
    """(as written, canonical), from the contracts' examples."""
    return _table("cases")


def pasted_spellings() -> list[tuple[str, str]]:
    """(as pasted from a message, table or document, canonical)."""
    return _table("pasted")


def _table(name: str) -> list[tuple[str, str]]:
    table = json.loads((CONTRACTS / "examples/plate_text.json").read_text("utf-8"))
    return [(written, canonical) for written, canonical in table[name]]
