"""What the deeper views of a signal answer: their numbers in few points, with units and notes."""

from __future__ import annotations

import base64
import math
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signal.autocorrelation import Autocorrelation
from core.signal.cepstrum import Cepstrum, find_cepstrum_peaks
from core.signal.cyclic_coherence import CyclicCoherence
from core.signal.decimation import min_max_decimate
from core.signal.kurtogram import Kurtogram
from core.signal.playback import Sound
from core.signal.time_frequency import Spectrogram
from services.signals.notes import join_notes
from services.signals.stretches import MAX_POINTS, SpectralStretch, shorten, thin_lines
from utils.exceptions import InvalidInputError

MAX_ROWS = 400
MAX_COLUMNS = 300

_N_PEAKS = 10
# Levels stop so far below the highest one, and at all at -240 dB.
_FLOOR_SHARE = 1e-8
_LEAST_AMPLITUDE = 1e-12


def describe_spectrogram(
    stretch: SpectralStretch, spectrogram: Spectrogram, max_hz: float | None
) -> dict[str, Any]:
    """Return a spectrogram in few cells, each with the highest level of those it stands for."""
    frequencies_hz = spectrogram.frequencies_hz
    n_rows = frequencies_hz.size if max_hz is None else int(np.searchsorted(frequencies_hz, max_hz, "right"))
    if n_rows < 2:
        raise InvalidInputError(
            f"Below {max_hz:g} Hz this spectrogram has no rows: it resolves {spectrogram.resolution_hz:g} Hz."
        )
    amplitudes = spectrogram.amplitudes[:n_rows]
    row_step = math.ceil(amplitudes.shape[0] / MAX_ROWS)
    column_step = math.ceil(amplitudes.shape[1] / MAX_COLUMNS)
    cells = _keep_highest(amplitudes, row_step, column_step)
    floor = max(_FLOOR_SHARE * float(cells.max()), _LEAST_AMPLITUDE)
    unit = stretch.signal.unit
    note = None
    if row_step * column_step > 1:
        note = f"Each cell shows the highest of {row_step} × {column_step} (frequencies × times)."
    return {
        **stretch.description,
        "times_s": shorten(stretch.description["start_s"] + _take_middles(spectrogram.times_s, column_step)),
        "frequencies_hz": shorten(_take_middles(frequencies_hz[:n_rows], row_step)),
        "level_db": _round_levels(cells, floor).tolist(),
        "level_unit": f"dB re 1 {unit or 'unit'} (peak)",
        "resolution_hz": spectrogram.resolution_hz,
        "segment_s": 1.0 / spectrogram.resolution_hz,
        "hop_s": spectrogram.hop_s,
        "row_hz": row_step * spectrogram.resolution_hz,
        "column_s": column_step * spectrogram.hop_s,
        "window": spectrogram.window,
        "note": join_notes(stretch.description["note"], note),
    }


def _round_levels(cells: npt.NDArray[np.floating[Any]], floor: float) -> npt.NDArray[np.float64]:
    """Tenths of a dB, in the precision that prints with one digit."""
    return np.asarray(np.round(20.0 * np.log10(np.maximum(cells, floor).astype(np.float64)), 1))


def _keep_highest(
    cells: npt.NDArray[np.floating[Any]], row_step: int, column_step: int
) -> npt.NDArray[np.floating[Any]]:
    by_row = np.maximum.reduceat(cells, np.arange(0, cells.shape[0], row_step), axis=0)
    return np.maximum.reduceat(by_row, np.arange(0, cells.shape[1], column_step), axis=1)


def _take_middles(edges: npt.NDArray[np.float64], step: int) -> npt.NDArray[np.float64]:
    starts = np.arange(0, edges.size, step)
    return np.asarray(0.5 * (edges[starts] + edges[np.minimum(starts + step, edges.size) - 1]))


