"""The rules that keep the package readable: who may import whom, and how long things get."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from msgspec import Struct

ROOT = Path(__file__).parent.parent
PACKAGE = "axonhub_cli"

# What a layer may import of ours besides itself; the longest prefix of a module's name counts.
_BOTTOM = {"__version__", "errors", "jsonio", "jsonedit", "providers"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "jsonio": {"errors"},
    "jsonedit": {"jsonio"},
    "providers": set(),
    "ir": {"errors", "jsonio"},
    "protocols": {"errors", "jsonio", "ir"},
    "dialects": {"errors", "jsonio", "ir", "protocols"},
    "config.schema": set(),
    "overrides": {"jsonio", "jsonedit", "config.schema", "ir"},
    "routing": _BOTTOM | {"config.schema", "protocols", "ir"},
    # Rules of the file that others give a meaning to (mappings, overrides) are checked by them.
    "config": _BOTTOM
    | {"routing.mapping", "routing.conditions", "routing.policy", "routing.backtracking"}
    | {"pricing.own", "overrides"},
    "echo": {"errors", "jsonio"},
    "counting": {"errors", "jsonio", "ir"},
    "pricing": _BOTTOM | {"config.schema", "ir"},
    # How long and how much is kept is written as durations and sizes.
    "tracing": _BOTTOM
    | {"config.schema", "config.userinfo", "config.durations", "config.sizes"}
    | {"protocols", "ir", "pricing"},
    "proxy": _BOTTOM
    | {"config.schema", "config.durations", "config.secrets", "config.userinfo"}
    | {"ir", "protocols", "dialects", "routing", "overrides", "echo", "counting"}
    | {"tracing.recorder", "tracing.spent", "tracing.context", "pricing.prices"},
    "daemon": _BOTTOM
    | {"ir", "protocols", "dialects", "config", "routing", "echo", "counting", "tracing", "proxy"}
    | {"pricing"},
    # The command line reads files and databases, and speaks to a running daemon by HTTP only.
    "cli": _BOTTOM
    # `explain` decides as the daemon does, by prices too.
    | {"config", "routing", "protocols", "tracing", "pricing", "proxy.probe", "proxy.replay"}
    # A recorded request is explained by what would change it now.
    | {"proxy.quirks_of"}
    | {
        "daemon.lifecycle",
        "daemon.state",
        "daemon.local_call",
        "daemon.background",
        "daemon.options",
        "daemon.listening",
        "daemon.log_lines",
    },
    "__main__": _BOTTOM | {"cli", "config", "daemon.state"},
}

# Decisions only: the same input, the same output, on any machine.
PURE = ("ir", "protocols", "dialects", "routing", "overrides", "config.schema", "providers")
PURE += ("jsonio", "jsonedit", "errors")
IMPURE_LIBRARIES = {
    "aiohttp",
    "asyncio",
    "httpx",
    "logging",
    "os",
    "random",
    "sqlite3",
    "starlette",
    "threading",
    "time",
}

# Libraries that one place knows, so that a change of library is a change there.
PLACES = {
    "httpx": ("proxy.upstream", "proxy.transports"),
    "aiohttp": ("proxy.upstream", "proxy.transports"),
    "sqlite3": ("tracing",),
    "keyring": ("config.secrets",),
    "starlette": ("daemon",),
    "uvicorn": ("daemon",),
    "typer": ("cli",),
    "rich": ("cli",),
    "tomlkit": ("config.document",),
    "splintr": ("counting.vocabulary",),
    # In a process of its own: too heavy for any of ours.
    "genai_prices": ("pricing.extract",),
}

HEAVY = ("httpx", "aiohttp", "starlette", "uvicorn", "keyring", "sqlite3", "pydantic")
VAGUE = {"utils", "helpers", "common", "manager", "process", "misc"}
MOST_LINES = 400
MOST_FUNCTION_LINES = 50


class Module(Struct, frozen=True):
    """A source file: its path, its name below the package, and what it says."""

    path: Path
    name: str
    source: str
    tree: ast.Module


@cache
def read_modules() -> list[Module]:
    return [_read(path) for path in sorted((ROOT / PACKAGE).rglob("*.py"))]


def _read(path: Path) -> Module:
    parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
    source = path.read_text(encoding="utf-8")
    name = ".".join(parts).removesuffix("__init__").rstrip(".")
    return Module(path, name, source, ast.parse(source))


def imports_of(module: Module) -> Iterator[str]:
    """Every imported name, in full; imports inside functions count too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # A relative import is told as what it is, and fits nowhere.
            yield from (f"{'.' * node.level}{node.module}.{alias.name}" for alias in node.names)


def is_below(name: str, *prefixes: str) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def layer_of(name: str) -> str | None:
    return max((layer for layer in MAY_IMPORT if is_below(name, layer)), key=len, default=None)


