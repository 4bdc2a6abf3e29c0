"""The text of a tagged PDF in the order of its structure, read as ISO 32000 says.

What a reader of the tags hears: marked content in the order of the structure tree; strings under
/ReversedChars run from right to left and are turned around; /ActualText stands in for its glyphs.
"""

import io
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ContentStream


def tagged_text(body: bytes) -> list[str]:
    """One text for each leaf of the structure tree of the first page, in order."""
    reader = PdfReader(io.BytesIO(body))
    content = _marked(reader)
    root: Any = reader.root_object["/StructTreeRoot"]
    return [content[number] for number in _leaves(root["/K"]) if content.get(number)]


def _leaves(node: Any) -> list[int]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, int):
        return [int(node)]
    if isinstance(node, list):
        return [each for child in node for each in _leaves(child)]
    if "/MCID" in node:
        return [int(node["/MCID"])]
    return _leaves(node["/K"]) if "/K" in node else []


def _marked(reader: PdfReader) -> dict[int, str]:
    page: Any = reader.pages[0]
    fonts = {
        name: _unicode_of(font.get_object()) for name, font in page["/Resources"]["/Font"].items()
    }
    found: dict[int, str] = {}
    marks: list[tuple[str, Any]] = []
    font: dict[int, str] = {}
    stream = ContentStream(page.get_contents(), reader)
    for operands, operator in stream.operations:
        if operator in (b"BDC", b"BMC"):
            marks.append((operands[0], operands[1] if len(operands) > 1 else {}))
            actual = marks[-1][1].get("/ActualText") if operator == b"BDC" else None
            if actual is not None:
                _add(found, marks, str(actual))
        elif operator == b"EMC":
            marks.pop()
        elif operator == b"Tf":
            font = fonts[operands[0]]
        elif operator in (b"Tj", b"TJ"):
            strings = operands[0] if operator == b"TJ" else [operands[0]]
            glyphs = [glyph for each in strings if not _is_number(each) for glyph in _cids(each)]
            shown = [font.get(glyph, "") for glyph in glyphs]
            if any(tag == "/ReversedChars" for tag, _ in marks):
                shown.reverse()
            if not any("/ActualText" in properties for _, properties in marks):
                _add(found, marks, "".join(shown))
    return found


def _add(found: dict[int, str], marks: list[tuple[str, Any]], text: str) -> None:
    for _, properties in reversed(marks):
        if "/MCID" in properties:
            number = int(properties["/MCID"])
            found[number] = found.get(number, "") + text
            return


def _is_number(operand: Any) -> bool:
    return isinstance(operand, int | float)


def _cids(operand: Any) -> list[int]:
    raw = operand if isinstance(operand, bytes) else operand.original_bytes
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]


def _unicode_of(font: Any) -> dict[int, str]:
    found: dict[int, str] = {}
    within = False
    for line in font["/ToUnicode"].get_data().decode("ascii").splitlines():
        if line.endswith(("beginbfchar", "endbfchar")):
            within = line.endswith("beginbfchar")
        elif within:
            cid, text = line.replace("<", "").replace(">", "").split()
            found[int(cid, 16)] = bytes.fromhex(text).decode("utf-16-be")
    return found
