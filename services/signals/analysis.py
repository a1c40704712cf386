"""Views that look into a signal more deeply than a spectrum: part of `SignalService`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.signal.kurtogram import Kurtogram, compute_kurtogram
from core.signal.time_frequency import Spectrogram, choose_segment_length, compute_spectrogram
from models.user import Role
from services.shared.actors import SYSTEM, Actor, require_role
from services.shared.results import ok, returns_result
from services.signals.notes import join_notes
from services.signals.stretches import SpectralStretch, read_spectral_stretch, shorten
from utils.exceptions import InvalidInputError

MAX_ROWS = 400
MAX_COLUMNS = 300

# Of a spectrogram at most so many amplitudes are worked out: beyond it, segments overlap less.
_MAX_CELLS = 1 << 22
# Levels stop so far below the highest one, and at all at -240 dB.
_FLOOR_SHARE = 1e-8
_LEAST_AMPLITUDE = 1e-12


class AnalysisViews:
    """Spectrogram and kurtogram of the visible stretch (at most 2^20 samples, which is said)."""

    @staticmethod
    @returns_result
    def get_spectrogram(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        segment_s: float | None = None,
        overlap: float = 0.5,
        max_hz: float | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return the spectrogram of the visible stretch in at most 400 rows and 300 columns.

        Where there are more bins or segments, a cell shows the highest of those it stands for.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            segment_s: Length of a segment; by default about as many segments as bins.
            overlap: Share of a segment that the next one repeats, 0 to 0.99.
            max_hz: Rows above are left out.
            actor: Who asks.

        Returns:
            ``times_s``, ``frequencies_hz`` (the middles of the cells), ``level_db`` (a row per frequency, in
            ``level_unit``), ``resolution_hz, segment_s, hop_s, row_hz, column_s``.

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        stretch = read_spectral_stretch(signal_id, x_range_s)
        rate = stretch.signal.sample_rate_hz
        n_segment = choose_segment_length(stretch.samples.size, rate, segment_s, None)
        most = 1.0 - stretch.samples.size / (2.0 * _MAX_CELLS)
        used_overlap = min(overlap, most) if overlap < 1.0 else overlap
        spectrogram = compute_spectrogram(stretch.samples, rate, n_segment=n_segment, overlap=used_overlap)
        answer = _describe_spectrogram(stretch, spectrogram, max_hz)
        if used_overlap < overlap:
            limited = f"On this long a stretch segments overlap by {used_overlap:.1%} at most."
            answer["note"] = join_notes(answer["note"], limited)
        return ok(**answer)

    @staticmethod
    @returns_result
    def get_kurtogram(
        signal_id: int,
        x_range_s: Sequence[float] | None = None,
        *,
        max_level: int | None = None,
        actor: Actor = SYSTEM,
    ) -> dict[str, Any]:
        """Return how impulsive each band of the visible stretch is, and the band to demodulate.

        Args:
            signal_id: Which.
            x_range_s: The visible stretch.
            max_level: The narrowest bands are half the sample rate / 2**max_level wide (1 to 9, default 6).
            actor: Who asks.

        Returns:
            ``levels`` (each ``level, bandwidth_hz, cells`` of ``low_hz, high_hz, kurtosis``), ``best`` (one
            cell with its ``level`` and the ``noise_limit`` that noise seldom passes), ``is_impulsive``.

        Errors: ``not_found``, ``invalid_input``, ``recording_too_short``, ``data_damaged``.
        """
        require_role(actor, Role.VIEWER)
        stretch = read_spectral_stretch(signal_id, x_range_s)
        kurtogram = compute_kurtogram(stretch.samples, stretch.signal.sample_rate_hz, max_level=max_level)
        return ok(**_describe_kurtogram(stretch, kurtogram))


def _describe_spectrogram(
    stretch: SpectralStretch, spectrogram: Spectrogram, max_hz: float | None
) -> dict[str, Any]:
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
        "level_db": np.round(20.0 * np.log10(np.maximum(cells, floor)), 1).astype(np.float64).tolist(),
        "level_unit": f"dB re 1 {unit or 'unit'} (peak)",
        "resolution_hz": spectrogram.resolution_hz,
        "segment_s": 1.0 / spectrogram.resolution_hz,
        "hop_s": spectrogram.hop_s,
        "row_hz": row_step * spectrogram.resolution_hz,
        "column_s": column_step * spectrogram.hop_s,
        "window": spectrogram.window,
        "note": join_notes(stretch.description["note"], note),
    }


def _keep_highest(
    cells: npt.NDArray[np.floating[Any]], row_step: int, column_step: int
) -> npt.NDArray[np.floating[Any]]:
    by_row = np.maximum.reduceat(cells, np.arange(0, cells.shape[0], row_step), axis=0)
    return np.maximum.reduceat(by_row, np.arange(0, cells.shape[1], column_step), axis=1)


def _take_middles(edges: npt.NDArray[np.float64], step: int) -> npt.NDArray[np.float64]:
    starts = np.arange(0, edges.size, step)
    return np.asarray(0.5 * (edges[starts] + edges[np.minimum(starts + step, edges.size) - 1]))


def _describe_kurtogram(stretch: SpectralStretch, kurtogram: Kurtogram) -> dict[str, Any]:
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
