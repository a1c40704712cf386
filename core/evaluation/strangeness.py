"""When a diagnosis says "unknown": the open-set rule that travels with a classifier, or was put to use.

A rule has one part or two. The first is the score that best told classes that were held out; where it needs
the physical evidence and a recording gives none, the best score without evidence takes its place. Each part
has its own threshold from validation recordings, and only one part judges a recording, so that the share of
false alarms is that of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.evaluation.open_set import (
    DISTANCES,
    FEATURE_DISTANCE,
    FLOOR_DISTANCE,
    WITH_EVIDENCE,
    FeatureReference,
    compute_floor_numbers,
    compute_window_features,
    leave_class_out,
    score_recording,
)
from core.training.kept_rule import KeptRule
from core.training.preprocessing import Preprocessing

# Of recordings that only show where a class lies.
NOTHING_SAID: Final = np.empty((0, 0))


@dataclass(frozen=True, slots=True)
class Traits:
    """What the scores read of one recording; None where that can't be had.

    Attributes
    ----------
    window_probabilities
        Of the classifier, uncalibrated, ``(n_windows, n_classes)``.
    general, floor
        Gain-invariant features of windows and numbers over the noise floor of stretches, ``(n, n_features)``.
    shares
        Probabilities of the physical evidence by class.
    """

    window_probabilities: NDArray[np.floating]
    general: NDArray[np.float64] | None = None
    floor: NDArray[np.float64] | None = None
    shares: Mapping[str, float] | None = None

    def score(
        self, class_names: Sequence[str], references: Mapping[str, FeatureReference]
    ) -> dict[str, float]:
        """Return every score that can be had; ``references`` of the distances go by their score's name."""
        found: dict[str, NDArray[np.float64] | None] = dict.fromkeys(DISTANCES)
        for name, features in ((FEATURE_DISTANCE, self.general), (FLOOR_DISTANCE, self.floor)):
            if features is not None and name in references:
                found[name] = references[name].measure(features)
        return score_recording(
            self.window_probabilities,
            found[FEATURE_DISTANCE],
            floor_distances=found[FLOOR_DISTANCE],
            borne_out=line_up_shares(self.shares, class_names),
        )

    def forget(self, index: int, class_names: Sequence[str]) -> Traits:
        """Return the same as if a class had never been learned, nor thought of by the evidence."""
        others = np.delete(np.asarray(self.window_probabilities, dtype=np.float64), index, axis=1)
        total = others.sum(axis=1, keepdims=True)
        even = np.full_like(others, 1.0 / others.shape[1])
        left = np.divide(others, total, out=even, where=total > 0.0)
        shares = self.shares
        if shares is not None and class_names[index] in shares:
            shares = leave_class_out(shares, class_names[index])
        return replace(self, window_probabilities=left, shares=shares)


def join_traits(parts: Sequence[Traits]) -> Traits:
    """Return the signals of one recording as one; what one of them lacks, the whole does."""
    found: dict[str, Any] = {}
    for name in ("general", "floor"):
        each = [getattr(part, name) for part in parts]
        found[name] = None if any(one is None for one in each) else np.concatenate(each)
    shares = [part.shares for part in parts if part.shares is not None]
    if len(shares) == len(parts):
        found["shares"] = {
            name: float(np.mean([each.get(name, 0.0) for each in shares])) for name in shares[0]
        }
    return Traits(np.concatenate([part.window_probabilities for part in parts]), **found)


def line_up_shares(
    shares: Mapping[str, float] | None, class_names: Sequence[str]
) -> NDArray[np.float64] | None:
    """Return the evidence's probability of each class, ``(n_classes,)``; NaN for classes it knows not."""
    return None if shares is None else np.asarray([shares.get(name, np.nan) for name in class_names])


@dataclass(frozen=True, slots=True)
class RulePart:
    """One score and what calls a recording unknown by it.

    Attributes
    ----------
    score
        Name of the score.
    threshold
        Above it a recording is called unknown.
    n_known
        Validation recordings that it rests on.
    mean_auroc, mean_rejection
        What it achieved on classes that were held out; None where that was not kept.
    """

    score: str
    threshold: float
    n_known: int | None = None
    mean_auroc: float | None = None
    mean_rejection: float | None = None

    @property
    def needs_evidence(self) -> bool:
        """Whether the physical evidence is a part of the score."""
        return self.score in WITH_EVIDENCE

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RulePart:
        """Undo `to_dict`; what is not said was not kept."""
        return cls(**values)


@dataclass(frozen=True, slots=True)
class StrangenessRule:
    """Parts in the order in which they are tried; the first that can be measured judges.

    Attributes
    ----------
    parts
        Empty where nothing is called unknown; ``missing`` then says why.
    references
        Of the distances, by score.
    false_alarms
        Share of known recordings that may be called unknown.
    stretch_s
        Length that the numbers over the noise floor are read of; 0.0 where they are not.
    missing
        Why there is no part; else empty.
    """

    parts: tuple[RulePart, ...]
    references: Mapping[str, FeatureReference]
    false_alarms: float
    stretch_s: float = 0.0
    missing: str = ""

    def measure(self, traits: Traits, class_names: Sequence[str]) -> tuple[RulePart, float] | None:
        """Return the part that judges a recording, and its score; None where none can."""
        scores = traits.score(class_names, self.references)
        return next(((part, scores[part.score]) for part in self.parts if part.score in scores), None)

    @property
    def needed(self) -> frozenset[str]:
        """The scores that have to be measured."""
        return frozenset(part.score for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values of all but the references."""
        return {
            "parts": [part.to_dict() for part in self.parts],
            "false_alarms": self.false_alarms,
            "stretch_s": self.stretch_s,
            "missing": self.missing,
        }

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], references: Mapping[str, FeatureReference]
    ) -> StrangenessRule:
        """Undo `to_dict`; without references no distance can be measured."""
        parts = tuple(RulePart.from_dict(part) for part in values["parts"])
        return cls(
            parts,
            references,
            float(values["false_alarms"]),
            float(values.get("stretch_s", 0.0)),
            values.get("missing", ""),
        )

    def to_kept(self) -> KeptRule:
        """Return the form that travels with a classifier."""
        facts = {
            **self.to_dict(),
            "class_names": {name: list(found.class_names) for name, found in self.references.items()},
        }
        arrays = {}
        for name, found in self.references.items():
            arrays[f"{name}/means"], arrays[f"{name}/whitening"] = found.means, found.whitening
        return KeptRule(facts, arrays)

    @classmethod
    def from_kept(cls, kept: KeptRule) -> StrangenessRule:
        """Undo `to_kept`."""
        facts, arrays = kept.facts, kept.arrays
        references = {
            name: FeatureReference(tuple(names), arrays[f"{name}/means"], arrays[f"{name}/whitening"])
            for name, names in facts["class_names"].items()
        }
        return cls.from_dict(facts, references)


def read_traits(
    signal: NDArray[np.floating], sample_rate_hz: float, preprocessing: Preprocessing, stretch_s: float
) -> Traits:
    """Return what the distances are measured among; nothing of a classifier or of evidence."""
    return Traits(
        NOTHING_SAID,
        compute_window_features(signal, sample_rate_hz, preprocessing),
        compute_floor_numbers(signal, sample_rate_hz, preprocessing, stretch_s),
    )
