"""Both languages of the pages have the same words."""

import json
from pathlib import Path
from typing import Any

import pytest

from payesh.access import pages
from payesh.access.domain.entitlements import SCOPES

FOLDER = Path(pages.__file__).parent


def names(words: dict[str, Any], prefix: str = "") -> set[str]:
    """Paths of all words in a wording file's language."""
    found: set[str] = set()
    for name, value in words.items():
        found |= names(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return found


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("wording.json")), ids=lambda f: f.parent.name)
def test_both_languages_have_the_same_words(file: Path) -> None:
    wording = json.loads(file.read_text("utf-8"))
    assert set(wording) == {"fa", "en"}
    assert names(wording["fa"]) == names(wording["en"])


def test_every_page_has_its_template_and_wording() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/wording.json")}
    of_folder = {path.parents[1].name: path.stem for path in FOLDER.glob("*/templates/*.html")}
    # The administration's pages are in Persian alone, as the desk's are.
    assert of_folder.pop("administration", None) is not None
    assert of_folder == {name: name for name in folders}
    assert folders == {"consent", "consents", "notice", "sign_in", "sign_out"}


def test_a_person_reads_every_scope_in_persian_before_letting_a_client_have_it() -> None:
    words = json.loads((FOLDER / "scopes.fa.json").read_text("utf-8"))
    assert set(words) == set(SCOPES)
