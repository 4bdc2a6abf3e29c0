"""The source trees under one root, and what their files import and call."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SERVICES = ("ingest", "detect", "plates", "tickets", "access")
PARTS = {
    "contracts": "contracts/src/payesh/contracts",
    "kit": "libs/kit/src/payesh/kit",
    "verify": "libs/verify/src/payesh/verify",
    "local": "deploy/local/src/payesh/local",
    **{name: f"services/{name}/src/payesh/{name}" for name in SERVICES},
}


@dataclass(frozen=True)
class Sources:
    """The source trees of all parts under one root."""

    root: Path

    def source(self, part: str) -> Path:
        return self.root / PARTS[part]

    def files(self, part: str, *rooms: str) -> list[Path]:
        """Python files of a part; of those rooms alone where some are named."""
        source = self.source(part)
        if not rooms:
            return sorted(source.rglob("*.py"))
        found = [path for room in rooms for path in (source / room).rglob("*.py")]
        found += [source / f"{room}.py" for room in rooms]
        return sorted(path for path in found if path.is_file())

    def name(self, path: Path) -> str:
        """A file's place, as a fault names it."""
        return str(path.relative_to(self.root))

    def module(self, path: Path) -> str:
        """A file's full module name."""
        parts = path.relative_to(self.root).with_suffix("").parts
        parts = parts[parts.index("src") + 1 :]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def path(self, module: str) -> Path | None:
        """The file of a module of any part, by its full name."""
        part, _, rest = module.removeprefix("payesh.").partition(".")
        if part not in PARTS:
            return None
        place = self.source(part).joinpath(*rest.split("."))
        files = (place.with_suffix(".py"), place / "__init__.py")
        return next((file for file in files if file.is_file()), None)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports(node: ast.AST, *, with_typing: bool = True) -> Iterator[tuple[str, str | None]]:
    """(module, name imported from it or None) of every import statement below `node`, those inside
    functions too; without those under `if TYPE_CHECKING:` unless `with_typing`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, None) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            module = "." * child.level + (child.module or "")
            yield from ((module, alias.name) for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            if with_typing:
                yield from imports(child)
            for other in child.orelse:
                yield from imports(ast.Module([other], []), with_typing=with_typing)
        else:
            yield from imports(child, with_typing=with_typing)


def imported(path: Path) -> Iterator[str]:
    """Full names that a file imports: `package.module` for `from package import module`."""
    for module, name in imports(tree(path)):
        yield module if name is None else f"{module}.{name}"


def called(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Names of the functions and methods called below `node`, with their lines."""
    for child in ast.walk(node):
        if isinstance(child, ast.Call):
            if isinstance(child.func, ast.Name):
                yield child.func.id, child.lineno
            elif isinstance(child.func, ast.Attribute):
                yield child.func.attr, child.lineno


def is_within(name: str, module: str) -> bool:
    return name == module or name.startswith(module + ".")


def graph(sources: Sources, part: str) -> dict[str, set[str]]:
    """Module to the modules of the same part that it imports; imports under TYPE_CHECKING do not
    run, so they do not count."""
    paths = {sources.module(path): path for path in sources.files(part)}
    edges: dict[str, set[str]] = {}
    for module, path in paths.items():
        edges[module] = set()
        for target, name in imports(tree(path), with_typing=False):
            whole = target if name is None else f"{target}.{name}"
            found = whole if whole in paths else target
            if found in paths and found != module:
                edges[module].add(found)
    return edges
