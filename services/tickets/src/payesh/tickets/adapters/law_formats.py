"""A law document as CSV and as YAML, for people who keep it in a spreadsheet or an editor.

CSV has a row a line with the column `kind` (table, note, season, offence, tariff, tolerance, term)
and the columns of all kinds; an empty cell is a null, or a text without letters. Text comes back as
it went out: document, CSV or YAML, document is the same document.
"""

import csv
import io
from typing import Any

import yaml
from pydantic import ValidationError

from payesh.tickets.adapters.law_file import LawDocument
from payesh.tickets.errors import LawTableInvalid

_KINDS = {
    "season": "seasons",
    "offence": "offences",
    "tariff": "tariffs",
    "tolerance": "tolerances",
    "term": "terms",
}
_COLUMNS = (
    "kind", "name", "title", "warning", "note", "rule", "code", "code_known", "over_kmh_above",
    "over_kmh_to", "first", "last", "place_class", "vehicle_class", "season", "amount_rial",
    "decree", "tolerance_kmh", "reference", "first_month_day", "last_month_day",
    "payment_days", "objection_days", "after_decision_days", "doubles",
)  # fmt: skip
_NULLABLE = frozenset({"over_kmh_above", "over_kmh_to", "first", "last", "amount_rial"})
_TEXTS = {
    "table": ("name", "title", "warning"),
    "note": ("note",),
    "season": ("name", "first_month_day", "last_month_day"),
    "offence": ("rule", "code", "title", "code_known", "over_kmh_above", "over_kmh_to"),
    "tariff": (
        "code", "first", "last", "place_class", "vehicle_class", "season", "amount_rial", "decree",
        "note",
    ),
    "tolerance": ("first", "last", "tolerance_kmh", "reference"),
    "term": (
        "first", "last", "payment_days", "objection_days", "after_decision_days", "doubles",
        "reference",
    ),
}  # fmt: skip


def to_csv(document: LawDocument) -> str:
    """With a mark in front by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, lineterminator="\r\n", restval="")
    writer.writeheader()
    whole = document.model_dump(mode="json")
    writer.writerow({"kind": "table"} | {each: whole[each] for each in _TEXTS["table"]})
    writer.writerows({"kind": "note", "note": note} for note in document.notes)
    for kind, rows in _KINDS.items():
        for row in whole[rows]:
            cells = {name: "" if value is None else value for name, value in row.items()}
            writer.writerow({"kind": kind} | cells)
    return "\ufeff" + out.getvalue()


def from_csv(text: str) -> LawDocument:
    """Raises LawTableInvalid, naming the line."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    if reader.fieldnames is None or "kind" not in reader.fieldnames:
        raise LawTableInvalid("the first line has to name the columns, `kind` among them")
    unknown = sorted(set(reader.fieldnames) - set(_COLUMNS))
    if unknown:
        raise LawTableInvalid(f"unknown columns: {', '.join(map(str, unknown))}")
    whole: dict[str, Any] = {"notes": [], **{rows: [] for rows in _KINDS.values()}}
    try:
        for line in reader:
            _take(whole, line, reader.line_num)
    except csv.Error as error:
        raise LawTableInvalid(f"line {reader.line_num}: {error}") from None
    return _validated(whole)


def _take(whole: dict[str, Any], line: dict[str | None, Any], number: int) -> None:
    kind = line.get("kind") or ""
    if kind not in _TEXTS or None in line:
        raise LawTableInvalid(
            f"line {number}: kind is one of {', '.join(_TEXTS)}, and no line has more cells than"
            " there are columns"
        )
    own = _TEXTS[kind]
    stray = [name for name, cell in line.items() if cell and name not in ("kind", *own)]
    if stray:
        raise LawTableInvalid(f"line {number}: a {kind} has no {', '.join(map(str, stray))}")
    cells = {
        name: None if name in _NULLABLE and not (line.get(name) or "") else line.get(name) or ""
        for name in own
    }
    if kind == "table":
        whole |= cells
    elif kind == "note":
        whole["notes"].append(cells["note"])
    else:
        whole[_KINDS[kind]].append(cells)


def to_yaml(document: LawDocument) -> str:
    return yaml.safe_dump(
        document.model_dump(mode="json"), allow_unicode=True, sort_keys=False, width=1000
    )


class _Loader(yaml.SafeLoader):
    """Texts stay texts: `2002` is a code, and 1399-01-01 no day of another calendar. No aliases: a
    few of them make a document of any size."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise LawTableInvalid("aliases are not accepted")
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0].endswith((":null", ":bool"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def from_yaml(text: str) -> LawDocument:
    """Raises LawTableInvalid."""
    try:
        # A SafeLoader with fewer types; it makes nothing but texts, lists and mappings.
        whole = yaml.load(text, _Loader)  # noqa: S506
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, LawTableInvalid):
            raise
        raise LawTableInvalid(f"no YAML: {error}") from None
    return _validated(whole)


def _validated(whole: Any) -> LawDocument:
    try:
        return LawDocument.model_validate(whole)
    except ValidationError as error:
        raise LawTableInvalid(
            "; ".join(
                f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:20]
            )
        ) from None
