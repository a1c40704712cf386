"""The same method over frequency and over envelope lines.

Integrated Gradients and Grad-CAM give a slope per sample; that is spread over the lines exactly. The others
are run again with Fourier coefficients as inputs: those that take parts away take bands away instead of
stretches of time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.explain.attribution import Attribution
from core.explain.band_attribution import AxisAttribution, summarise_axis
from core.explain.baselines import build_baselines
from core.explain.catalogue import get_method_spec
from core.explain.explainable import Explainable
from core.explain.explainer import explain
from core.explain.fault_bands import BandAxis, FaultBand
from core.explain.views import (
    EnvelopeView,
    build_windows,
    find_bins,
    list_frequencies,
    read_coefficients,
    spread_over_envelope,
    spread_over_frequency,
    sum_by_bin,
    view_envelope,
)
from core.networks.options import OptionValue
from core.signal.band_pass import Band
from utils.exceptions import InvalidInputError

# As wide as a fault line with its slip, and never narrower than its shortest form.
_CELL_SHARE: Final = 0.04
_LEAST_CELL_BINS: Final = 3.0
_COALITIONS_PER_GROUP: Final = 8
_GRADCAM: Final = "gradcam"

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]


def attribute_frequencies(
    explainable: Explainable,
    attribution: Attribution,
    bands: Sequence[FaultBand] = (),
    *,
    on_progress: Progress | None = None,
) -> AxisAttribution:
    """Say what each frequency of the windows contributes, by the method of an attribution.

    Parameters
    ----------
    explainable, attribution
        As explained: same windows, method, class and options.
    bands
        Methods that take parts away take these whole, and cells of 4 % of their frequency elsewhere.
    on_progress
        As for `core.explain.explainer.explain`.

    Raises
    ------
    InvalidInputError
        The attribution lies over features.
    """
    _check_waveform(attribution)
    n_samples = explainable.n_samples
    frequencies_hz = list_frequencies(n_samples, explainable.sample_rate_hz)
    if attribution.slopes is not None:
        spread = spread_over_frequency(attribution.slopes, _take_differences(explainable, attribution))
        return summarise_axis(spread, frequencies_hz, BandAxis.FREQUENCY)
    viewed = view_frequencies(explainable)
    baselines = read_coefficients(take_baselines(explainable, attribution))
    groups = group_bins(frequencies_hz, [band for band in bands if band.axis is BandAxis.FREQUENCY])
    values = _run(viewed, attribution, baselines, groups[find_bins(n_samples)], on_progress)
    return summarise_axis(sum_by_bin(values), frequencies_hz, BandAxis.FREQUENCY)


def attribute_envelope(
    explainable: Explainable,
    attribution: Attribution,
    demodulation_band_hz: Band,
    bands: Sequence[FaultBand] = (),
    *,
    on_progress: Progress | None = None,
) -> AxisAttribution:
    """Say what each line of a band's envelope contributes, by the method of an attribution.

    Methods without a slope are compared with the same carrier without modulation.

    Parameters
    ----------
    explainable, attribution, bands, on_progress
        As for `attribute_frequencies`.
    demodulation_band_hz
        The resonance whose envelope is read; all else is held.

    Raises
    ------
    InvalidInputError
        The attribution lies over features, or the band can't be one.
    """
    _check_waveform(attribution)
    rate, n_samples = explainable.sample_rate_hz, explainable.n_samples
    frequencies_hz = list_frequencies(n_samples, rate)
    if attribution.slopes is not None:
        differences = _take_differences(explainable, attribution)
        spread = spread_over_envelope(attribution.slopes, differences, rate, demodulation_band_hz)
        return summarise_axis(spread, frequencies_hz, BandAxis.ENVELOPE)
    width_hz = demodulation_band_hz[1] - demodulation_band_hz[0]
    groups = group_bins(
        frequencies_hz, [band for band in bands if band.axis is BandAxis.ENVELOPE], highest_hz=width_hz
    )[find_bins(n_samples)]
    rows = []
    for index, window in enumerate(explainable.windows):
        view = view_envelope(window, rate, demodulation_band_hz)
        coefficients = view.coefficients[None]
        viewed = _view(explainable.choose([index]), coefficients, view.build, _build_in_torch(view))
        baselines = np.where(np.arange(n_samples) == 0, coefficients, 0.0)
        rows.append(_run(viewed, attribution, baselines, groups, None))
        if on_progress is not None:
            on_progress(index + 1, explainable.n_windows)
    return summarise_axis(sum_by_bin(np.concatenate(rows)), frequencies_hz, BandAxis.ENVELOPE)


def take_baselines(explainable: Explainable, attribution: Attribution) -> NDArray[np.float32]:
    """Return what the windows were compared with; silence where the method has no baseline."""
    seed = attribution.settings.get("seed") or 0
    return build_baselines(attribution.baseline or "zero", explainable, int(seed))


def view_frequencies(explainable: Explainable) -> Explainable:
    """Return the same classifier before the Fourier coefficients of the windows, see `core.explain.views`."""
    return _view(explainable, read_coefficients(explainable.windows), build_windows, _build_in_torch(None))


def group_bins(
    frequencies_hz: NDArray[np.floating[Any]],
    bands: Sequence[FaultBand],
    *,
    highest_hz: float | None = None,
) -> NDArray[np.int64]:
    """Return the group of each bin: the mean, the lines, and cells as wide as a fault line in between.

    A line of a band is a group, what two of them share one of its own; parts of bands that are wider than
    two cells are cut into cells. All above `highest_hz` is one group.

    >>> group_bins(np.arange(8.0), []).tolist()
    [0, 1, 1, 1, 2, 2, 2, 3]
    """
    frequencies = np.asarray(frequencies_hz, dtype=np.float64)
    cells = _cut_cells(frequencies)
    if highest_hz is not None:
        cells[frequencies > highest_hz] = cells[-1] + 1
    resolution_hz = frequencies[1] - frequencies[0]
    members, on_line = [], np.zeros(frequencies.size, dtype=np.bool_)
    for band in bands:
        member = np.zeros(frequencies.size, dtype=np.int64)
        for number, (low_hz, high_hz) in enumerate(band.ranges_hz, 1):
            inside = (frequencies >= low_hz) & (frequencies <= high_hz)
            member[inside] = number
            if high_hz - low_hz <= 2.0 * _width_of_cell(0.5 * (low_hz + high_hz), resolution_hz):
                on_line |= inside
        members.append(member)
    keys = np.column_stack([*members, np.where(on_line, -1, cells)])
    _, groups = np.unique(keys, axis=0, return_inverse=True)
    found: NDArray[np.int64] = groups.reshape(-1).astype(np.int64)
    return found


def _cut_cells(frequencies_hz: Array) -> NDArray[np.int64]:
    """Number the cells: the mean alone, then as many bins as a fault line there is wide."""
    resolution_hz = float(frequencies_hz[1] - frequencies_hz[0])
    cells = np.zeros(frequencies_hz.size, dtype=np.int64)
    end_hz, cell = 0.5 * resolution_hz, 0
    for place, frequency_hz in enumerate(frequencies_hz.tolist()):
        if frequency_hz > end_hz:
            cell += 1
            end_hz = frequency_hz - 0.5 * resolution_hz + _width_of_cell(frequency_hz, resolution_hz)
        cells[place] = cell
    return cells


def _width_of_cell(frequency_hz: float, resolution_hz: float) -> float:
    return max(_LEAST_CELL_BINS * resolution_hz, _CELL_SHARE * frequency_hz)


def _check_waveform(attribution: Attribution) -> None:
    if attribution.feature_names:
        raise InvalidInputError(
            "This attribution lies over features, which have no frequencies of their own. "
            "Choose a method over the waveform."
        )


def _take_differences(explainable: Explainable, attribution: Attribution) -> Array:
    """Window minus baseline; Grad-CAM's map is that of the window itself."""
    windows = np.asarray(explainable.windows, dtype=np.float64)
    if attribution.method == _GRADCAM:
        return windows
    return windows - take_baselines(explainable, attribution)


