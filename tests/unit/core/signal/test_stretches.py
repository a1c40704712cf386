"""A long signal is judged stretch by stretch as it would be whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.datasets.fingerprints import fingerprint_signal
from core.datasets.store import hash_signal, list_signals, open_signal, write_shard
from core.signal.quality import assess_quality
from core.signal.stretches import STRETCH_SAMPLES, iterate_stretches

RATE_HZ = 25_600.0


def noise(n_samples: int) -> np.ndarray:
    return np.random.default_rng(9).standard_normal(n_samples).astype("f4")


@pytest.mark.parametrize("overlap", [0, 3])
def test_stretches_cover_every_sample_once_and_the_overlap_twice(overlap: int) -> None:
    values = np.arange(2_500)
    parts = list(iterate_stretches(values, 1_000, overlap=overlap))
    assert [start for start, _ in parts] == [0, 1_000, 2_000]
    assert [len(part) for _, part in parts] == [1_000 + overlap, 1_000 + overlap, 500]
    np.testing.assert_array_equal(np.concatenate([part[:1_000] for _, part in parts]), values)


def test_faults_across_the_seam_of_two_stretches_are_found_whole() -> None:
    signal = noise(3 * STRETCH_SAMPLES)
    signal[STRETCH_SAMPLES - 300 : STRETCH_SAMPLES + 700] = 0.25
    signal[2 * STRETCH_SAMPLES - 1 : 2 * STRETCH_SAMPLES + 2] = 40.0
    flags = {flag.name: flag.sentence for flag in assess_quality(signal, RATE_HZ)}
    assert set(flags) == {"dropout", "clipping"}
    assert f"{1_000 / RATE_HZ:.3g} s from {(STRETCH_SAMPLES - 300) / RATE_HZ:.3g} s" in flags["dropout"]
    assert "3 samples" in flags["clipping"]


def test_hum_is_found_in_a_long_signal_from_a_part_of_it() -> None:
    time_s = np.arange(80 * int(RATE_HZ)) / RATE_HZ
    signal = (0.3 * noise(time_s.size) + np.sin(2 * np.pi * 50.0 * time_s)).astype("f4")
    assert [flag.name for flag in assess_quality(signal, RATE_HZ)] == ["mains"]


def test_a_mapped_signal_of_many_parts_is_stored_as_it_is(tmp_path: Path) -> None:
    values = noise((1 << 22) + 12_345)
    values.tofile(tmp_path / "a.f32")
    mapped = np.memmap(tmp_path / "a.f32", np.float32, "r")
    sha256 = hash_signal(mapped)
    assert sha256 == hash_signal(values)
    shard = write_shard(tmp_path, [(sha256, mapped)])
    whole = write_shard(tmp_path, [(sha256, values)])
    assert list_signals(tmp_path, shard) == [sha256]
    one, other = (open_signal(tmp_path, name, sha256) for name in (shard, whole))
    np.testing.assert_array_equal(one.read(), values)
    np.testing.assert_array_equal(one.pyramid, other.pyramid)
    np.testing.assert_array_equal(one.fingerprints, other.fingerprints)
    np.testing.assert_array_equal(one.fingerprints, fingerprint_signal(values))
    assert one.pyramid is not None
    np.testing.assert_array_equal(
        one.pyramid[16_384], [values[1 << 22 :][:256].min(), values[1 << 22 :][:256].max()]
    )
