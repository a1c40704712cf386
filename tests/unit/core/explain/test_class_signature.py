"""The atlas against means and Student intervals from a table."""

from __future__ import annotations

import numpy as np
import pytest

from core.explain.class_signature import RecordingSignature, build_atlas
from utils.exceptions import InvalidInputError


def sign(fault_class: str, share: float, cells: tuple[float, ...] = (0.5, 0.5)) -> RecordingSignature:
    return RecordingSignature(
        fault_class, {"1X": share, "2X": 0.1}, {"1X": 0.05, "2X": 0.06}, np.array(cells)
    )


def test_a_band_has_its_mean_and_the_interval_of_student() -> None:
    (imbalance,) = build_atlas([sign("imbalance", share) for share in (0.5, 0.6, 0.7, 0.8)])
    band = imbalance.bands[0]
    # Deviation 0.1291, t of 3 degrees of freedom 3.182 (table): ± 0.2054.
    assert (band.name, band.mean, band.n) == ("1X", pytest.approx(0.65), 4)
    assert band.low == pytest.approx(0.65 - 0.2054, abs=1e-4)
    assert band.high == pytest.approx(0.65 + 0.2054, abs=1e-4)
    assert band.is_above_control is True


def test_two_recordings_get_a_mean_and_no_interval() -> None:
    (imbalance,) = build_atlas([sign("imbalance", 0.4), sign("imbalance", 0.6)])
    assert imbalance.bands[0].mean == pytest.approx(0.5)
    assert imbalance.bands[0].low is None
    assert imbalance.bands[0].is_above_control is None
    assert "too few" in imbalance.note


def test_classes_keep_their_order_and_their_own_recordings() -> None:
    atlas = build_atlas([sign("wear", 0.1), sign("imbalance", 0.9, (1.0, 0.0)), sign("wear", 0.2)])
    assert [(one.fault_class, one.n_recordings) for one in atlas] == [("wear", 2), ("imbalance", 1)]
    assert atlas[1].density.tolist() == [1.0, 0.0]


def test_equal_shares_stand_above_a_lower_control_without_spread() -> None:
    (wear,) = build_atlas([sign("wear", 0.3)] * 3)
    assert wear.bands[0].low == pytest.approx(0.3)
    assert wear.bands[0].is_above_control is True


def test_different_axes_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="different axes"):
        build_atlas([sign("wear", 0.1), sign("wear", 0.1, (0.2, 0.3, 0.5))])
