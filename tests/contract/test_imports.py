"""Who may import whom: the rules of .importlinter hold, and each of them can fail."""

from __future__ import annotations

import ast
import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("dashboard", "callbacks", "layouts", "tasks", "services", "models", "database", "core", "utils")
CONTRACT = "importlinter:contract:"

# A module and one import in it that breaks the rule, for every rule there is.
VIOLATIONS = {
    "layers": {"core/planted.py": "import services"},
    "layouts-are-pure": {"layouts/planted.py": "import models"},
    "edges-go-through-services": {"dashboard/api/planted.py": "import core.signal"},
    "tasks-call-services": {"tasks/planted.py": "from database import connection"},
    "inner-layers-know-no-web": {"services/planted.py": "import flask"},
    "science-stands-alone": {"core/signal/planted.py": "def lazily():\n    import sqlalchemy"},
    "signal-work-needs-no-torch": {"core/features/planted.py": "import torch"},
    "values-not-settings": {"models/planted.py": "from dashboard_config import get_settings"},
    "independent-pages": {
        "layouts/pages/planted_one.py": "import layouts.pages.planted_two",
        "layouts/pages/planted_two.py": "",
    },
    "independent-callbacks": {
        "callbacks/planted_one.py": "import callbacks.planted_two",
        "callbacks/planted_two.py": "",
    },
    "no-cycles": {
        "services/planted_one.py": "import services.planted_two",
        "services/planted_two.py": "import services.planted_one",
    },
    "redis-door": {"services/planted_redis.py": "import redis"},
    "mail-door": {"services/planted_mail.py": "import smtplib"},
    "sentry-door": {"services/planted_sentry.py": "import sentry_sdk"},
    "optuna-door": {"services/planted_optuna.py": "import optuna"},
    "captum-door": {"services/planted_captum.py": "import captum"},
}


def _lint_imports(folder: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--no-logo", "--cache-dir", str(cache)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def _read_contracts(path: Path) -> dict[str, configparser.SectionProxy]:
    parser = configparser.ConfigParser()
    parser.read(path)
    return {name.removeprefix(CONTRACT): parser[name] for name in parser if name.startswith(CONTRACT)}


def test_every_import_rule_holds(tmp_path: Path) -> None:
    outcome = _lint_imports(ROOT, tmp_path)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_every_import_rule_fails_on_a_planted_violation(tmp_path: Path) -> None:
    house = tmp_path / "house"
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, house / package, ignore=shutil.ignore_patterns("__pycache__", "[!_]*.py*")
        )
    shutil.copy(ROOT / ".importlinter", house)
    (house / "layouts" / "pages").mkdir(exist_ok=True)
    (house / "layouts" / "pages" / "__init__.py").touch()
    assert " 0 broken" in _lint_imports(house, tmp_path / "cache").stdout
    for path, source in [item for files in VIOLATIONS.values() for item in files.items()]:
        (house / path).write_text(source)

    outcome = _lint_imports(house, tmp_path / "cache")

    contracts = _read_contracts(house / ".importlinter")
    assert contracts.keys() == VIOLATIONS.keys()
    not_broken = [name for name, rule in contracts.items() if f"{rule['name']} BROKEN" not in outcome.stdout]
    assert outcome.returncode != 0
    assert not_broken == []


def test_packages_that_need_no_torch_are_named_as_soon_as_they_exist() -> None:
    torch_free = {"signal", "features", "datasets", "synthesis"}
    existing = {f"core.{name}" for name in torch_free if (ROOT / "core" / name).is_dir()}
    rule = _read_contracts(ROOT / ".importlinter")["signal-work-needs-no-torch"]
    assert set(rule["source_modules"].split()) == existing


def test_what_callback_modules_share_registers_no_callback() -> None:
    allowed = _read_contracts(ROOT / ".importlinter")["independent-callbacks"]["ignore_imports"]
    shared = [line.rpartition(".")[2] for line in allowed.splitlines() if "->" in line]
    assert shared
    for name in shared:
        tree = ast.parse((ROOT / "callbacks" / f"{name}.py").read_text(encoding="utf-8"))
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert "register" not in names, name


def test_no_top_level_code_folder_escapes_the_rules() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders - {"tests", "benchmarks"} == set(PACKAGES)


def test_the_settings_module_imports_pydantic_and_constants_only() -> None:
    imported = _list_imports(ROOT / "dashboard_config.py")
    foreign = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name for name in foreign if not name.startswith(("pydantic", "pydantic_settings"))} == {
        "utils.constants"
    }


@pytest.mark.parametrize("module", ["clock", "constants", "csv_text", "exceptions", "ids", "processes"])
def test_utils_are_standard_library(module: str) -> None:
    imported = {name.partition(".")[0] for name in _list_imports(ROOT / "utils" / f"{module}.py")}
    assert imported <= {*sys.stdlib_module_names, "utils"}


def _list_imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names
