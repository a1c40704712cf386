"""What is reported of classes never learned begins with what the product itself does."""

from __future__ import annotations

import json
import re
from typing import Any

from core.evaluation.open_set import SCORES
from dashboard_config import REPOSITORY_ROOT

TITLES = {"doubt of the windows": "window_doubt"}


def read_numbers(cell: str) -> list[float]:
    return [float(number) for number in re.findall(r"[0-9.]+", cell)]


def list_measured(file: str) -> dict[str, list[dict[str, Any]]]:
    """Return the mean row of each score, one per run."""
    found = json.loads((REPOSITORY_ROOT / "benchmarks" / "results" / file).read_text())
    runs = found["trees"]["runs"] if "trees" in found else [found["open_set"]]
    return {name: [row for run in runs for row in run["scores"] if row["score"] == name] for name in SCORES}


def test_the_products_own_scores_come_first_with_the_numbers_that_were_measured() -> None:
    text = (REPOSITORY_ROOT / "docs" / "results" / "open_set.md").read_text()
    own, _, beside = text.partition("not in the product")
    assert "fused" in beside
    assert "| **fused**" not in own and "| fused" not in own
    lines = own[own.index("\n| score |") :].strip().splitlines()[2:7]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    names = [TITLES.get(title, title.replace("largest", "max").replace(" ", "_")) for title, *_ in rows]
    assert names == list(SCORES)
    trees, forest = list_measured("open_set_journal.json"), list_measured("trust.json")
    for name, (_title, *cells) in zip(names, rows, strict=True):
        for cell, measured in zip(cells, [*forest[name], *trees[name]], strict=True):
            auroc, _worst, rejection, *_alarms = read_numbers(cell)
            assert auroc == round(measured["mean_auroc"], 3)
            assert rejection == round(100 * measured["mean_rejection"])
