"""The card of a generated dataset: what it is, how it was made, and what it is no evidence for."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.synthesis.configuration import JournalConfig, RollingConfig, dump_config, hash_config
from core.synthesis.noise import LAYER_WORDS
from core.synthesis.records import get_model_version

_ALWAYS = (
    "It is no evidence about a real machine: training and test records come from the same formulas, so that "
    "a high accuracy shows that these formulas can be told apart.",
    "Its levels are those of a formula: thresholds in physical units can't be learned from it.",
)
_BENCHMARK = (
    "The couplings are those of the public benchmark, some of them against the textbook: whirl shrinks and "
    "wear grows with the Sommerfeld number, the mixed classes take the severity twice, and the sines start "
    "with the same phase in every record.",
    "About a third of all 1-s windows of cavitation records with all severities hold no burst: no honest "
    "classifier of single windows gets these right. Judge by whole recordings.",
)
_PHYSICAL = (
    "The physical profile has random phases, takes the severity once and couples as its options say; the "
    "structure, the oil film and the sensor are still simplified to a few numbers.",
)
_ROLLING = (
    "Only geometry, slip, load zone and resonances are modelled: fault size, lubrication, transmission paths "
    "and other sources of a real rig are not.",
)


def build_card(
    config: JournalConfig | RollingConfig, signals: Iterable[Mapping[str, Any]], *, created_utc: datetime
) -> dict[str, Any]:
    """Write the card.

    Parameters
    ----------
    config
        Of the dataset.
    signals
        One mapping per signal with its record's ``name``, ``fault_class``, ``severity``, ``conditions``.
    created_utc
        An aware time.

    Returns
    -------
    dict
        Plain data.
    """
    records = {signal["name"]: signal for signal in signals}
    layers = Counter(layer for each in records.values() for layer in each["conditions"]["noise_layers"])
    journal = isinstance(config, JournalConfig)
    return {
        "title": name_generator(config),
        "kind": config.kind,
        "profile": config.profile if isinstance(config, JournalConfig) else None,
        "model_version": get_model_version(config),
        "code_sha256": hash_code(),
        "numpy": np.__version__,
        "created_utc": created_utc.isoformat(),
        "config": dump_config(config),
        "config_sha256": hash_config(config),
        "seed": config.seed,
        "n_recordings": len(records),
        "channels": list(config.channels),
        "classes": dict(Counter(each["fault_class"] for each in records.values())),
        "severities": dict(Counter(each["severity"] or "none (healthy)" for each in records.values())),
        "noise_layers": [
            {"name": name, "words": LAYER_WORDS[name] if journal else name, "n_recordings": count}
            for name, count in sorted(layers.items())
        ],
        "not_evidence_for": list_limits(config),
    }


def name_generator(config: JournalConfig | RollingConfig) -> str:
    """Return what made a dataset, in words."""
    if isinstance(config, JournalConfig):
        return f"Journal-bearing generator, {config.profile} profile"
    return "Rolling-bearing simulator"


def list_limits(config: JournalConfig | RollingConfig) -> list[str]:
    """Return what must not be concluded from data of this configuration."""
    if isinstance(config, RollingConfig):
        return [*_ALWAYS, *_ROLLING]
    return [*_ALWAYS, *(_BENCHMARK if config.profile == "benchmark" else _PHYSICAL)]


@lru_cache(maxsize=1)
def hash_code() -> str:
    """Return the SHA-256 of the generators' own source and constants."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.iterdir()):
        if path.suffix in (".py", ".toml"):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
