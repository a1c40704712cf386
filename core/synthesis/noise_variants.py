"""Noise added to a finished signal at a stated signal-to-noise ratio."""

from __future__ import annotations

import hashlib
import math
from typing import Literal, get_args

import numpy as np

from core.synthesis.noise import make_pink, make_white
from core.synthesis.oscillators import Float32Array
from core.synthesis.seeding import Stream, make_stream
from utils.exceptions import InvalidInputError

Colour = Literal["white", "pink"]
COLOURS: tuple[Colour, ...] = get_args(Colour)
_PINK_LOWEST_HZ = 1.0


def add_noise(
    values: Float32Array, sample_rate_hz: float, snr_db: float, colour: Colour, *, sha256: str, seed: int
) -> Float32Array:
    """Return a signal with noise of its own on top.

    The ratio is that of the signal's power without its offset over the noise's, both over the whole length
    and band of the recording: 10 log10(var(signal) / var(noise)).

    Parameters
    ----------
    values
        Samples, shape ``(n_samples,)``; left as they are.
    sample_rate_hz
        Of both.
    snr_db
        Of the result.
    colour
        ``white`` (flat) or ``pink`` (1/f above 1 Hz).
    sha256
        Of the signal: with `seed` it decides the noise, so that every signal gets its own, always the same.
    seed
        Of all variants.

    Raises
    ------
    InvalidInputError
        The signal does not move: it has no power to compare with.
    """
    power = float(np.var(values, dtype=np.float64))
    if not power:
        raise InvalidInputError("A constant signal has no power; noise can't be added at a ratio to it.")
    number = int.from_bytes(hashlib.sha256(f"{sha256} {colour} {snr_db:g}".encode()).digest()[:4], "big")
    rng = make_stream(seed, COLOURS.index(colour), number, Stream.NOISE_VARIANT)
    if colour == "white":
        noise = make_white(rng, len(values), 1.0)
        noise -= noise.mean()
    else:
        noise = make_pink(rng, len(values), 1.0, sample_rate_hz, _PINK_LOWEST_HZ)
    scale = math.sqrt(power / 10.0 ** (snr_db / 10.0)) / float(noise.std(dtype=np.float64))
    noise *= np.float32(scale)
    noise += values
    return noise


def name_part(snr_db: float, colour: Colour) -> str:
    """Return the name of a split's part with noise: ``test_snr20`` as in the public files, ``test_pink20``.

    >>> name_part(20.0, "white"), name_part(-5.0, "pink")
    ('test_snr20', 'test_pink-5')
    """
    return f"test_{'snr' if colour == 'white' else 'pink'}{snr_db:g}"
