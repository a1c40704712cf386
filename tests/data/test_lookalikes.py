"""The look-alikes have the layout of the real folders and carry their faults where physics puts them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.signal

from core.datasets.metadata_table import read_metadata_table
from core.datasets.readers.registry import pick_variables, preview_file, read_file
from tests.data import TestData, find_test_data
from tests.data.lookalikes import make_lookalikes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> TestData:
    root = tmp_path_factory.mktemp("lookalikes")
    make_lookalikes(root, cwru_s=2.0, mfpt_s=1.0)
    return TestData(root, "lookalike")


def test_they_are_the_same_every_time(made: TestData, tmp_path: Path) -> None:
    make_lookalikes(tmp_path, cwru_s=2.0, mfpt_s=1.0)
    for name in ("cwru_12k_de/OR014@6_1.mat", "mfpt/baseline_2.mat"):
        left, right = (read_file(root / name, ["*"]) for root in (made.root, tmp_path))
        assert all(np.array_equal(left[key], right[key]) for key in left)


@pytest.mark.real_data
def test_they_have_the_files_variables_and_tables_of_the_real_folders(made: TestData) -> None:
    real = find_test_data()
    if real.kind != "real":
        pytest.skip("the real recordings are not here to compare with")
    for ours, theirs in ((made.cwru, real.cwru), (made.mfpt, real.mfpt)):
        tables = [read_metadata_table(folder / "metadata.csv") for folder in (ours, theirs)]
        for left, right in zip(*tables, strict=True):
            unlike = {"shaft_speed_rpm"} if left.machine.startswith("CWRU") else set()  # type: ignore[union-attr] # filled
            assert all(
                getattr(left, name) == getattr(right, name) for name in left.__slots__ if name not in unlike
            )
            names = [[one[0] for one in scipy.io.whosmat(folder / left.file)] for folder in (ours, theirs)]
            assert sorted(names[0]) == sorted(names[1])


def test_every_row_of_the_tables_picks_one_signal_of_its_file(made: TestData) -> None:
    for folder in (made.cwru, made.mfpt):
        for row in read_metadata_table(folder / "metadata.csv"):
            assert len(pick_variables(preview_file(folder / row.file), row.variable or "*")) == 1


@pytest.mark.parametrize(
    ("file", "order"), [("IR021_1.mat", 5.4152), ("OR021@6_1.mat", 3.5848), ("B021_1.mat", 4.7135)]
)
def test_the_envelope_shows_the_fault_at_its_order(made: TestData, file: str, order: float) -> None:
    (values,) = read_file(made.cwru / file, ["*_DE_time"]).values()
    band = scipy.signal.butter(4, (2_000, 4_500), "band", fs=12_000, output="sos")
    envelope = np.abs(scipy.signal.hilbert(scipy.signal.sosfiltfilt(band, values)))
    spectrum = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope))))
    orders = np.fft.rfftfreq(len(envelope), 1 / 12_000) / (1772 / 60)
    searched = (orders > 2.0) & (orders < 8.0)
    assert orders[searched][spectrum[searched].argmax()] == pytest.approx(order, rel=0.02)


def test_healthy_recordings_have_no_impacts_and_another_rate(made: TestData) -> None:
    (values,) = read_file(made.cwru / "Normal_0.mat", ["*_DE_time"]).values()
    faulty = read_file(made.cwru / "IR007_0.mat", ["*_DE_time"])["X105_DE_time"]
    assert len(values) == 4 * len(faulty) == 96_000
    assert abs(scipy.stats.kurtosis(values)) < 0.3 < scipy.stats.kurtosis(faulty)
