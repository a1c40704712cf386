"""The journal benchmark's result file: a run that is measured again replaces itself only."""

from __future__ import annotations

from benchmarks.accuracy_journal import put_run


def test_a_run_measured_again_replaces_the_same_networks_run_of_that_seed_in_its_place() -> None:
    runs = [{"network": name, "seed": seed, "n": 1} for name in ("a", "b") for seed in (0, 1)]

    found = put_run(runs, {"network": "a", "seed": 1, "n": 2})

    assert [(run["network"], run["seed"], run["n"]) for run in found] == [
        ("a", 0, 1),
        ("a", 1, 2),
        ("b", 0, 1),
        ("b", 1, 1),
    ]


def test_runs_on_another_number_of_records_stay() -> None:
    runs = [{"network": "a", "seed": 0, "records_per_class": 22}]

    found = put_run(runs, {"network": "a", "seed": 0, "records_per_class": 2})

    assert [run["records_per_class"] for run in found] == [22, 2]
