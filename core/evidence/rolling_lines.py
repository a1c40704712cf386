"""How far a bearing's lines stand out of a recording's envelopes, measured against lines it does not have.

The lines of every fault are read at the places its geometry gives, and the same pattern of lines at places
that belong to no part of this bearing. What is no higher than the latter says nothing about the bearing,
whatever its height: the recording is its own control.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evidence.rolling_spectra import HALF_WIDTH, ORDER_STEP, EnvelopeOrders, FloatArray
from core.signal.bearings import FaultOrders

SLIP = 0.02
N_HARMONICS = 4
# Fundamentals at which the control of the races is read.
CONTROL_ORDERS = (1.3, 14.0)
# Cage orders of bearings that can be built, for the control of the lattice.
CAGE_ORDERS = (0.28, 0.49)
N_TOP = 4

_SLIP_CELLS = round(SLIP / ORDER_STEP)
# Real lines slip by 1 % or so; a place farther off must stand out more.
_SLIP_SPREAD = 0.01
_SLIP_COST = 0.5 * (np.arange(-_SLIP_CELLS, _SLIP_CELLS + 1) * ORDER_STEP / _SLIP_SPREAD) ** 2
_OWN_SHARE = 0.035
_SIDE_WEIGHT = 0.5
# A pattern that stands three standard deviations above the control is expected to have side lines.
_SIDES_FROM_HEIGHT = 3.0
# One standard deviation above the middle, of a normal law.
_CONTROL_QUANTILE = 0.84
# A line whose likelihood ratio is 1000 counts in full.
_FULL_SCORE = math.log1p(math.log(1000.0))
_N_LATTICES = 160
_LEAST_LATTICE_TURNS = 16.0


@dataclass(frozen=True, slots=True)
class PatternScore:
    """How far one pattern of lines stands out.

    Attributes
    ----------
    height
        Above the median of the control, in units of the control's scatter.
    order
        Fundamental where it stood highest within the slip allowance.
    slip
        Relative to geometry.
    channel
        Where it stood highest.
    depth
        Relative amplitude of the squared envelope at the lines, what places of no bearing show taken off; of
        the second best band, so that no single one decides.
    fullness
        How many of the main lines stand out, in parts of those that can be read: one line alone may be
        anything's, impacts show several.
    first
        How far the first line stands out, over the one that does most, from 0 to 1 (1 where it can't be
        read): the envelope of a row of decaying bursts has no line higher than its first, and a comb
        without it is that of a multiple.
    halves
        The lower of the lines half-way to the first one and half-way to the second, over the first one: where
        both stand, the row is twice as dense, and none of a race's. 0 for ball and cage.
    share
        Of all power that lines of the envelope hold (the shaft's left out), the part at this pattern.
    """

    height: float
    order: float
    slip: float
    channel: int
    depth: float
    fullness: float
    first: float
    share: float
    halves: float = 0.0


@dataclass(frozen=True, slots=True)
class Patterns:
    """All patterns of one recording; see `score_patterns`.

    Attributes
    ----------
    outer, inner, spin, cage
        Outer race, inner race, the ball's own turning, the cage's turning.
    rival_height, rival_order
        The highest comb at a place that no part of this bearing explains.
    """

    outer: PatternScore
    inner: PatternScore
    spin: PatternScore
    cage: PatternScore
    rival_height: float
    rival_order: float


def mask_shaft(spectra: EnvelopeOrders) -> FloatArray:
    """1 where a cell is clear of every multiple of the shaft, else 0, ``(n_cells,)``."""
    clear: FloatArray = (~spectra.is_on_shaft(slice(None))).astype(np.float32)
    return clear


def score_patterns(spectra: EnvelopeOrders, orders: FaultOrders) -> Patterns:
    """Score the lines of each fault against the control.

    Twice: the pattern that stands out most has side lines of its own, which the control of the second round
    leaves out.
    """
    clear = mask_shaft(spectra)
    scores = spectra.scores * clear
    start, stop = (int(spectra.find_cell(order)) for order in CONTROL_ORDERS)
    cells = np.arange(start, stop)
    fundamentals = spectra.orders[cells]
    combs = _add_comb(scores, clear, cells)
    odd = _read(spectra, scores, 0.5 * fundamentals) + _read(spectra, scores, 1.5 * fundamentals)
    rows = {
        "outer": (orders.bpfo, combs),
        "inner": (orders.bpfi, combs + _SIDE_WEIGHT * _add_sides(spectra, scores, clear, cells, 1.0)),
        "spin": (
            2.0 * orders.bsf,
            combs + _SIDE_WEIGHT * (_add_sides(spectra, scores, clear, cells, orders.ftf) + 0.5 * odd),
        ),
    }
    free = np.ones(cells.size, bool)
    for order, _ in rows.values():
        for factor in (0.5, 1.0, 2.0):
            free &= np.abs(fundamentals / (factor * order) - 1.0) > _OWN_SHARE
    found = {name: _judge(spectra, row, cells, free, order) for name, (order, row) in rows.items()}
    leader = max(found, key=lambda name: found[name][0])
    spacing = orders.ftf if leader == "spin" else 1.0
    has_sides = found[leader][0] >= _SIDES_FROM_HEIGHT
    for multiple in range(-4, 5) if has_sides else ():
        side = found[leader][1] + multiple * spacing
        free &= np.abs(fundamentals - side) > 0.008 * fundamentals + 1.0 / spectra.n_turns
    found = {name: _judge(spectra, row, cells, free, order) for name, (order, row) in rows.items()}
    cage = _score_lattice(spectra, scores, clear, orders.ftf)
    measured = {}
    for name, (height, order, slip, channel) in {**found, "cage": cage}.items():
        pattern = _list_pattern(name, order, orders.ftf)
        depth, band = _measure_depth(spectra, clear, pattern[0], cells[free])
        share = _measure_share(spectra, clear, pattern, band)
        fullness, first = _measure_fullness(spectra, clear, _list_main(name, order), channel)
        halves = _measure_halves(spectra, clear, order, channel) if name in ("outer", "inner") else 0.0
        measured[name] = PatternScore(height, order, slip, channel, depth, fullness, first, share, halves)
    rival = _find_rival(spectra, combs, cells, free)
    return Patterns(
        measured["outer"], measured["inner"], measured["spin"], measured["cage"], rival[0], rival[1]
    )


def _list_pattern(name: str, order: float, ftf: float) -> tuple[FloatArray, FloatArray]:
    """The main lines of a pattern, and its side lines."""
    if name == "cage":
        steps = np.arange(1, 4)
        return np.asarray(order * steps), np.concatenate([np.abs(1.0 - order * steps), 1.0 + order * steps])
    harmonics = order * np.arange(1, N_HARMONICS + 1)
    if name == "outer":
        return harmonics, np.empty(0)
    spacing = 1.0 if name == "inner" else ftf
    sides = np.concatenate([harmonics + step * spacing for step in (-2, -1, 1, 2)])
    if name == "spin":
        sides = np.concatenate([sides, 0.5 * order * np.arange(1, 6, 2)])
    return harmonics, sides


def _measure_depth(
    spectra: EnvelopeOrders, clear: FloatArray, lines: FloatArray, control: NDArray[np.int64]
) -> tuple[float, int]:
    """Modulation depth at lines that belong together, and the band where it is largest.

    Of the second best band, less what five of six places of no bearing do not reach in their second best
    band: in a short recording noise alone seems to modulate, and the best of many bands seems deep.
    """
    powers = spectra.line_powers * clear
    own = powers[:, spectra.find_cell(lines)].sum(axis=1)
    elsewhere = np.zeros((powers.shape[0], control.size), np.float32)
    for ratio in np.asarray(lines) / lines[0]:
        at = np.minimum(control + round(math.log(ratio) / ORDER_STEP), powers.shape[1] - 1)
        elsewhere += powers[:, at]
    place = max(own.size - 2, 0)
    by_chance = float(np.quantile(np.partition(elsewhere, place, axis=0)[place], _CONTROL_QUANTILE))
    power = float(np.partition(own, place)[place]) - by_chance
    return math.sqrt(2.0 * max(power, 0.0)), int(own.argmax())


def _list_main(name: str, order: float) -> FloatArray:
    """The lines by which a pattern is judged full."""
    if name == "cage":
        return np.asarray([order, 2.0 * order, 3.0 * order, 1.0 - order, 1.0 + order])
    return order * np.arange(1, N_HARMONICS + 1)


def _measure_fullness(
    spectra: EnvelopeOrders, clear: FloatArray, lines: FloatArray, channel: int
) -> tuple[float, float]:
    """Of all main lines, and of the first one."""
    cells = spectra.find_cell(lines)
    scores = spectra.scores[channel, cells] * clear[cells]
    found = np.minimum(scores / _FULL_SCORE, 1.0)
    fullness = float(found.sum() / max(float(clear[cells].sum()), 1.0))
    return fullness, float(scores[0] / max(scores.max(), 0.1)) if clear[cells[0]] else 1.0


def _measure_halves(spectra: EnvelopeOrders, clear: FloatArray, order: float, channel: int) -> float:
    cells = spectra.find_cell(order * np.asarray([0.5, 1.0, 1.5]))
    scores = spectra.scores[channel, cells] * clear[cells]
    return float(min(scores[0], scores[2]) / max(scores[1], _FULL_SCORE))


def _measure_share(
    spectra: EnvelopeOrders, clear: FloatArray, pattern: tuple[FloatArray, FloatArray], band: int
) -> float:
    """Part of the power of all lines of one band's squared envelope that a pattern holds."""
    orders = spectra.orders
    width = 2.0 * np.maximum(HALF_WIDTH * orders, 1.0 / spectra.n_turns)
    # Cells overlap; so much of each is its own.
    power = spectra.line_powers[band] * clear * np.minimum(ORDER_STEP * orders / width, 1.0)
    power = np.where(spectra.ratios[band] > 1.0 + 4.0 / np.sqrt(spectra.n_independent), power, 0.0)
    belongs = np.zeros(orders.size, bool)
    for line in np.concatenate(pattern):
        belongs |= np.abs(orders - line) < 0.006 * line + 1.0 / spectra.n_turns
    total = float(power.sum())
    return float(power[belongs].sum()) / total if total > 0.0 else 0.0


def _read(spectra: EnvelopeOrders, scores: FloatArray, orders: Any) -> FloatArray:
    found: FloatArray = scores[:, spectra.find_cell(orders)]
    return found


def _add_comb(scores: FloatArray, clear: FloatArray, cells: NDArray[np.int64]) -> FloatArray:
    """Weighted mean of a comb's teeth at each fundamental, ``(n_channels, n_cells)``."""
    total, weights = np.zeros((scores.shape[0], cells.size), np.float32), np.zeros(cells.size, np.float32)
    for harmonic in range(1, N_HARMONICS + 1):
        at = np.minimum(cells + round(math.log(harmonic) / ORDER_STEP), scores.shape[1] - 1)
        weight = 1.0 / math.sqrt(harmonic)
        total += weight * scores[:, at]
        weights += weight * clear[at]
    return total / np.maximum(weights, 1.2)


def _add_sides(
    spectra: EnvelopeOrders, scores: FloatArray, clear: FloatArray, cells: NDArray[np.int64], spacing: float
) -> FloatArray:
    """Mean of the side lines of the first two harmonics."""
    fundamentals = spectra.orders[cells]
    total, weights = np.zeros((scores.shape[0], cells.size), np.float32), np.zeros(cells.size, np.float32)
    for harmonic in (1, 2):
        for side in (-1.0, 1.0):
            at = spectra.find_cell(harmonic * fundamentals + side * spacing)
            total += scores[:, at]
            weights += clear[at]
    return total / np.maximum(weights, 1.0)


def _standardise(rows: FloatArray, free: NDArray[np.bool_]) -> FloatArray:
    """Per channel: above the median, in units of the scatter of the control."""
    control = rows[:, free]
    middle = np.median(control, axis=1, keepdims=True)
    upper = np.quantile(control, _CONTROL_QUANTILE, axis=1, keepdims=True)
    found: FloatArray = (rows - middle) / np.maximum(upper - middle, 0.02)
    return found


def _join_channels(rows: FloatArray) -> FloatArray:
    """Mean of the highest few channels and of all."""
    n_top = min(N_TOP, rows.shape[0])
    top = np.partition(rows, rows.shape[0] - n_top, axis=0)[-n_top:].mean(axis=0)
    joined: FloatArray = 0.5 * (top + rows.mean(axis=0))
    return joined


def _judge(
    spectra: EnvelopeOrders,
    plain: FloatArray,
    cells: NDArray[np.int64],
    free: NDArray[np.bool_],
    order: float,
) -> tuple[float, float, float, int]:
    """Height, order, slip and channel of a pattern at its best slip."""
    joined, middle, scatter = _join_and_scale(_standardise(plain, free), free)
    at = int(spectra.find_cell(order)) - int(cells[0])
    if not _SLIP_CELLS <= at < joined.size - _SLIP_CELLS:
        return 0.0, order, 0.0, 0
    near = (joined[at - _SLIP_CELLS : at + _SLIP_CELLS + 1] - middle) / scatter - _SLIP_COST
    best = at - _SLIP_CELLS + int(near.argmax())
    found = float(spectra.orders[cells[best]])
    return float(near.max()), found, found / order - 1.0, int(plain[:, best].argmax())


def _join_and_scale(rows: FloatArray, free: NDArray[np.bool_]) -> tuple[FloatArray, float, float]:
    joined = _join_channels(rows)
    middle, scatter = _scale(_cut_blocks(joined, free))
    return joined, middle, scatter


def _scale(blocks: FloatArray) -> tuple[float, float]:
    """Middle and scatter of the control's heights, each at its own best slip and at the cost of it.

    The cost is in units of the scatter, which two rounds settle.
    """
    highest = blocks.max(axis=1)
    for _ in range(2):
        middle = float(np.median(highest))
        scatter = max(float(np.quantile(highest, _CONTROL_QUANTILE)) - middle, 0.05)
        highest = (blocks - scatter * _SLIP_COST).max(axis=1)
    return middle, scatter


def _cut_blocks(joined: FloatArray, free: NDArray[np.bool_]) -> FloatArray:
    """Blocks as wide as the slip search, of cells that belong to the control, ``(n_blocks, n_slips)``."""
    width = 2 * _SLIP_CELLS + 1
    n_blocks = joined.size // width
    enough = free[: n_blocks * width].reshape(n_blocks, width).sum(axis=1) > 0.8 * width
    held = np.where(free, joined, joined.min())[: n_blocks * width].reshape(n_blocks, width)
    return held[enough] if enough.sum() > 4 else held


def _find_rival(
    spectra: EnvelopeOrders, rows: FloatArray, cells: NDArray[np.int64], free: NDArray[np.bool_]
) -> tuple[float, float]:
    joined, middle, scatter = _join_and_scale(_standardise(rows, free), free)
    best = int(np.where(free, joined, -np.inf).argmax())
    return (float(joined[best]) - middle) / scatter, float(spectra.orders[cells[best]])


def _score_lattice(
    spectra: EnvelopeOrders, scores: FloatArray, clear: FloatArray, ftf: float
) -> tuple[float, float, float, int]:
    """Multiples of the cage's turning, and the shaft's first line with side lines at them."""
    if spectra.n_turns < _LEAST_LATTICE_TURNS:
        return 0.0, ftf, 0.0, 0
    slips = np.linspace(-SLIP, SLIP, 2 * _SLIP_CELLS + 1)
    spacings = np.linspace(*CAGE_ORDERS, _N_LATTICES)
    spacings = spacings[np.abs(spacings / ftf - 1.0) > _OWN_SHARE]
    places = np.concatenate([ftf * (1.0 + slips), (spacings[:, None] * (1.0 + slips)).ravel()])
    total = np.zeros((scores.shape[0], places.size), np.float32)
    weights = np.zeros(places.size, np.float32)
    for lines, weight in (
        (places, 1.0),
        (2 * places, 1.0),
        (3 * places, 0.7),
        (1.0 - places, 0.7),
        (1.0 + places, 0.7),
        (np.abs(1.0 - 2 * places), 0.4),
        (1.0 + 2 * places, 0.4),
    ):
        at = spectra.find_cell(lines)
        total += weight * scores[:, at]
        weights += weight * clear[at]
    rows = total / np.maximum(weights, 1.5)
    joined = _join_channels(_standardise(rows, np.arange(places.size) >= slips.size))
    blocks = joined.reshape(-1, slips.size)
    middle, scatter = _scale(blocks[1:])
    near = (blocks[0] - middle) / scatter - _SLIP_COST
    best = int(near.argmax())
    return float(near.max()), float(places[best]), float(slips[best]), int(rows[:, best].argmax())
