"""Fingerprints find shared samples wherever they stand."""

from __future__ import annotations

import numpy as np
import pytest

from core.datasets import fingerprints
from core.datasets.fingerprints import count_shared, fingerprint_signal

LONG = np.random.default_rng(7).standard_normal(200_000).astype("f4")


@pytest.mark.parametrize("shift", [1, 13, 512, 1_000])
def test_windows_that_overlap_share_fingerprints_in_proportion(shift: int) -> None:
    left, right = LONG[50_000:52_048], LONG[50_000 + shift : 52_048 + shift]
    expected = (2_048 - shift) / 64
    shared = count_shared(fingerprint_signal(left), fingerprint_signal(right))
    assert 0.4 * expected <= shared <= 2 * expected


def test_windows_side_by_side_and_other_recordings_share_none() -> None:
    other = np.random.default_rng(8).standard_normal(200_000).astype("f4")
    whole = fingerprint_signal(LONG)
    assert count_shared(fingerprint_signal(LONG[:2_000]), fingerprint_signal(LONG[2_000:4_000])) == 0
    assert count_shared(whole, fingerprint_signal(other)) == 0
    assert len(whole) == pytest.approx(len(LONG) / 64, rel=0.1)


def test_a_window_is_found_in_the_recording_that_it_was_cut_from() -> None:
    window = fingerprint_signal(LONG[77_777:79_000])
    assert count_shared(window, fingerprint_signal(LONG)) == len(window) > 4


def test_dead_sensors_have_nothing_in_common() -> None:
    assert fingerprint_signal(np.zeros(100_000, "f4")).size == 0
    assert fingerprint_signal(np.full(31, 2.0, "f4")).size == 0
    steps = np.repeat(np.random.default_rng(9).standard_normal(5_000), 20).astype("f4")
    assert fingerprint_signal(steps).size == 0


def test_reading_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fingerprint_signal(LONG)
    monkeypatch.setattr(fingerprints, "_BLOCK", 999)
    np.testing.assert_array_equal(fingerprint_signal(LONG), whole)


def test_the_rolling_hash_equals_one_computed_stretch_by_stretch() -> None:
    values, modulus = LONG[:500], 1 << 64

    def mix(value: int) -> int:
        for constant in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            value = (value ^ (value >> 33)) * constant % modulus
        return value ^ (value >> 33)

    bits = [mix(int(one) + 1) for one in values.view("u4")]
    hashes = set()
    for at in range(len(values) - 31):
        total = 0
        for bit in bits[at : at + 32]:
            total = (total * 0x9E3779B97F4A7C15 + bit) % modulus
        hashes.add(mix(total))
    assert set(fingerprint_signal(values).tolist()) == {one for one in hashes if one % 64 == 0}
