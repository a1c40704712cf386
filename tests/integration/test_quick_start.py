"""The quick start of the services runs as it is written; beside the product, see ``test_product.py``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from dashboard_config import REPOSITORY_ROOT, Settings

SHOW = '\nimport json\nprint(json.dumps({"datasets": datasets, "stats": stats, "value": value}))\n'


def read_quick_start() -> str:
    """Return the first Python block under "Quick start" in the services' README."""
    text = (REPOSITORY_ROOT / "services" / "README.md").read_text()
    found = re.search(r"## Quick start.*?```python\n(.*?)```", text, flags=re.DOTALL | re.IGNORECASE)
    assert found, "services/README.md has no quick start"
    return found.group(1)


def run_quick_start(code: str, data_dir: Path) -> dict[str, object]:
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY_ROOT,
        env={**os.environ, "DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    document: dict[str, object] = json.loads(answer.stdout)
    return document


def test_with_everything_stopped_the_cache_misses_and_the_database_still_answers(
    database: Settings,
) -> None:
    code = read_quick_start().replace("CacheService.set(", "stored = CacheService.set(")
    shown = SHOW.replace('"value": value', '"value": value, "stored": stored')
    assert run_quick_start(code + shown, database.data_dir) == {
        "datasets": [],
        "stats": None,
        "value": None,
        "stored": False,
    }


def test_the_quick_start_is_the_one_that_was_promised() -> None:
    code = read_quick_start()
    for line in (
        "from services.data_service import DataService",
        "from services.cache_service import CacheService",
        "datasets = DataService.list_datasets()",
        "stats = DataService.get_dataset_stats(dataset_id=1)",
        'CacheService.set("my_key", {"data": 42}, ttl=300)',
        'value = CacheService.get("my_key")',
    ):
        assert line in code
