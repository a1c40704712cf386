"""Prints how long functions and modules are (``python -m tests.contract.sizes``); never a failure."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("dashboard", "callbacks", "layouts", "tasks", "services", "models", "database", "core", "utils")
_LONG_FUNCTION, _LONG_MODULE = 60, 500


def list_function_lengths(source: str) -> dict[str, int]:
    """Return the lines of each function without its docstring, nested ones counted on their own too."""
    lengths = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node) is not None
            start = node.body[0].end_lineno if documented else node.lineno
            lengths[f"{node.name}:{node.lineno}"] = (node.end_lineno or 0) - (start or 0) + (not documented)
    return lengths


def _print_share(noun: str, lengths: list[int], limits: tuple[int, ...]) -> None:
    shares = [f"{sum(n <= limit for n in lengths) / len(lengths):.0%} <= {limit} lines" for limit in limits]
    sys.stdout.write(f"{len(lengths)} {noun}: {', '.join(shares)}, longest {max(lengths)}\n")


def main() -> None:
    """Print the shares and name what is longer than the project's limits."""
    functions: dict[str, int] = {}
    modules: dict[str, int] = {}
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        source, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
        modules[name] = source.count("\n")
        functions.update({f"{name}:{key}": n for key, n in list_function_lengths(source).items()})
    _print_share("functions", list(functions.values()), (15, 30, _LONG_FUNCTION))
    _print_share("modules", list(modules.values()), (300, _LONG_MODULE))
    long = [(n, k) for k, n in functions.items() if n > _LONG_FUNCTION]
    long += [(n, k) for k, n in modules.items() if n > _LONG_MODULE]
    for length, name in sorted(long, reverse=True):
        sys.stdout.write(f"  {length:4d}  {name}\n")


if __name__ == "__main__":
    main()
