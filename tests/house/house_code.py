"""The code as the house rules see it: modules, functions, and who imports whom, also inside functions."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = (ROOT / "src", ROOT / "simulator" / "src")


@dataclass(frozen=True)
class Module:
    """One file of code."""

    name: str
    path: Path
    tree: ast.Module
    lines: int


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the product and of the simulator."""
    return tuple(read(folder, path) for folder in SOURCES for path in sorted(folder.rglob("*.py")))


def read(folder: Path, path: Path) -> Module:
    """Parse one file below `folder`."""
    text = path.read_text("utf-8")
    dotted = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
    return Module(dotted, path, ast.parse(text), len(text.splitlines()))


def function_lengths(module: Module) -> dict[str, int]:
    """How many lines each function takes, from `def` to its last line."""
    found = (node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {f"{module.name}:{node.name}:{node.lineno}": (node.end_lineno or 0) - node.lineno + 1 for node in found}


def imports(module: Module, known: frozenset[str]) -> set[str]:
    """The known modules that this one imports anywhere in its text, `importlib.import_module` included."""
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    return {name for node in ast.walk(module.tree) for name in _imported(node, package, known)} - {module.name}


def _imported(node: ast.AST, package: str, known: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in known)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            base = ".".join([*package.split(".")[: len(package.split(".")) - node.level + 1], base]).rstrip(".")
        whole = {f"{base}.{alias.name}" for alias in node.names} & known
        yield from whole or {base} & known
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
        yield from _by_name(node.args[0], known)


def _by_name(argument: ast.expr, known: frozenset[str]) -> Iterator[str]:
    """A text names one module; a text with a hole in it names every module that begins like it."""
    if isinstance(argument, ast.Constant) and argument.value in known:
        yield str(argument.value)
    elif isinstance(argument, ast.JoinedStr) and isinstance(argument.values[0], ast.Constant):
        yield from (name for name in known if name.startswith(str(argument.values[0].value)))


def graph() -> dict[str, set[str]]:
    """Who imports whom."""
    known = frozenset(module.name for module in modules())
    return {module.name: imports(module, known) for module in modules()}


def cycle(arrows: Mapping[str, set[str]]) -> list[str]:
    """One cycle of the graph, its first module repeated at the end; empty when there is none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for other in sorted(arrows.get(name, set())):
            found = walk(other, [*path, name])
            if found:
                return found
        done.add(name)
        return []

    circles = (walk(name, []) for name in sorted(arrows))
    return next((circle for circle in circles if circle), list[str]())
