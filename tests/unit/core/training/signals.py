"""Tiny labelled signals that a network tells apart within seconds; importable by child processes."""

from __future__ import annotations

import hashlib

import numpy as np

from core.training.signals import LabelledSignal

RATE_HZ = 1000.0
CLASS_NAMES = ("calm", "low tone", "high tone")
TONES_HZ = (0.0, 60.0, 310.0)
OPTIONS = {"epochs": 3, "batch_size": 8, "window_s": 0.128, "n_filters": 4, "hidden_size": 4}


def make_signal(
    class_index: int,
    number: int = 0,
    *,
    n_samples: int = 700,
    rate_hz: float = RATE_HZ,
    shaft_speed_rpm: float | None = None,
) -> LabelledSignal:
    """One noisy tone per class."""
    rng = np.random.default_rng([class_index, number])
    time_s = np.arange(n_samples) / rate_hz
    tone = np.sin(2 * np.pi * (TONES_HZ[class_index] * time_s + rng.random()))
    values = ((tone if class_index else 0.0) + 0.3 * rng.standard_normal(n_samples)).astype(np.float32)
    return LabelledSignal(
        signal_sha256=hashlib.sha256(values.tobytes()).hexdigest(),
        recording_id=f"{CLASS_NAMES[class_index]} {number}",
        channel="DE",
        class_index=class_index,
        sample_rate_hz=rate_hz,
        shaft_speed_rpm=shaft_speed_rpm,
        load=lambda: values,
    )


def make_part(numbers: range, **kwargs: object) -> list[LabelledSignal]:
    """One signal of every class and number."""
    return [make_signal(index, number, **kwargs) for number in numbers for index in range(len(CLASS_NAMES))]
