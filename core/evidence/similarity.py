"""How alike two diagnosed recordings are: by the heights of their lines and by what was said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.evidence.findings import Evidence

# A line twice as high as what counts as found says no more than that.
_MOST: Final = 2.0
# With fewer lines in common the mean over them says little.
_FEWEST_LINES: Final = 6
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Signature:
    """What a diagnosed recording is compared by.

    Attributes
    ----------
    machine_kind
        ``"rolling"``, ``"journal"``, or ``""`` where no lines were read.
    lines
        By label: height over the noise floor as a share of what counts as found, cut at 0 and 2. Labels name
        lines by order ("BPFO 2"), so that speed and bearing do not matter.
    probabilities
        Of the verdict, by class.
    """

    machine_kind: str
    lines: Mapping[str, float]
    probabilities: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "machine_kind": self.machine_kind,
            "lines": dict(self.lines),
            "probabilities": dict(self.probabilities),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Signature:
        """Read what `to_dict` wrote."""
        return cls(values["machine_kind"], values["lines"], values["probabilities"])


def build_signature(evidence: Evidence | None, probabilities: Mapping[str, float]) -> Signature:
    """Return what a recording is recognised by later."""
    shares = {name: round(share, _DIGITS) for name, share in probabilities.items()}
    if evidence is None:
        return Signature("", {}, shares)
    heights = {
        line.label: round(float(np.clip(line.snr_db / line.needed_db, 0.0, _MOST)), _DIGITS)
        for fault in evidence.faults
        for line in fault.lines
        if line.snr_db is not None and line.needed_db > 0.0
    }
    return Signature(evidence.machine_kind, heights, shares)


def measure_distance(first: Signature, second: Signature) -> float | None:
    """Return how far apart two recordings are: 0 is alike, 1 is as far as can be.

    The mean of two terms: the root mean square difference of the heights of the lines that both show, as a
    share of the greatest possible one, and the total variation distance of the probabilities. Recordings
    without lines are compared by probabilities only.

    Returns
    -------
    float or None
        None where they can't be compared: machines of other kinds, lines in one only, too few in common.

    Examples
    --------
    >>> lines = {f"BPFO {number}": 1.0 for number in range(1, 7)}
    >>> first, second = (Signature("rolling", lines, {name: 1.0}) for name in ("ball", "cage"))
    >>> measure_distance(first, second)
    0.5
    """
    if first.machine_kind != second.machine_kind:
        return None
    names = {*first.probabilities, *second.probabilities}
    gaps = [abs(first.probabilities.get(name, 0.0) - second.probabilities.get(name, 0.0)) for name in names]
    variation = 0.5 * sum(gaps)
    if not first.machine_kind:
        return variation
    shared = [label for label in first.lines if label in second.lines]
    if len(shared) < _FEWEST_LINES:
        return None
    differences = np.array([first.lines[label] - second.lines[label] for label in shared])
    return float(0.5 * (np.sqrt(np.mean(differences**2)) / _MOST + variation))
