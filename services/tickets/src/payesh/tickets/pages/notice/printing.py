"""The notice as PDF/A-2a and PDF/UA-1, set by Typst with the fonts of this folder alone.

Typst shapes with HarfBuzz's rules and writes the text in logical order under its tags. The same
facts make the same bytes: its one date is the citation's, and no font of the machine is used.
"""

import json
import tempfile
from pathlib import Path

import segno
import typst

from payesh.tickets.evidence.notice import NoticeFacts
from payesh.tickets.pages.notice.message import number_address
from payesh.tickets.pages.notice.wording import notice_words

_HERE = Path(__file__).parent
_STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]


def print_notice(facts: NoticeFacts) -> bytes:
    """A4, one page. Blocks for some tenths of a second. Raises ValueError for a citation that was
    not issued."""
    return _compiled(facts, "pdf")


def picture_notice(facts: NoticeFacts, *, dots_per_inch: float = 110.0) -> bytes:
    """The same page as PNG, for documentation."""
    return _compiled(facts, "png", dots_per_inch)


def _compiled(facts: NoticeFacts, kind: str, dots_per_inch: float | None = None) -> bytes:
    words = notice_words(facts)
    with tempfile.TemporaryDirectory(prefix="payesh-notice-") as name:
        folder = Path(name)
        for number, picture in enumerate(facts.pictures):
            (folder / f"{number}.jpg").write_bytes(picture.body)
        if facts.owner_url is not None:
            address = number_address(facts.owner_url, facts.citation.standing.number or "")
            code = segno.make(address, error="m", micro=False)
            code.save(str(folder / "qr.svg"), border=1, scale=4, dark="#16211f", xmldecl=False)
        (folder / "notice.json").write_text(json.dumps(words, ensure_ascii=False), "utf-8")
        page = folder / "notice.typ"
        page.write_bytes((_HERE / "notice.typ").read_bytes())
        set_page = typst.Compiler(
            page, root=folder, font_paths=[_HERE / "fonts"], ignore_system_fonts=True
        )
        if kind == "pdf":
            made = set_page.compile(format="pdf", pdf_standards=_STANDARDS)
        else:
            made = set_page.compile(format="png", ppi=dots_per_inch)
    if not isinstance(made, bytes):
        raise ValueError("a notice is one page")
    return made
