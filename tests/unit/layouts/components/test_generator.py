"""What the generator's parts say, of a record, its dataset and its card."""

from __future__ import annotations

from typing import Any

import pytest

from layouts.components import generator_parts as parts
from layouts.components.conditions import list_conditions
from layouts.components.generator_card import build_generator_card
from layouts.components.noise_variants import list_splits_with_test, read_ratios
from services.dataset_service import DatasetService
from tests.unit.layouts.tree import find_text


def preview(**config: Any) -> dict[str, Any]:
    fault_class = config.pop("fault_class", None)
    found = DatasetService.preview_generation({"duration_s": 0.5, **config}, fault_class=fault_class)
    assert found["success"], found["error"]
    return found


def test_the_facts_of_a_record_are_those_drawn() -> None:
    found = preview(fault_class="wear", evolving_share=1.0, severities=["mild"])
    words = find_text(parts.build_facts(found))
    assert f"{found['conditions']['temperature_c']:.1f} °C" in words
    assert "growing to" in words
    assert "none" in find_text(parts.build_facts(preview(fault_class="healthy")))
    rolling = find_text(parts.build_facts(preview(kind="rolling", fault_class="ball")))
    assert "BPFO" in rolling
    assert "dB" in rolling


def test_the_estimate_counts_both_probes() -> None:
    found = preview(profile="physical", physical={"second_probe": True}, n_per_class=2)
    words = find_text(parts.build_estimate(found))
    assert "22 recordings with 44 signals" in words
    assert "no evidence about a real machine" in words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("running", "You can leave this page"),
        ("failed", "Nothing was kept"),
        ("cancelled", "Nothing was kept"),
    ],
)
def test_a_job_says_how_it_goes(state: str, words: str) -> None:
    job = {
        "title": "Generate 'x'",
        "state": state,
        "progress": 0.5,
        "progress_text": "made 5 of 10",
        "eta_s": 3.0,
        "error": None,
        "command": None,
        "can_cancel": True,
        "link": None,
        "id": 1,
        "finished_at": None,
    }
    assert words in find_text(parts.build_job(job))


def test_the_card_warns_and_shows_the_configuration() -> None:
    card = {
        "title": "Journal-bearing generator",
        "created_utc": "2026-01-01T00:00:00+00:00",
        "seed": 7,
        "severities": {"mild": 3},
        "model_version": "journal-1",
        "config_sha256": "ab" * 32,
        "code_sha256": "cd" * 32,
        "numpy": "2",
        "config": {"n_per_class": 3},
        "noise_layers": [{"name": "sensor_ramp", "words": "creeps", "n_recordings": 3}],
        "not_evidence_for": ["It is no evidence."],
    }
    words = find_text(build_generator_card(card))
    for expected in ("It is no evidence.", '"n_per_class": 3', "sensor ramp: creeps (3)", "mild 3"):
        assert expected in words


def test_conditions_have_labels_and_units() -> None:
    rows = dict(list_conditions({"temperature_c": 41.5, "transient": "load_step", "load": None, "x": 1}))
    assert rows == {"Oil temperature": "41.5 °C", "Transient": "load step"}
    noisy = dict(list_conditions({"added_noise": {"colour": "pink", "snr_db": 5.0}}))
    assert noisy == {"Noise added": "pink, 5 dB below the signal"}
    assert list_conditions(None) == []


def test_only_splits_with_a_test_part_get_noise() -> None:
    splits = [
        {"split_id": 1, "name": "a", "version": 1, "counts": {"train": {}, "test": {}}},
        {"split_id": 2, "name": "b", "version": 1, "counts": {"train": {}}},
    ]
    assert [each["value"] for each in list_splits_with_test(splits)] == ["1"]
    assert read_ratios("20; 10,5") == [20.0, 10.0, 5.0]
    assert read_ratios("much") is None
