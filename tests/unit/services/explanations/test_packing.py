"""Curves take few bytes, and come back as they were as far as the bytes allow."""

from __future__ import annotations

import numpy as np
import pytest

from services.explanations.packing import (
    MAX_PACKED_BYTES,
    pack_curves,
    pack_groups,
    thin,
    unpack_curves,
    unpack_groups,
)
from utils.exceptions import DataDamagedError


def draw(n_rows: int, n_samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_rows, n_samples))


def test_a_short_curve_comes_back_to_sixteen_bits() -> None:
    values = draw(2, 12_000)
    found = unpack_curves(pack_curves({"waveform": values, "attribution": values * 1e-6}))
    assert (found.bits, found.samples_per_point, found.n_samples) == (16, 1, 12_000)
    for name, scale in (("waveform", 1.0), ("attribution", 1e-6)):
        error = np.abs(found.arrays[name] - values * scale).max(axis=1)
        assert (error <= np.abs(values * scale).max(axis=1) / 32_767).all()


@pytest.mark.parametrize(
    ("n_rows", "n_samples", "bits", "step"), [(1, 70_000, 8, 1), (1, 400_000, 8, 4), (8, 102_400, 8, 8)]
)
def test_long_curves_fit_by_fewer_bits_and_then_fewer_points(
    n_rows: int, n_samples: int, bits: int, step: int
) -> None:
    values = draw(n_rows, n_samples)
    content = pack_curves({"waveform": values, "attribution": values})
    found = unpack_curves(content)
    assert len(content) <= MAX_PACKED_BYTES
    assert (found.bits, found.samples_per_point) == (bits, step)
    assert found.arrays["waveform"].shape == (n_rows, -(-n_samples // step))
    assert np.allclose(np.abs(found.arrays["waveform"]).max(axis=1), np.abs(values).max(axis=1))


def test_thinning_keeps_the_extreme_of_each_stretch_with_its_sign() -> None:
    assert thin(np.array([[1.0, -3.0, 2.0, 0.5, -0.25]]), 2).tolist() == [[-3.0, 2.0, -0.25]]
    assert thin(np.array([[1.0, 2.0]]), 1).tolist() == [[1.0, 2.0]]


def test_silence_stays_silence() -> None:
    assert not unpack_curves(pack_curves({"waveform": np.zeros((1, 64))})).arrays["waveform"].any()


def test_groups_share_the_room_and_short_ones_are_kept_whole() -> None:
    groups = {"time": {"waveform": draw(4, 102_400)}, "orders": {"power": draw(1, 2_000)}}
    content = pack_groups(groups)
    found = unpack_groups(content)
    assert len(content) <= MAX_PACKED_BYTES
    assert list(found) == ["time", "orders"]
    assert (found["orders"].bits, found["orders"].samples_per_point) == (16, 1)
    assert found["time"].samples_per_point > 1


@pytest.mark.parametrize(
    "values", [np.zeros(5), np.zeros((1, 0)), np.array([[np.nan]]), np.array([[np.inf]])]
)
def test_what_is_no_curve_is_refused(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match="curves have"):
        pack_curves({"waveform": values})
    with pytest.raises(ValueError, match="curves have"):
        pack_curves({"waveform": values, "other": np.zeros((1, 7))})


def test_damaged_bytes_are_noticed() -> None:
    content = pack_groups({"time": {"waveform": draw(1, 100)}})
    for damaged in (b"", content[:50], content[:-9], b"\xff" * 40, content.replace(b"PFD", b"XXX")):
        with pytest.raises(DataDamagedError):
            unpack_groups(damaged)
