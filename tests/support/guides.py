"""Code blocks of the guides, which tests run against the code."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

GUIDES = Path(__file__).parents[2] / "docs/guides"


def code_blocks(guide: str, language: str = "python") -> list[str]:
    """The blocks of one language in `docs/guides/<guide>`, in order."""
    text = (GUIDES / guide).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@contextmanager
def module_of(name: str, *blocks: str) -> Iterator[ModuleType]:
    """A module `name` with the code of `blocks`, importable inside the context."""
    module = ModuleType(name)
    sys.modules[name] = module
    parent, _, last = name.rpartition(".")
    setattr(sys.modules[parent], last, module)
    try:
        exec("\n\n".join(blocks), module.__dict__)  # noqa: S102 - the guide's own code
        yield module
    finally:
        del sys.modules[name]
        delattr(sys.modules[parent], last)
