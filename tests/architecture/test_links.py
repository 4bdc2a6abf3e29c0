"""Documents point at what is there."""

import hashlib
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"(?<!\\)\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)")
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)
_SHA256 = re.compile(r"`([0-9a-f]{64})`")


def documents() -> list[Path]:
    """Every Markdown file that is tracked, or would be: what git ignores is not ours."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: which files are ours is not known")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return sorted(path for path in (ROOT / name for name in names) if path.is_file())


def prose(text: str) -> str:
    return _CODE.sub("", _FENCED.sub("", text))


def anchors(path: Path) -> set[str]:
    """Fragments that a heading gives on a code forge: lower case, spaces to dashes."""
    headings = _HEADING.findall(_FENCED.sub("", path.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def broken_links(document: Path, root: Path = ROOT) -> list[str]:
    """Relative links of a document that lead nowhere, or out of `root`."""
    broken = []
    for target in _LINK.findall(prose(document.read_text("utf-8"))):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue  # another host's pages are not ours to promise
        name, _, fragment = unquote(target).partition("#")
        path = (document.parent / name).resolve() if name else document
        found = path.is_relative_to(root) and path.exists()
        if found and fragment and path.suffix == ".md":
            found = fragment in anchors(path)
        if not found:
            broken.append(target)
    return broken


def test_every_relative_link_of_a_document_resolves() -> None:
    found = documents()
    assert ROOT / "README.md" in found
    broken = {str(path.relative_to(ROOT)): broken_links(path) for path in found}
    assert {name: links for name, links in broken.items() if links} == {}


def test_a_link_to_nothing_is_seen(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text(
        "# A b\n[1](nothing.md) [2](#a-b) [3](#c) [4](../) [5](https://a.example/) `[6](no.md)`\n"
        "```\n[7](no.md)\n```\n[8](document.md#a-b)\n"
    )
    assert broken_links(document, tmp_path) == ["nothing.md", "#c", "../"]


def test_the_readmes_lead_to_each_other_and_show_the_street() -> None:
    english, persian = (_LINK.findall((ROOT / name).read_text("utf-8")) for name in
                        ("README.md", "README.fa.md"))  # fmt: skip
    assert "README.fa.md" in english
    assert "README.md" in persian
    assert "docs/images/street.jpg" in english
    assert "docs/images/street.jpg" in persian
    assert (ROOT / "docs/images/street.jpg").stat().st_size <= 250_000


def test_the_architectures_table_leads_to_what_is_there() -> None:
    """A path has a slash; a bare file name after one lies beside it, or in it."""
    text = (ROOT / "docs/architecture.md").read_text("utf-8").split("## Find it in two guesses")[1]
    seen = 0
    for row in text.split("## ")[0].splitlines():
        place = ROOT
        for name in re.findall(r"`([^`]+)`", row.split("|")[2] if row.count("|") > 2 else ""):
            pattern = re.sub(r"<name>", "*", name)
            if "/" not in name and "." in name and place != ROOT:
                folder = place if place.is_dir() else place.parent
                assert (folder / name).exists(), f"{name} in: {row}"
            else:
                found = sorted(ROOT.glob(pattern))
                assert found, f"{name} in: {row}"
                place = found[0]
            seen += 1
    assert seen > 30


def test_every_decision_is_listed_once_and_in_order() -> None:
    folder = ROOT / "docs/adr"
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [int(name[:4]) for name in files] == list(range(1, len(files) + 1))
    assert _LINK.findall((folder / "README.md").read_text("utf-8")) == files
    for name in files:
        title, rest = (folder / name).read_text("utf-8").split("\n", 1)
        assert title.startswith(f"# {int(name[:4])}. ")
        assert "**Status:**" in rest


def test_a_packaged_models_card_speaks_of_that_very_file() -> None:
    cards = sorted(ROOT.glob("services/*/src/payesh/*/models/*.md"))
    assert {"vehicle_detector", "second_reader"} <= {card.stem for card in cards}
    for card in cards:
        for model in (card.with_suffix(".onnx"), *card.with_suffix("").glob("*.pth")):
            if model.is_file():
                sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
                assert sha256 in _SHA256.findall(card.read_text("utf-8")), card.relative_to(ROOT)
