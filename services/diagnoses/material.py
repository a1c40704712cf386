"""A diagnosis with the samples that it judged, for its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.diagnoses.listing import get_diagnosis
from services.diagnoses.samples import load_judged
from utils.exceptions import ConflictError, ErrorCode, NotFoundError


@dataclass(frozen=True, slots=True)
class DiagnosisMaterial:
    """What a report is drawn from; the same whenever it is asked for.

    Attributes:
        diagnosis: As `get_diagnosis` returns it, with an answer.
        values: The judged samples, ``(n_samples,)``.
        sample_rate_hz: Of the samples.
    """

    diagnosis: dict[str, Any]
    values: NDArray[np.float32]
    sample_rate_hz: float


def load_material(diagnosis_id: int) -> DiagnosisMaterial:
    """Return a diagnosis with its samples.

    Raises:
        NotFoundError: There is no such diagnosis, or its samples are gone.
        ConflictError: ``job_state``: it has no answer (yet).
        DataDamagedError: The samples are not those that were judged.
    """
    found = get_diagnosis(diagnosis_id)
    if found is None:
        raise NotFoundError("There is no such diagnosis.")
    if found["answer"] is None:
        raise ConflictError("This diagnosis has no answer.", code=ErrorCode.JOB_STATE)
    values = load_judged(found["signal_sha256"])
    return DiagnosisMaterial(found, values, float(found["answer"]["recording"]["sample_rate_hz"]))
