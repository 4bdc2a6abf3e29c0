"""All rules of the road that the observer judges, by name."""

from payesh.detect.domain.rules import (
    forbidden_stopping,
    forbidden_turn,
    no_entry,
    red_light,
    special_lane,
    speeding,
    stop_line,
    wrong_way,
)
from payesh.detect.domain.rules.rule import RuleKind
from payesh.detect.domain.scene import Scene

RULES: dict[str, RuleKind] = {}


def register(kind: RuleKind) -> None:
    """Add a rule. Raises ValueError for a name that is taken."""
    if kind.name in RULES:
        raise ValueError(f"a rule named {kind.name} is registered already")
    RULES[kind.name] = kind


def armed(scene: Scene) -> list[RuleKind]:
    """The rules for which the scene has what they need, in the order of their names."""
    return [RULES[name] for name in sorted(RULES) if RULES[name].is_armed_by(scene)]


for rule in (
    forbidden_stopping,
    forbidden_turn,
    no_entry,
    red_light,
    special_lane,
    speeding,
    stop_line,
    wrong_way,
):
    register(rule.RULE)
