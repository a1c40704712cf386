"""What is reported of classes never learned is what the product's own rule was measured to do."""

from __future__ import annotations

import json
import re

from benchmarks.open_set_journal import NAMES, RULE
from dashboard_config import REPOSITORY_ROOT

TITLES = {
    "the rule": RULE,
    "the rule, evidence blind": "rule, blind",
    "the rule, no evidence": "rule, no evidence",
    "doubt of classifier and evidence": "fused_doubt",
    "doubt of the evidence": "evidence_doubt",
    "distance over the noise floor": "floor_distance",
    "doubt of the windows": "window_doubt",
    "largest probability": "max_probability",
}


def read_numbers(cell: str) -> list[float]:
    return [float(number) for number in re.findall(r"[0-9.]+", cell)]


def test_the_table_holds_every_score_with_the_numbers_that_were_measured() -> None:
    text = (REPOSITORY_ROOT / "docs" / "results" / "open_set.md").read_text()
    runs = json.loads((REPOSITORY_ROOT / "benchmarks/results/open_set_journal.json").read_text())["runs"]
    lines = text[text.index("\n| score |") :].split("\n\n")[0].strip().splitlines()[2:]
    rows = [[cell.strip(" *") for cell in line.strip("| ").split("|")] for line in lines]
    measured = [{row["score"]: row for row in run["scores"]} for run in runs]
    names = [TITLES.get(title, title) for title, *_ in rows]
    assert names == [name for name in NAMES if name in measured[0]]
    for name, (_title, *cells) in zip(names, rows, strict=True):
        for cell, run in zip(cells, measured, strict=True):
            auroc, worst, rejection, alarms = read_numbers(cell)
            assert (auroc, worst) == (round(run[name]["mean_auroc"], 3), round(run[name]["worst_auroc"], 3))
            assert rejection == round(100 * run[name]["mean_rejection"])
            assert alarms == round(100 * run[name]["mean_false_alarms"], 1)


def test_how_diagnoses_ended_is_counted_as_it_was_measured() -> None:
    text = (REPOSITORY_ROOT / "docs" / "results" / "open_set.md").read_text()
    runs = json.loads((REPOSITORY_ROOT / "benchmarks/results/open_set_journal.json").read_text())["runs"]
    lines = [line for line in text.splitlines() if re.match(r"\| (not )?learned", line)]
    found = [read_numbers(line) for line in lines]
    wanted = []
    for run in runs:
        for kind in ("unknown", "known"):
            row = run["verdicts"][kind]
            wanted.append([row[name] for name in ("n", "named right", "named wrong", "unknown", "undecided")])
    assert [each[-5:] for each in found] == wanted