def find_wrong_directions(module: Module) -> Iterator[str]:
    layer = layer_of(module.name)
    if layer is None:
        if module.name:
            yield f"{module.name}: which layer is it? Name it in MAY_IMPORT"
        return
    for imported in imports_of(module):
        package, _, name = imported.partition(".")
        if not package:
            yield f"{module.name}: imports are absolute"
        elif package == PACKAGE and not is_below(name, layer, *MAY_IMPORT[layer]):
            yield f"{module.name} may not import {name}"


def find_other_protocols(module: Module) -> Iterator[str]:
    layer, own, *_ = [*module.name.split("."), "", ""]
    shared = {path.stem for path in (ROOT / PACKAGE / "protocols").glob("*.py")}
    if layer != "protocols" or own in shared | {""}:
        return
    for imported in imports_of(module):
        package, zone, other, *_ = [*imported.split("."), "", ""]
        if (package, zone) == (PACKAGE, "protocols") and other not in shared | {own}:
            yield f"{module.name} knows {other}"


def find_impurities(module: Module) -> Iterator[str]:
    if is_below(module.name, *PURE):
        for library in {imported.split(".")[0] for imported in imports_of(module)}:
            if library in IMPURE_LIBRARIES:
                yield f"{module.name} is pure and may not import {library}"


def find_misplaced_libraries(module: Module) -> Iterator[str]:
    for library in {imported.split(".")[0] for imported in imports_of(module)}:
        if library in PLACES and not is_below(module.name, *PLACES[library]):
            yield f"{module.name} imports {library}, which is for {PLACES[library]}"


def find_long_or_vague_files(module: Module) -> Iterator[str]:
    lines = module.source.count("\n")
    if lines > MOST_LINES:
        yield f"{module.path} has {lines} lines"
    docstring = ast.get_docstring(module.tree)
    if not docstring:
        yield f"{module.path} does not say what it is about"
    if module.path.stem in VAGUE:
        yield f"{module.path}: the name says nothing"


def find_long_functions(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            if lines > MOST_FUNCTION_LINES:
                yield f"{module.path}:{node.lineno}: {node.name} has {lines} lines"


def find_missing_test(module: Module) -> Iterator[str]:
    # The schema is data in several files, with one test for all of it.
    if module.path.name == "__init__.py" or is_below(module.name, "config.schema"):
        return
    folder = module.path.parent.relative_to(ROOT / PACKAGE)
    test = Path("tests") / folder / f"test_{module.path.stem.strip('_')}.py"
    if not (ROOT / test).exists():
        yield f"{test} is missing"


RULES = {
    "layers import only what is below them": find_wrong_directions,
    "protocols do not know each other": find_other_protocols,
    "the pure zone does nothing but decide": find_impurities,
    "each library has its place": find_misplaced_libraries,
    "files are short and say what they are about": find_long_or_vague_files,
    "functions are short": find_long_functions,
    "each source file has its test": find_missing_test,
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_package_obeys(rule: Callable[[Module], Iterator[str]]) -> None:
    faults = [fault for module in read_modules() for fault in rule(module)]
    assert not faults, "\n" + "\n".join(faults)


BREACHES = [
    (find_wrong_directions, "routing.x", "from axonhub_cli.proxy import handler"),
    (find_wrong_directions, "config.schema", "import axonhub_cli.config.load"),
    (find_wrong_directions, "cli.x", "def f():\n    from axonhub_cli.daemon.app import App"),
    (find_wrong_directions, "ir.x", "from . import y"),
    (find_wrong_directions, "somewhere.x", ""),
    (find_other_protocols, "protocols.anthropic.x", "from axonhub_cli.protocols import gemini"),
    (find_impurities, "routing.x", "from time import monotonic"),
    (find_misplaced_libraries, "proxy.handler", "import httpx"),
    (find_misplaced_libraries, "cli.x", "import sqlite3"),
    (find_long_or_vague_files, "cli.x", "x = 1"),
    (find_long_or_vague_files, "cli.x", '"""X."""' + "\n" * 401),
    (find_long_functions, "cli.x", "def f():\n" + "    pass\n" * 50),
    (find_missing_test, "cli.no_such_file", ""),
]


@pytest.mark.parametrize(("rule", "name", "source"), BREACHES)
def test_a_breach_is_found(rule: Callable[[Module], Iterator[str]], name: str, source: str) -> None:
    path = (ROOT / PACKAGE).joinpath(*name.split(".")).with_suffix(".py")
    assert len(list(rule(Module(path, name, source, ast.parse(source))))) == 1


def test_the_command_line_starts_light() -> None:
    script = (
        f"import sys, {PACKAGE}.cli.main; "
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
