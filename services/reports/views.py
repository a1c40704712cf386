"""The curves behind a diagnosis: waveform, spectrum, and the envelope spectra of the lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.signal.decimation import min_max_decimate
from core.signal.envelope import compute_envelope_spectrum
from core.signal.prewhitening import compute_running_median
from core.signal.spectra import Spectrum, compute_spectrum

# No spectrum of a diagnosis uses more than this from the start of a recording.
MOST_SAMPLES = 2**20
WAVEFORM, SPECTRUM, LOW_SPECTRUM = "waveform", "spectrum", "low-spectrum"
_MOST_FAULTS = 3
_LIKELY = 0.02
# Lines below are drawn over the low spectrum, the others over the whole.
_LOW_HZ = 1000.0
_ROOM = 1.12
_FLOOR_WIDTH_HZ = 20.0
_LEAST_FLOOR_BINS = 51
_TINY = 1e-12

Samples = NDArray[np.floating[Any]]
View = dict[str, Any]


def build_views(
    samples: Samples,
    sample_rate_hz: float,
    unit: str | None,
    faults: Sequence[Mapping[str, Any]],
    shaft_frequency_hz: float | None,
    n_points: int,
    keys: Collection[str] | None = None,
) -> list[View]:
    """Return the curves of a diagnosis, each with the lines that were looked for in it.

    ``faults`` are the findings of the evidence, the likeliest first; at most ``n_points`` per curve. Of
    ``keys`` None all curves are worked out, else only these.
    """
    shown = np.asarray(samples[:MOST_SAMPLES], dtype=np.float64)
    told = choose_faults(faults)

    @cache
    def transform() -> Spectrum:
        return compute_spectrum(shown, sample_rate_hz)

    makers: dict[str, Callable[[], View | None]] = {
        WAVEFORM: lambda: _view_waveform(shown, sample_rate_hz, unit, n_points),
        SPECTRUM: lambda: _view_whole_spectrum(transform(), unit, told, n_points),
        LOW_SPECTRUM: lambda: _view_low_spectrum(transform, unit, told, shaft_frequency_hz, n_points),
    }
    for fault in told:
        if fault["band_hz"] and fault["lines"]:
            makers[_name_envelope(fault)] = partial(
                _view_envelope, shown, sample_rate_hz, unit, fault, n_points
            )
    views = [maker() for key, maker in makers.items() if keys is None or key in keys]
    duration_s = None if len(shown) == len(samples) else len(shown) / sample_rate_hz
    return [{**view, "duration_s": duration_s} for view in views if view is not None]


def join_faults(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the faults of an answer, the likeliest first, each with the lines that were looked for."""
    return [
        {
            **fault,
            "lines": [line for line in answer["evidence"] if line["fault_class"] == fault["fault_class"]],
        }
        for fault in answer["faults"]
    ]


