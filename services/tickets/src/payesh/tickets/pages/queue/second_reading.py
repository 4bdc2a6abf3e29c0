"""What the second reader made of a case's plate, in words: never what it read itself."""

from payesh.tickets.adapters.stored_citation import StoredCitation


def second_reading(citation: StoredCitation) -> str | None:
    """One line of the case; None where its reader may not know the plate, or two officers read it:
    there is nothing left that a network could add."""
    evidence, standing = citation.evidence, citation.standing
    corrected = standing.correction is not None and standing.correction.is_confirmed
    if evidence is None or citation.is_plate_hidden or corrected:
        return None
    opinions = evidence.second_opinions
    if all(each is None for each in opinions):
        return "خوانش دومی انجام نشده است"
    if any(each is not None and each.text != standing.plate_text for each in opinions):
        return "همین پلاک را نخواند"
    if None in opinions:
        return "همین پلاک را خواند، در یکی از دو دوربین"
    return "همین پلاک را خواند"
