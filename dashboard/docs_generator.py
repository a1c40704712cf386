"""Writes the documents that are made from the code: ``python -m dashboard.docs_generator``.

`services/SERVICE_CATALOG.md` and `services/API.md` come from the service classes' signatures and docstrings,
`.env.example` from the settings' fields. Sources are parsed, not imported.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic.fields import FieldInfo

from dashboard_config import REPOSITORY_ROOT, Settings

_MADE_BY = "<!-- Made by `make docs` from the docstrings; edit those, not this. -->"
_CLASS_ENDINGS = ("Service", "Provider", "Cache")


@dataclass(frozen=True, slots=True)
class MethodEntry:
    """One public method of a service class, as written in its source."""

    name: str
    signature: str
    docstring: str

    @property
    def summary(self) -> str:
        """First sentence-line of the docstring."""
        return self.docstring.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """One service class and where it is."""

    name: str
    module: str
    docstring: str
    methods: tuple[MethodEntry, ...]


def list_service_classes(services_dir: Path) -> list[ClassEntry]:
    """Return the public service classes below ``services_dir``, by name."""
    classes: dict[str, tuple[ast.ClassDef, str]] = {}
    for path in sorted(services_dir.rglob("*.py")):
        module = ".".join(("services", *path.relative_to(services_dir).with_suffix("").parts))
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                classes[node.name] = (node, module)
    nodes = {name: node for name, (node, _module) in classes.items()}
    found = [_read_class(node, module, nodes) for node, module in classes.values() if _is_service_class(node)]
    return sorted(found, key=lambda entry: entry.name)


def _is_service_class(node: ast.ClassDef) -> bool:
    return node.name.endswith(_CLASS_ENDINGS) and not node.name.startswith("_")


def _read_class(node: ast.ClassDef, module: str, nodes: dict[str, ast.ClassDef]) -> ClassEntry:
    methods = tuple(
        _read_method(child)
        for part in _list_parts(node, nodes)
        for child in part.body
        if isinstance(child, ast.FunctionDef) and not child.name.startswith("_")
    )
    return ClassEntry(node.name, module, ast.get_docstring(node) or "", methods)


def _list_parts(node: ast.ClassDef, nodes: dict[str, ast.ClassDef]) -> list[ast.ClassDef]:
    """Return a class and those of its bases that live in the services too: a long service is put together."""
    bases = [nodes[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in nodes]
    parts = [base for base in bases if not _is_service_class(base)]
    return [node, *(each for part in parts for each in _list_parts(part, nodes))]


def _read_method(node: ast.FunctionDef) -> MethodEntry:
    arguments = node.args
    for first in (arguments.posonlyargs, arguments.args):
        if first and first[0].arg in {"self", "cls"}:
            del first[0]
            break
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    signature = f"{node.name}({ast.unparse(arguments)}){returns}"
    return MethodEntry(node.name, signature, ast.get_docstring(node) or "")


def render_catalogue(classes: list[ClassEntry]) -> str:
    """Return SERVICE_CATALOG.md: a table of classes, then each one's methods in a line."""
    lines = ["# Service catalogue", "", _MADE_BY, "", "| class | module | what it is for |", "|---|---|---|"]
    for entry in classes:
        purpose = entry.docstring.partition("\n")[0].replace("|", "\\|")
        lines.append(f"| [{entry.name}](#{entry.name.lower()}) | `{entry.module}` | {purpose} |")
    for entry in classes:
        lines += ["", f"## {entry.name}", ""]
        lines += [f"- `{method.name}`: {method.summary}" for method in entry.methods]
    return "\n".join(lines) + "\n"


def render_api(classes: list[ClassEntry]) -> str:
    """Return API.md: every public method with its signature and whole docstring."""
    lines = ["# Service API", "", _MADE_BY]
    for entry in classes:
        lines += ["", f"## {entry.name}", "", f"`from {entry.module} import {entry.name}`", ""]
        lines += entry.docstring.splitlines()
        for method in entry.methods:
            lines += ["", f"### {entry.name}.{method.name}", "", "```python", method.signature, "```", ""]
            lines += ["```text", *method.docstring.splitlines(), "```"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def render_env_example() -> str:
    """Return .env.example: every setting with its description, its default or a commented example."""
    lines = [
        "# Every setting of the product. Copy to .env and change what you need; the environment wins.",
        "# A line that is commented out shows an example of a setting that is unset by default.",
    ]
    for name, field in Settings.model_fields.items():
        lines += ["", f"# {field.description}", _render_setting(name.upper(), field)]
    return "\n".join(lines) + "\n"


def _render_setting(name: str, field: FieldInfo) -> str:
    if field.default is None:
        return f"# {name}={(field.examples or [''])[0]}"
    value = field.default
    if isinstance(value, bool):
        return f"{name}={str(value).lower()}"
    return f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"


def render_documents(root: Path = REPOSITORY_ROOT) -> dict[Path, str]:
    """Return the text of every generated document, keyed by its path below ``root``."""
    classes = list_service_classes(root / "services")
    return {
        root / ".env.example": render_env_example(),
        root / "services" / "SERVICE_CATALOG.md": render_catalogue(classes),
        root / "services" / "API.md": render_api(classes),
    }


def main() -> int:
    """Write the generated documents and say which changed."""
    for path, text in render_documents().items():
        changed = not path.exists() or path.read_text(encoding="utf-8") != text
        if changed:
            path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{'written' if changed else 'unchanged'}  {path.relative_to(REPOSITORY_ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
