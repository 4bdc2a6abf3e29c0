"""The walls between the parts of the sources: one function a wall.

Each takes a `Sources` (source trees under one root) and the name of a part, and returns its faults,
one line each, empty where the wall stands. The root is an argument so that a test can break each
wall in a copy of the sources.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache

import yaml

from tests.architecture.sources import (
    PARTS,
    SERVICES,
    Sources,
    called,
    graph,
    imported,
    imports,
    is_within,
    tree,
)

STANDS_ON = {
    "contracts": {"contracts"},
    "kit": {"contracts", "kit"},
    "verify": {"verify"},
    **{name: {"contracts", "kit", name} for name in SERVICES},
    "tickets": {"contracts", "kit", "verify", "tickets"},
}
FOLLOWED_BY_THE_KIT = "access.tokens.revoked.v1"
"""A topic that each replica reads whole, without a handler of the service's."""

ROOMS = {
    "__init__", "domain", "handlers", "adapters", "api", "pages", "workers", "consumers",
    "dependencies", "settings", "errors", "metrics", "ports", "main",
}  # fmt: skip
# Another room is a wall moved: it is named here, and in docs/architecture.md.
OWN_ROOMS: dict[str, set[str]] = {
    "ingest": set(),
    "detect": {"vision", "frames", "observer", "evaluation"},
    "plates": {"evaluation"},
    "tickets": {"evidence", "jalali"},
    "access": {"commands", "verification"},
}
BANNED_NAMES = {"utils", "util", "helpers", "manager", "managers", "data", "misc", "common"}
LINES_A_FILE = 300
READ_BY_PEOPLE = {".py", ".js", ".css", ".html", ".sql"}
LONG_FILES: dict[str, str] = {}
"""A file beyond the bound, and why it is one file."""


Wall = Callable[[Sources, str], list[str]]


def _forbidden(sources: Sources, part: str, rooms: tuple[str, ...], never: set[str]) -> list[str]:
    """Imports of the part's rooms `never` by its `rooms`."""
    return [
        f"{sources.name(path)} imports {name}"
        for path in sources.files(part, *rooms)
        for name in imported(path)
        if any(is_within(name, f"payesh.{part}.{room}") for room in never)
    ]


def imports_only_what_stands_below(sources: Sources, part: str) -> list[str]:
    """A service imports itself, kit and contracts; kit imports contracts."""
    faults = []
    for path in sources.files(part):
        for name in imported(path):
            first, _, rest = name.partition(".")
            if name.startswith("."):
                faults.append(f"{sources.name(path)} has a relative import")
            elif first == "payesh" and rest.split(".")[0] not in STANDS_ON[part]:
                faults.append(f"{sources.name(path)} imports {name}")
    return faults


def domain_stands_alone(sources: Sources, part: str) -> list[str]:
    """Each service has a domain; it imports the standard library, numpy and itself."""
    if len(sources.files(part, "domain")) < 2:
        return [f"{part} has no domain"]
    return [
        f"{sources.name(path)} imports {name}"
        for path in sources.files(part, "domain")
        for name in imported(path)
        if not is_within(name, f"payesh.{part}.domain")
        and name.split(".")[0] not in {"numpy", *sys.stdlib_module_names}
    ]


def domain_is_pure(sources: Sources, part: str) -> list[str]:
    """Domain code does no input or output, reads no clock and draws no chance."""
    modules = {"asyncio", "socket", "subprocess", "time", "logging", "os", "random", "secrets"}
    calls = {"now", "utcnow", "today", "open", "print", "uuid4"}
    faults = []
    for path in sources.files(part, "domain"):
        named = {module for module, _ in imports(tree(path))}
        faults += [f"{sources.name(path)} imports {name}" for name in sorted(modules & named)]
        faults += [
            f"{sources.name(path)}:{line} calls {name}"
            for name, line in called(tree(path))
            if name in calls
        ]
    return faults


def adapters_know_no_use_case(sources: Sources, part: str) -> list[str]:
    """Adapters are used by use cases and edges; they import none of them."""
    edges = {"handlers", "api", "pages", "workers", "vision", "consumers", "dependencies", "main"}
    edges.add("observer")
    return _forbidden(sources, part, ("adapters",), edges)


def handlers_know_no_edge(sources: Sources, part: str) -> list[str]:
    """Use cases do not know by which way they are called."""
    return _forbidden(
        sources, part, ("handlers",), {"api", "pages", "workers", "consumers", "main"}
    )


_VALUE_BASES = {"NamedTuple", "TypedDict", "Enum", "StrEnum", "IntEnum", "BaseModel", "Value"}


def _is_value(sources: Sources, module: str, name: str) -> bool:
    """Whether the class is a frozen dataclass, another kind of value, or an error."""
    path = sources.path(module)
    if path is None:
        return False
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            bases = {ast.unparse(base).split(".")[-1] for base in node.bases}
            frozen = any("frozen=True" in ast.unparse(each) for each in node.decorator_list)
            is_error = any(re.search(r"(Error|Exception|Fault|Problem)$", base) for base in bases)
            return frozen or is_error or bool(bases & _VALUE_BASES)
    return False


