"""Which goals for journal bearings the measured runs reach, model by model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import le
from typing import Any

Runs = Sequence[Mapping[str, Any]]
# By disturbance and level in dB: least share of right recordings, on every seed.
_LOWEST_SHARES = {
    ("clean", 0.0): 527 / 528,
    ("white", 20.0): 527 / 528,
    ("white", 10.0): 527 / 528,
    ("white", 5.0): 527 / 528,
    ("white", -5.0): 0.99,
    ("white", -10.0): 0.92,
    ("pink", 5.0): 0.995,
    ("tone", 5.0): 0.995,
}
_TENTH, _TWO = 0.995, 0.96
_INCIPIENT = {"clean": 0.992, "white": 0.985}
_HIGHEST_ECE = 0.01
_ECE_ROWS = {("clean", 0.0), ("white", 5.0)}
_WINDOW_RANGE = (0.962, 0.973)
_MOST_TRAINING_S = 300.0
_MOST_MS, _MOST_BYTES = 2.0, 500_000


def check_goals(document: Mapping[str, Any], networks: Sequence[str]) -> dict[str, dict[str, bool]]:
    """Return for each model what holds on every seed measured; goals that were not measured are left out."""
    return {network: _check_network(document, network) for network in networks}


def is_reached(goals_reached: Mapping[str, Mapping[str, bool]]) -> bool:
    """Whether every goal that was measured is reached by one of the models."""
    names = {name for goals in goals_reached.values() for name in goals}
    return all(any(goals.get(name, False) for goals in goals_reached.values()) for name in names)


def _check_network(document: Mapping[str, Any], network: str) -> dict[str, bool]:
    def pick(part: str, keep: Callable[[Mapping[str, Any]], bool] | None = None) -> Runs:
        runs = document["parts"].get(part, {}).get("runs", ())
        return [run for run in runs if run["network"] == network and (keep is None or keep(run))]

    found: dict[str, bool] = {}
    full = pick("full")
    for (kind, level), lowest in _LOWEST_SHARES.items():
        found |= _hold(f"{kind} {level:g} dB", _list_shares(full, kind, level), partial(le, lowest))
    errors = [row["ece"] for run in full for row in run["rows"] if (row["kind"], row["level"]) in _ECE_ROWS]
    found |= _hold("calibration error", errors, lambda error: error <= _HIGHEST_ECE)
    changes = [n for run in full for n in run.get("decisions_changed_by_gain", {}).values()]
    found |= _hold("gain changes no decision", changes, lambda n: n == 0)
    found |= _hold(
        "training time", [run["train_cpu_s"] for run in full], lambda spent: spent <= _MOST_TRAINING_S
    )
    for name, lowest, keep in (
        ("a tenth of the data", _TENTH, lambda run: run["records_per_class"] > 2),
        ("two records per class", _TWO, lambda run: run["records_per_class"] == 2),
    ):
        found |= _hold(name, _list_shares(pick("few", keep), "clean", 0.0), partial(le, lowest))
    for kind, lowest in _INCIPIENT.items():
        level = 0.0 if kind == "clean" else 5.0
        shares = _list_shares(pick("incipient"), kind, level)
        found |= _hold(f"incipient never seen, {kind}", shares, partial(le, lowest))
    windows = [run["rows"][0]["window_level_accuracy"] for run in pick("second")]
    found |= _hold("windows of 1 s", windows, lambda share: _WINDOW_RANGE[0] <= share <= _WINDOW_RANGE[1])
    runtime = document.get(f"inference_{network}", {})
    if "onnx_bytes" in runtime:
        found["ONNX Runtime"] = (
            runtime["onnx_runtime_ms"]["median"] <= _MOST_MS and runtime["onnx_bytes"] <= _MOST_BYTES
        )
    return found


def _list_shares(runs: Runs, kind: str, level: float) -> list[float]:
    return [
        1.0 - row["n_wrong"] / row["n"]
        for run in runs
        for row in run["rows"]
        if (row["kind"], row["level"]) == (kind, level)
    ]


def _hold(name: str, values: Sequence[float], holds: Callable[[float], bool]) -> dict[str, bool]:
    return {name: all(holds(value) for value in values)} if values else {}
