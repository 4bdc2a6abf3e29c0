"""Law documents from files and as files, in the forms that people keep them in."""

from typing import Literal

from payesh.kit.errors import Unprocessable
from payesh.tickets.adapters import law_formats
from payesh.tickets.adapters.law_file import LawDocument
from payesh.tickets.errors import LawTableInvalid


def read(form: Literal["csv", "yaml"], text: str) -> LawDocument:
    """Raises Unprocessable, naming what is wrong and where."""
    try:
        return law_formats.from_csv(text) if form == "csv" else law_formats.from_yaml(text)
    except LawTableInvalid as error:
        raise Unprocessable(str(error)[:2000], type="law-invalid") from None


def written(form: Literal["json", "csv", "yaml"], document: LawDocument) -> tuple[bytes, str]:
    """The file and its media type. The JSON has the bytes whose SHA-256 citations name."""
    match form:
        case "json":
            return document.to_bytes(), "application/json"
        case "csv":
            return law_formats.to_csv(document).encode(), "text/csv"
        case "yaml":
            return law_formats.to_yaml(document).encode(), "application/yaml"