def vision_works_against_ports(sources: Sources, part: str) -> list[str]:
    """What looks at pictures knows its adapters by their ports, and no use case or edge."""
    beyond = {"adapters", "handlers", "api", "pages", "workers", "consumers", "main", "observer"}
    return _forbidden(sources, part, ("vision",), beyond)


def edges_import_row_types_alone(sources: Sources, part: str) -> list[str]:
    """Routes and pages call handlers; of adapters they import row types, which are values."""
    package = f"payesh.{part}.adapters"
    faults = []
    for path in sources.files(part, "api", "pages"):
        for module, name in imports(tree(path)):
            whole = module if name is None else f"{module}.{name}"
            if is_within(whole, package) and not (name and _is_value(sources, module, name)):
                faults.append(f"{sources.name(path)} imports {whole}")
    return faults


def edges_open_no_transaction(sources: Sources, part: str) -> list[str]:
    """Routes and pages open no transaction, run no SQL and record no read; handlers do."""
    calls = {"transaction", "execute", "scalar", "scalars", "run_sync", "record_read"}
    faults = []
    for path in sources.files(part, "api", "pages"):
        faults += [
            f"{sources.name(path)} imports {name}"
            for name in imported(path)
            if is_within(name, "sqlalchemy") or name == "payesh.kit.audit.record_read"
        ]
        faults += [
            f"{sources.name(path)}:{line} calls {name}"
            for name, line in called(tree(path))
            if name in calls
        ]
    return faults


def routers_are_module_level(sources: Sources, part: str) -> list[str]:
    """A router is a name of its module, so that a route is found where it is declared."""
    faults = []
    for path in sources.files(part, "api", "pages"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                faults += [
                    f"{sources.name(path)}:{line} makes a router inside {node.name}"
                    for name, line in called(node)
                    if name == "APIRouter"
                ]
    return faults


def adapters_return_values(sources: Sources, part: str) -> list[str]:
    """SQL modules return frozen values: no `Row`, no bare `Any`, no object of the ORM."""
    tables = f"payesh.{part}.adapters.tables"
    faults = []
    for path in sources.files(part, "adapters"):
        module = tree(path)
        names = set(imports(module))
        if path.stem == "tables" or not any(is_within(m, "sqlalchemy") for m, _ in names):
            continue
        stored = {name for m, name in names if m == tables and name and name[0].isupper()}
        for node in ast.walk(module):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.returns is None:
                continue
            returned = ast.unparse(node.returns)
            # `dict[str, Any]` is a document of JSON, which has no type of its own here; a query
            # that two modules share has rows only when one of them runs it.
            bare = re.sub(r"dict\[str, Any\]|Select\[\w+\]", "", returned)
            words = set(re.findall(r"\w+", bare))
            if not node.name.startswith("_") and words & {
                "Any", "Row", "RowMapping", "Result", *stored,
            }:  # fmt: skip
                faults.append(f"{sources.name(path)}:{node.lineno} {node.name} returns {returned}")
    return faults


def no_import_circle(sources: Sources, part: str) -> list[str]:
    """No module imports itself by way of others."""
    edges = graph(sources, part)
    reach = {module: set(targets) for module, targets in edges.items()}
    grown = True
    while grown:
        grown = False
        for targets in reach.values():
            further = set().union(*(reach[target] for target in targets)) if targets else set()
            if not further <= targets:
                targets |= further
                grown = True
    circles = {
        frozenset({module, *(other for other in reach[module] if module in reach[other])})
        for module in reach
        if module in reach[module]
    }
    return [f"import circle: {', '.join(sorted(circle))}" for circle in circles]


def no_guessing_by_attribute(sources: Sources, part: str) -> list[str]:
    """What a thing can do is in its type: no `hasattr` or `getattr` with a constant name."""
    faults = []
    for path in sources.files(part, "vision", "handlers", "domain"):
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("hasattr", "getattr")
                and isinstance(node.args[1], ast.Constant)
            ):
                faults.append(f"{sources.name(path)}:{node.lineno} {ast.unparse(node)}")
    return faults


def no_long_file(sources: Sources, part: str) -> list[str]:
    """A file beyond the bound has two reasons to change, or its reason is in `LONG_FILES`."""
    faults = []
    for path in sorted(sources.source(part).rglob("*")):
        if path.is_file() and path.suffix in READ_BY_PEOPLE:
            lines, name = len(path.read_text("utf-8").splitlines()), sources.name(path)
            if lines > LINES_A_FILE and name not in LONG_FILES:
                faults.append(f"{name} has {lines} lines")
            if lines <= LINES_A_FILE and name in LONG_FILES:
                faults.append(f"{name} has {lines} lines: take it out of LONG_FILES")
    return faults


