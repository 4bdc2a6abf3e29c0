"""The notice: the same bytes each time, read in order by its tags, valid as PDF/A and PDF/UA."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from payesh.tickets.pages.notice.printing import print_notice
from payesh.tickets.pages.notice.wording import notice_words
from payesh.tickets.pages.persian import persian_digits
from tests.support.citation_builder import stored_citation
from tests.support.notice_builder import URL, notice_facts
from tests.support.tagged_text import tagged_text

VERAPDF = Path.home() / ".cache" / "payesh" / "verapdf"


@pytest.fixture(scope="module")
def printed() -> bytes:
    return print_notice(notice_facts())


def joined(text: str) -> str:
    """Words with single blanks; joiners have no glyph and are in no PDF's text."""
    return re.sub(r"\s+", " ", text.replace("\u200c", "")).strip()


def test_the_same_facts_make_the_same_bytes(printed: bytes) -> None:
    assert print_notice(notice_facts()) == printed


def test_a_reader_of_its_tags_hears_persian_in_the_order_of_reading(printed: bytes) -> None:
    words = notice_words(notice_facts())
    heard = joined("".join(tagged_text(printed)))
    for text in (
        words["title"],
        words["lead"],
        words["offence"],
        words["amount"],
        *(line for each in words["deadlines"] for line in each.values()),
        *(step for _, step in words["path"]),
        *(note for note, _ in words["notes"]),
        *(part for row in words["measured"] for part in row[:2]),
        words["hash"],
        URL,
    ):
        assert joined(text) in heard, text
    number = persian_digits("1405-semnan-12-82")
    assert number in heard
    order = [joined(words[name]) for name in ("title", "offence", "amount", "path_title", "hash")]
    places = [heard.index(each) for each in order]
    assert places == sorted(places)


def test_it_is_what_was_stored_and_says_so_where_the_law_is_a_sample() -> None:
    words = notice_words(notice_facts())
    assert words["amount"] == "۲٬۰۰۰٬۰۰۰"
    assert "نمونه است" in words["notes"][0][0]
    assert any("نمرهٔ منفی" in note for note, _ in words["notes"])
    with pytest.raises(ValueError, match="issued"):
        notice_words(replace(notice_facts(), citation=stored_citation()))


def test_without_an_owners_page_it_names_the_office_alone(printed: bytes) -> None:
    facts = replace(notice_facts(), owner_url=None, pictures=())
    heard = joined("".join(tagged_text(print_notice(facts))))
    assert "ادارهٔ اجرائیات" in heard
    assert URL not in heard and "رمزینه" not in heard


@pytest.mark.slow
@pytest.mark.parametrize("flavour", ["2a", "ua1"])
def test_a_validator_finds_no_fault(printed: bytes, flavour: str, tmp_path: Path) -> None:
    if shutil.which("java") is None or not VERAPDF.is_dir():
        pytest.skip("no veraPDF: `make verapdf` fetches it")
    (tmp_path / "notice.pdf").write_bytes(printed)
    command = ["java", "-cp", f"{VERAPDF}/*", "org.verapdf.apps.GreenfieldCliWrapper"]
    done = subprocess.run(
        [*command, "-f", flavour, "--format", "text", "notice.pdf"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert done.stdout.startswith("PASS "), done.stdout + done.stderr