def describe_kurtogram(stretch: SpectralStretch, kurtogram: Kurtogram) -> dict[str, Any]:
    """Return a kurtogram level by level, and whether its best band is more than chance."""
    best = kurtogram.best
    is_impulsive = best.kurtosis > best.noise_limit
    note = None
    if not is_impulsive:
        note = "No band is more impulsive than noise alone can be: the best band is a matter of chance."
    return {
        **stretch.description,
        "levels": [
            {
                "level": level.level,
                "bandwidth_hz": level.bandwidth_hz,
                "cells": [
                    {
                        "low_hz": index * level.bandwidth_hz,
                        "high_hz": (index + 1) * level.bandwidth_hz,
                        "kurtosis": float(f"{value:.6g}"),
                    }
                    for index, value in enumerate(level.kurtosis.tolist())
                ],
            }
            for level in kurtogram.levels
        ],
        "best": {
            "low_hz": best.band_hz[0],
            "high_hz": best.band_hz[1],
            "kurtosis": best.kurtosis,
            "level": best.level,
            "noise_limit": best.noise_limit,
        },
        "is_impulsive": is_impulsive,
        "note": join_notes(stretch.description["note"], note),
    }


def describe_cepstrum(stretch: SpectralStretch, cepstrum: Cepstrum, *, prewhitened: bool) -> dict[str, Any]:
    """Return a cepstrum from its second sample on: the first is the level of the whole spectrum."""
    indexes, values = min_max_decimate(cepstrum.values[1:], MAX_POINTS, start_index=1)
    whitened = "The spectrum was flattened by its running median first." if prewhitened else None
    return {
        **stretch.description,
        "quefrencies_s": shorten(cepstrum.quefrencies_s[indexes]),
        "values": shorten(values),
        "unit": "dB" if cepstrum.kind == "power" else "Np",
        "kind": cepstrum.kind,
        "n_segments": cepstrum.n_segments,
        "peaks": [asdict(peak) for peak in find_cepstrum_peaks(cepstrum, _N_PEAKS)],
        "note": join_notes(stretch.description["note"], whitened),
    }


def describe_autocorrelation(stretch: SpectralStretch, correlation: Autocorrelation) -> dict[str, Any]:
    """Return an autocorrelation; its values have no unit."""
    indexes, values = min_max_decimate(correlation.values, MAX_POINTS)
    return {
        **stretch.description,
        "unit": None,
        "lags_s": shorten(correlation.lags_s[indexes]),
        "values": shorten(values),
    }


def describe_cyclic_coherence(
    stretch: SpectralStretch, found: CyclicCoherence, band_hz: tuple[float, float]
) -> dict[str, Any]:
    """Return a map of cyclic coherence in few cells, and its average over a band line by line."""
    row_step = math.ceil(found.frequencies_hz.size / MAX_ROWS)
    column_step = math.ceil(found.cyclic_frequencies_hz.size / MAX_COLUMNS)
    cells = _keep_highest(found.coherence, row_step, column_step)
    lines_hz, heights = thin_lines(found.cyclic_frequencies_hz, found.average(band_hz))
    note = None
    if row_step * column_step > 1:
        note = f"Each cell of the map shows the highest of {row_step} × {column_step}."
    return {
        **stretch.description,
        "unit": None,
        "cyclic_frequencies_hz": shorten(_take_middles(found.cyclic_frequencies_hz, column_step)),
        "frequencies_hz": shorten(_take_middles(found.frequencies_hz, row_step)),
        "coherence": np.round(np.minimum(cells, 1.0).astype(np.float64), 4).tolist(),
        "average": {"frequencies_hz": lines_hz, "values": heights},
        "band_hz": list(band_hz),
        "resolution_hz": found.resolution_hz,
        "cyclic_resolution_hz": float(found.cyclic_frequencies_hz[0]),
        "note": join_notes(stretch.description["note"], note),
    }


def describe_sound(description: dict[str, Any], sound: Sound) -> dict[str, Any]:
    """Return a sound as text that a page can play."""
    return {
        **description,
        "wav_base64": base64.b64encode(sound.wav).decode("ascii"),
        "played_rate_hz": sound.sample_rate_hz,
        "played_s": sound.duration_s,
        "gain": sound.gain,
    }