def no_half_merged_file(sources: Sources, part: str) -> list[str]:
    """A line that Git left in a conflict: a browser passes over it and the rules behind it."""
    faults = []
    for path in sorted(sources.source(part).rglob("*")):
        if path.is_file() and path.suffix in READ_BY_PEOPLE:
            lines = path.read_text("utf-8").splitlines()
            if any(line.startswith(("<<<<<<< ", ">>>>>>> ")) for line in lines):
                faults.append(f"{sources.name(path)} is half merged")
    return faults


@lru_cache
def _consumers(asyncapi: str) -> frozenset[str]:
    channels = yaml.safe_load(asyncapi)["channels"].values()
    handled = (each for each in channels if each["address"] != FOLLOWED_BY_THE_KIT)
    return frozenset(service for each in handled for service in each["x-consumers"])


def has_the_rooms(sources: Sources, part: str) -> list[str]:
    """Services have the same rooms; another one is named in `OWN_ROOMS`."""
    source = sources.source(part)
    wanted = ["domain/", "adapters/", "api/dependencies.py", "handlers/__init__.py"]
    wanted += ["dependencies.py", "settings.py", "main.py", "errors.py"]
    if part in _consumers((sources.root / "contracts/asyncapi.yaml").read_text("utf-8")):
        wanted.append("consumers.py")
    faults = [f"{part} has no {room}" for room in wanted if not (source / room).exists()]
    found = {
        path.stem
        for path in source.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    faults += [f"{part} has a room {room}" for room in sorted(found - ROOMS - OWN_ROOMS[part])]
    beside = ("migrations/env.py", "Dockerfile", "README.md", "pyproject.toml")
    folder = sources.root / "services" / part
    return faults + [f"{part} has no {name}" for name in beside if not (folder / name).is_file()]


def consumers_have_one_face(sources: Sources, part: str) -> list[str]:
    """`consumers.py` has `GROUP` and `handlers` (`OBSERVER_GROUP`, `observer_handlers` where a part
    has two processes); the consumer itself is built in `main`."""
    faults = []
    for path in sources.files(part, "consumers"):
        module = tree(path)
        functions = [node.name for node in module.body if isinstance(node, ast.FunctionDef)]
        constants = [
            each.id
            for node in module.body
            if isinstance(node, ast.Assign)
            for each in node.targets
            if isinstance(each, ast.Name)
        ]
        if not any(re.fullmatch(r"([A-Z]+_)*GROUP", name) for name in constants):
            faults.append(f"{sources.name(path)} has no GROUP")
        if not any(re.fullmatch(r"([a-z]+_)*handlers", name) for name in functions):
            faults.append(f"{sources.name(path)} has no handlers")
        faults += [
            f"{sources.name(path)}:{line} builds a consumer"
            for name, line in called(module)
            if name == "Consumer"
        ]
    return faults


def dependencies_are_frozen(sources: Sources, part: str) -> list[str]:
    """`dependencies.py` has `Dependencies`; it and a use case's own are frozen, with slots."""
    found = {}
    for path in sources.files(part, "dependencies", "handlers"):
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and node.name.endswith("Dependencies"):
                decorators = "".join(ast.unparse(each) for each in node.decorator_list)
                found[node.name] = "frozen=True" in decorators and "slots=True" in decorators
    faults = [f"{part}: {name} is not frozen with slots" for name in found if not found[name]]
    return faults if "Dependencies" in found else [*faults, f"{part} has no Dependencies"]


def names_say_what_is_inside(sources: Sources, part: str) -> list[str]:
    """No module is named for being left over."""
    return [sources.name(path) for path in sources.files(part) if path.stem in BANNED_NAMES]


def namespace_package_is_empty(sources: Sources, part: str) -> list[str]:
    """`payesh` is a namespace: no part owns an `__init__` there."""
    return [sources.name(path) for path in sources.source(part).parent.glob("*.py")]


WALLS: dict[str, tuple[Wall, Iterable[str]]] = {
    wall.__name__: (wall, parts)
    for wall, parts in (
        (imports_only_what_stands_below, STANDS_ON),
        (no_import_circle, PARTS),
        (no_long_file, PARTS),
        (no_half_merged_file, PARTS),
        (names_say_what_is_inside, PARTS),
        (namespace_package_is_empty, PARTS),
        (has_the_rooms, SERVICES),
        (domain_stands_alone, SERVICES),
        (domain_is_pure, SERVICES),
        (adapters_know_no_use_case, SERVICES),
        (adapters_return_values, SERVICES),
        (handlers_know_no_edge, SERVICES),
        (vision_works_against_ports, ("detect",)),
        (no_guessing_by_attribute, SERVICES),
        (edges_import_row_types_alone, SERVICES),
        (edges_open_no_transaction, SERVICES),
        (routers_are_module_level, SERVICES),
        (dependencies_are_frozen, SERVICES),
        (consumers_have_one_face, SERVICES),
    )
}
"""Every wall by its name, with the parts that it holds in."""