def _view(
    explainable: Explainable, coefficients: Array, build: Callable[[Array], Array], build_torch: Any
) -> Explainable:
    """Return the same classifier before coefficients instead of windows."""
    viewed = replace(explainable, windows=coefficients.astype(np.float32), features=None)
    if explainable.network is not None:
        from core.explain.view_networks import ViewedNetwork

        return viewed.with_network(ViewedNetwork(explainable.network, build_torch()))

    def score(changed: NDArray[np.float32]) -> Array:
        return explainable.score_windows(build(np.asarray(changed, np.float64)).astype(np.float32))

    return replace(viewed, score_windows=score, judge_windows=score)


def _build_in_torch(view: EnvelopeView | None) -> Callable[[], Any]:
    """Return what makes the torch twin of a view; torch is loaded only where there is a network."""

    def make() -> Any:
        import torch

        from core.explain.view_networks import build_windows_of

        if view is None:
            return build_windows_of
        carrier = torch.from_numpy(view.carrier.astype(np.float32))
        rest = torch.from_numpy(view.rest.astype(np.float32))

        def build(coefficients: torch.Tensor) -> torch.Tensor:
            device = coefficients.device
            return rest.to(device) + carrier.to(device) * build_windows_of(coefficients)

        return build

    return make


def _run(
    viewed: Explainable,
    attribution: Attribution,
    baselines: Array,
    groups: NDArray[np.int64],
    on_progress: Progress | None,
) -> NDArray[np.float32]:
    names = [option.name for option in get_method_spec(attribution.method).options]
    options: dict[str, OptionValue] = {
        name: attribution.settings[name] for name in names if name in attribution.settings
    }
    asked = options.get("n_coalitions")
    if isinstance(asked, int):
        options["n_coalitions"] = max(asked, _COALITIONS_PER_GROUP * (int(groups.max()) + 1))
    return explain(
        viewed,
        attribution.method,
        target_class=attribution.target_class,
        options=options,
        groups=groups,
        baselines=baselines,
        on_progress=on_progress,
    ).values
