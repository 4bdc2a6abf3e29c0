"""Published vocabularies grow, and are what the code knows."""

import ast
import copy
import re
from pathlib import Path

import pytest

from payesh.contracts.compatibility import check, current_schemas
from payesh.contracts.schemas import CONTRACTS
from payesh.contracts.vocabulary import TERM_PATTERN, VOCABULARIES, known, published

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(VOCABULARIES))
def test_a_published_vocabulary_is_what_this_release_knows(name: str) -> None:
    assert list(published(name)) == [str(term) for term in VOCABULARIES[name]]
    for term, meaning in published(name).items():
        assert known(VOCABULARIES[name], term)
        assert meaning.en, term
        assert meaning.fa, term
        assert re.fullmatch(TERM_PATTERN, term)


def test_every_published_file_is_a_known_vocabulary() -> None:
    assert {path.stem for path in (CONTRACTS / "vocabularies").iterdir()} == set(VOCABULARIES)


def test_a_new_term_is_allowed_and_a_lost_or_redefined_one_is_not() -> None:
    released = current_schemas()
    name = "vocabularies/rules.json"
    more, less, other = (copy.deepcopy(released) for _ in range(3))
    more[name]["terms"]["tailgating"] = {"en": "Following too closely", "fa": "عدم رعایت فاصله"}
    del less[name]["terms"]["weaving"]
    other[name]["terms"]["weaving"]["en"] = "Using the horn"
    assert check(released, more) == []
    assert len(check(released, less)) == 1
    assert len(check(released, other)) == 1


def test_fields_that_hold_terms_are_not_compared_by_identity() -> None:
    """`event.rule is ViolationRule.SPEEDING` is never true: the field holds a plain string."""
    enums = {each.__name__ for each in VOCABULARIES.values()}
    found = []
    for path in [*ROOT.glob("services/*/src/**/*.py"), *ROOT.glob("libs/*/src/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Compare) and any(
                isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops
            ):
                sides = [node.left, *node.comparators]
                names = {
                    side.value.id
                    for side in sides
                    if isinstance(side, ast.Attribute) and isinstance(side.value, ast.Name)
                }
                if names & enums:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not found
