"""Reading the lines of a recording by what is known of its machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.evidence.findings import Evidence
from core.evidence.journal import gather_journal_evidence
from core.evidence.rolling import gather_rolling_evidence
from core.signal.bearings import FaultOrders

MachineKind = Literal["rolling", "journal"]


def choose_gatherer(
    kind: MachineKind | None,
    values: NDArray[np.floating],
    shaft_hz: float | None,
    orders: FaultOrders | None,
) -> Callable[[float], Evidence] | None:
    """Return what reads the lines of a recording at a sample rate in Hz.

    None where too little is known: a rolling bearing needs its fault orders and the shaft frequency.
    """
    if kind == "journal":
        return lambda rate_hz: gather_journal_evidence(values, rate_hz, shaft_hz)
    if kind == "rolling" and orders is not None and shaft_hz is not None:
        return lambda rate_hz: gather_rolling_evidence(values, rate_hz, orders, shaft_hz)
    return None
