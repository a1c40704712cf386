"""Band sums against sums by hand; the control against its expected share."""

from __future__ import annotations

import numpy as np
import pytest

from core.explain.band_attribution import (
    AxisAttribution,
    find_attributed_band,
    lay_on_edges,
    measure_agreement,
    sum_over_bands,
    summarise_axis,
)
from core.explain.fault_bands import BandAxis, FaultBand
from utils.exceptions import InvalidInputError

FREQUENCIES = np.arange(513.0)
LINE = FaultBand("1X", "1X", BandAxis.FREQUENCY, ((59.5, 60.5),), ("imbalance",))
PAIR = FaultBand("2X", "2X", BandAxis.FREQUENCY, ((118.5, 121.5), (238.5, 241.5)), ("misalignment",))


def spread_at(**heights: float) -> AxisAttribution:
    spread = np.zeros((1, 513))
    for name, height in heights.items():
        spread[0, int(name[2:])] = height
    return summarise_axis(spread, FREQUENCIES, BandAxis.FREQUENCY)


def spread_noise(seed: int, n_windows: int = 4) -> AxisAttribution:
    spread = np.random.default_rng(seed).standard_normal((n_windows, 513))
    return summarise_axis(spread, FREQUENCIES, BandAxis.FREQUENCY)


def test_a_band_gets_the_bins_inside_with_their_sign() -> None:
    found = spread_at(at60=-3.0, at120=1.0)
    (line, pair) = sum_over_bands(found, [LINE, PAIR])
    assert line.contribution == pytest.approx(-3.0)
    assert line.share == pytest.approx(0.75)
    assert pair.contribution == pytest.approx(1.0)
    assert pair.share == pytest.approx(0.25)


def test_a_band_that_cuts_a_bin_takes_its_part() -> None:
    half = FaultBand("half", "half", BandAxis.FREQUENCY, ((60.0, 60.5),))
    assert sum_over_bands(spread_at(at60=2.0), [half])[0].contribution == pytest.approx(1.0)


def test_windows_count_alike_however_loud() -> None:
    spread = np.zeros((2, 513))
    spread[0, 60], spread[1, 120] = 1000.0, 1.0
    found = summarise_axis(spread, FREQUENCIES, BandAxis.FREQUENCY)
    assert found.density[60] == found.density[120] == 0.5


def test_the_mean_level_of_an_envelope_is_left_out() -> None:
    spread = np.zeros((1, 513))
    spread[0, 0], spread[0, 7] = 9.0, 1.0
    assert summarise_axis(spread, FREQUENCIES, BandAxis.ENVELOPE).density[7] == 1.0


def test_an_attribution_of_nothing_has_no_shares() -> None:
    found = summarise_axis(np.zeros((2, 513)), FREQUENCIES, BandAxis.FREQUENCY)
    (line,) = sum_over_bands(found, [LINE])
    assert (line.share, line.control_share, line.is_above_control) == (0.0, 0.0, False)


def test_random_bands_of_an_even_attribution_get_their_width() -> None:
    spread = np.ones((1, 513))
    found = summarise_axis(spread, FREQUENCIES, BandAxis.FREQUENCY)
    for share in sum_over_bands(found, [LINE, PAIR]):
        width = share.band.width_hz / 513
        assert share.control_share == pytest.approx(width, rel=1e-9)
        assert share.control_low == pytest.approx(share.control_high)
        assert share.share == pytest.approx(width)
        assert not share.is_above_control


def test_random_bands_keep_clear_of_the_band_itself() -> None:
    # A wide band within two octaves would be hit by one random band in twenty, and be its own control.
    whirl = FaultBand("whirl", "whirl", BandAxis.FREQUENCY, ((24.0, 30.0),), ("oil_whirl",))
    (found,) = sum_over_bands(spread_at(at27=1.0), [whirl])
    assert found.share == pytest.approx(1.0)
    assert found.control_high == 0.0


def test_a_band_over_most_of_the_axis_is_compared_with_all_of_it() -> None:
    floor = FaultBand("floor", "floor", BandAxis.FREQUENCY, ((60.0, 500.0),))
    (found,) = sum_over_bands(spread_noise(0), [floor])
    assert found.control_share == pytest.approx(found.share, abs=0.05)
    assert not found.is_above_control


def test_random_bands_stay_near_what_they_are_compared_with() -> None:
    # All lies above four times the line's frequency: no random band reaches it.
    spread = np.zeros((1, 513))
    spread[0, 300:] = 1.0
    (line,) = sum_over_bands(summarise_axis(spread, FREQUENCIES, BandAxis.FREQUENCY), [LINE])
    assert line.control_high == 0.0