def choose_faults(faults: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the likeliest fault, and up to two more that may not be left out.

    >>> [each["p"] for each in choose_faults([{"p": p, "probability": p} for p in (0.9, 0.08, 0.01)])]
    [0.9, 0.08]
    """
    return [
        fault
        for index, fault in enumerate(faults[:_MOST_FAULTS])
        if index == 0 or fault["probability"] >= _LIKELY
    ]


def _view_waveform(samples: Samples, sample_rate_hz: float, unit: str | None, n_points: int) -> View:
    indexes, values = min_max_decimate(samples, n_points)
    return {
        "key": WAVEFORM,
        "title": "Waveform",
        "x": {"name": "Time", "unit": "s", "values": _tidy(indexes / sample_rate_hz)},
        "y": {"name": "Amplitude", "unit": unit, "values": _tidy(values)},
        "floor": None,
        "lines": [],
        "bands": [],
        "resolution_hz": None,
        "fault_class": None,
    }


def _view_whole_spectrum(
    spectrum: Spectrum, unit: str | None, faults: Sequence[Mapping[str, Any]], n_points: int
) -> View:
    """Return the spectrum to the Nyquist frequency in decibels, with the bands whose envelopes were read."""
    level = 20.0 * np.log10(np.maximum(spectrum.amplitudes, _TINY))
    places, heights = _pool(spectrum.frequencies_hz[1:], level[1:], n_points)
    bands = {
        tuple(fault["band_hz"]): {
            "low_hz": fault["band_hz"][0],
            "high_hz": fault["band_hz"][1],
            "fault_class": fault["fault_class"],
        }
        for fault in reversed(faults)  # of equal bands the likeliest fault's stays
        if fault["band_hz"]
    }
    lines = [
        {**_tell(line), "fault_class": fault["fault_class"]}
        for fault in faults
        for line in fault["lines"]
        if fault["band_hz"] is None and line["expected_hz"] > _LOW_HZ
    ]
    return {
        "key": SPECTRUM,
        "title": "Spectrum, whole range",
        "x": {"name": "Frequency", "unit": "Hz", "values": _tidy(places)},
        "y": {"name": "Amplitude", "unit": f"dB re 1 {unit or 'unit'}", "values": _tidy(heights)},
        "floor": None,
        "lines": _once(lines),
        "bands": list(bands.values()),
        "resolution_hz": round(spectrum.resolution_hz, 6),
        "fault_class": None,
    }


def _view_low_spectrum(
    transform: Callable[[], Spectrum],
    unit: str | None,
    faults: Sequence[Mapping[str, Any]],
    shaft_frequency_hz: float | None,
    n_points: int,
) -> View | None:
    """Return the spectrum around the shaft's lines, with those that faults show there without an envelope."""
    lines = [
        {**_tell(line), "fault_class": fault["fault_class"]}
        for fault in faults
        for line in fault["lines"]
        if fault["band_hz"] is None and line["expected_hz"] <= _LOW_HZ
    ]
    if not lines:
        return None
    tops = [line["expected_hz"] for line in lines]
    top = _ROOM * max([*tops, 4.0 * shaft_frequency_hz] if shaft_frequency_hz else tops)
    return {
        **_view_lines(transform(), top, unit, n_points),
        "key": LOW_SPECTRUM,
        "title": "Spectrum around the shaft's lines",
        "lines": _once(lines),
        "fault_class": None,
    }


def _view_envelope(
    samples: Samples, sample_rate_hz: float, unit: str | None, fault: Mapping[str, Any], n_points: int
) -> View:
    low, high = (float(edge) for edge in fault["band_hz"])
    spectrum = compute_envelope_spectrum(samples, sample_rate_hz, (low, min(high, sample_rate_hz / 2.0)))
    top = _ROOM * max(line["expected_hz"] for line in fault["lines"])
    name = fault["fault_class"]
    return {
        **_view_lines(spectrum, top, unit, n_points),
        "key": _name_envelope(fault),
        "title": f"Envelope spectrum, band {low:.0f} to {high:.0f} Hz: lines of {name.replace('_', ' ')}",
        "lines": [{**_tell(line), "fault_class": name} for line in fault["lines"]],
        "fault_class": name,
    }


def _name_envelope(fault: Mapping[str, Any]) -> str:
    return f"envelope-{fault['fault_class']}"


def _view_lines(spectrum: Spectrum, top_hz: float, unit: str | None, n_points: int) -> View:
    """Return a spectrum from 0 to ``top_hz`` above its local floor, a running median."""
    end = max(int(np.searchsorted(spectrum.frequencies_hz, top_hz)), 2)
    width = max(_LEAST_FLOOR_BINS, int(_FLOOR_WIDTH_HZ / spectrum.resolution_hz))
    floor = compute_running_median(spectrum.amplitudes, width)
    places, heights = _pool(spectrum.frequencies_hz[1:end], spectrum.amplitudes[1:end], n_points)
    return {
        "x": {"name": "Frequency", "unit": "Hz", "values": _tidy(places)},
        "y": {"name": "Amplitude", "unit": unit, "values": _tidy(heights)},
        "floor": _tidy(np.interp(places, spectrum.frequencies_hz[1:end], floor[1:end])),
        "bands": [],
        "resolution_hz": round(spectrum.resolution_hz, 6),
    }


def _pool(
    places: NDArray[np.float64], heights: NDArray[np.float64], n_points: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the highest of each of at most ``n_points`` equally wide groups, at its own place."""
    width = -(-len(places) // n_points)
    if width <= 1:
        return places, heights
    starts = np.arange(0, len(places), width)
    tops = np.array([start + int(np.argmax(heights[start : start + width])) for start in starts])
    return places[tops], heights[tops]


def _tell(line: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("expected_hz", "found_hz", "snr_db", "is_found")
    return {"label": line["line"], **{key: line[key] for key in keys}}


def _once(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each place once, under the likeliest fault that has it: several faults share 1X and 2X."""
    known: dict[str, dict[str, Any]] = {}
    for line in lines:
        known.setdefault(line["label"], line)
    return list(known.values())


def _tidy(values: Samples) -> list[float]:
    """Six significant digits: more than any drawing shows, and fewer bytes on the way."""
    return [float(f"{value:.6g}") for value in values]