def test_parts_of_a_random_band_never_overlap_or_leave_the_axis() -> None:
    # With all of the axis at the same height, overlapping parts would be counted twice or fall off.
    wide = FaultBand(
        "wide", "wide", BandAxis.FREQUENCY, tuple((k * 40.0, k * 40.0 + 35.0) for k in range(1, 12))
    )
    found = summarise_axis(np.ones((1, 513)), FREQUENCIES, BandAxis.FREQUENCY)
    (share,) = sum_over_bands(found, [wide])
    assert share.control_low == pytest.approx(share.control_high)
    assert share.control_share == pytest.approx(wide.width_hz / 513)


def test_a_line_of_its_own_stands_above_its_control() -> None:
    (line,) = sum_over_bands(spread_at(at60=1.0), [LINE])
    assert line.is_above_control
    assert line.control_share < 0.05


def test_noise_stands_above_its_control_as_rarely_as_said() -> None:
    above = [sum_over_bands(spread_noise(seed), [PAIR])[0].is_above_control for seed in range(200)]
    assert 0.0 <= np.mean(above) <= 0.06


def test_agreement_is_one_where_all_lies_in_the_bands_and_none_of_the_draws_hits() -> None:
    found = measure_agreement(spread_at(at60=1.0), [LINE, PAIR], "imbalance")
    assert found is not None
    assert found.score == pytest.approx(1.0)
    assert found.passes
    assert found.band_names == ("1X",)


def test_agreement_of_noise_lies_within_its_control() -> None:
    scores = []
    for seed in range(40):
        found = measure_agreement(spread_noise(seed), [LINE, PAIR], "misalignment")
        assert found is not None
        scores.append(found.score_low <= found.score <= found.score_high)
    assert np.mean(scores) >= 0.85


def test_agreement_fails_where_random_weights_score_as_high() -> None:
    found = measure_agreement(
        spread_at(at60=1.0, at200=1.0),
        [LINE],
        "imbalance",
        random_weights=[spread_at(at60=3.0, at200=1.0), spread_at(at60=1.0, at200=1.0)],
    )
    assert found is not None
    assert found.score > found.score_high
    assert not found.passes
    assert "random weights" in found.reason


def test_the_bound_of_random_weights_is_the_prediction_bound_of_a_table() -> None:
    others = [spread_at(at60=share, at200=1.0 - share) for share in (0.1, 0.2, 0.3)]
    found = measure_agreement(spread_at(at60=1.0), [LINE], "imbalance", random_weights=others)
    assert found is not None
    # Mean and deviation of the scores are those of the shares (no draw hits); t of 2 degrees at 95 %: 2.920.
    scores = np.array(found.random_weights)
    assert found.random_bound == pytest.approx(
        scores.mean() + 2.920 * scores.std(ddof=1) * np.sqrt(4 / 3), rel=1e-3
    )
    assert found.passes


def test_one_network_with_random_weights_is_too_few_for_a_bound() -> None:
    found = measure_agreement(spread_at(at60=1.0), [LINE], "imbalance", random_weights=[spread_at(at7=1.0)])
    assert found is not None
    assert found.random_bound is None


def test_a_healthy_class_has_no_agreement() -> None:
    assert measure_agreement(spread_at(at60=1.0), [LINE], "healthy") is None


def test_the_same_seed_draws_the_same_bands() -> None:
    assert sum_over_bands(spread_noise(1), [PAIR], seed=3) == sum_over_bands(spread_noise(1), [PAIR], seed=3)
    assert sum_over_bands(spread_noise(1), [PAIR], seed=3) != sum_over_bands(spread_noise(1), [PAIR], seed=4)


def test_the_attributed_band_holds_the_middle_of_what_lies_above() -> None:
    spread = np.zeros((1, 513))
    spread[0, 10] = 50.0
    spread[0, 200:301] = 1.0
    found = summarise_axis(spread, FREQUENCIES, BandAxis.FREQUENCY)
    assert find_attributed_band(found, 100.0, 20.0) == pytest.approx((210.0, 290.0), abs=1.0)
    assert find_attributed_band(found, 100.0, 200.0) == pytest.approx((150.0, 350.0), abs=1.0)
    assert find_attributed_band(found, 400.0, 20.0) is None
    low, high = find_attributed_band(found, 100.0, 400.0) or (0.0, 0.0)
    assert (high - low, low >= 100.0, high <= 512.0) == (pytest.approx(400.0), True, True)


def test_laying_on_other_cells_keeps_the_sum() -> None:
    values = np.random.default_rng(0).random(513)
    laid = lay_on_edges(values, FREQUENCIES, np.linspace(-0.5, 512.5, 38))
    assert laid.sum() == pytest.approx(values.sum())
    assert lay_on_edges(values, FREQUENCIES, np.array([9.5, 11.5]))[0] == pytest.approx(values[10:12].sum())


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="each bin"):
        summarise_axis(np.zeros((1, 5)), FREQUENCIES, BandAxis.FREQUENCY)
