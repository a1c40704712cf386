"""Every reason to read a comparison with care, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.comparisons.statistics import ALPHA
from utils.statistical_tests import MIN_REPEATS

_MOST_PAIRS = 10
_FEW_TEST_SETS = 10


def list_warnings(
    contestants: Sequence[Mapping[str, Any]],
    statistics: Mapping[str, Any],
    splits: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
) -> list[dict[str, str]]:
    """Return ``{kind, level, sentence}`` of everything to mind, the gravest first."""
    return [
        *_warn_of_splits(splits),
        *_warn_of_training_data(facts),
        *_warn_of_shared_recordings(facts),
        *_warn_of_seeds_trained_again(facts),
        *_warn_of_seeds(contestants, statistics["design"]),
        *_warn_of_size(statistics),
        *_warn_of_choice(contestants, statistics),
        *_warn_of_test_use(facts),
    ]


def _warn(kind: str, sentence: str, level: str = "warning") -> dict[str, str]:
    return {"kind": kind, "level": level, "sentence": sentence}


def _warn_of_splits(splits: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return a warning per reason for amber; splits with the same reason share one."""
    by_reason: dict[str, list[str]] = {}
    for split in splits:
        if split["colour"] == "amber":
            name = f"'{split['name']}' of {split['dataset']}"
            by_reason.setdefault(_word_amber(split), []).append(name)
    return [
        _warn(
            "amber_split",
            f"Amber split{'s' if len(names) > 1 else ''} {join_words(names)}: all accuracies may flatter. "
            f"{why}",
        )
        for why, names in by_reason.items()
    ]


def _word_amber(split: Mapping[str, Any]) -> str:
    amber = [each["sentence"] for each in split["findings"] if each["colour"] == "amber"]
    more = f" (And {len(amber) - 1} more such findings.)" if len(amber) > 1 else ""
    reason = f" Accepted because: {split['accepted_reason']}." if split["accepted_reason"] else ""
    return f"{amber[0] if amber else ''}{more}{reason}"


def _warn_of_training_data(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    if not facts["training_differs"]:
        return []
    return [
        _warn(
            "other_training_data",
            "They were not trained on the same recordings, so a difference may come from the data as well as "
            "from the method.",
        )
    ]


def _warn_of_shared_recordings(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    if not facts["n_shared_test_recordings"]:
        return []
    return [
        _warn(
            "shared_recordings",
            f"{facts['n_shared_test_recordings']} recordings are in more than one test set, so the test sets "
            "are not independent and the p-values are too small.",
        )
    ]


def _warn_of_seeds_trained_again(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    left_out = facts["left_out"]
    if not left_out:
        return []
    named = [
        f"experiment {each['experiment_id']} (seed {each['seed']}; experiment {each['kept_id']} is newer)"
        for each in left_out
    ]
    return [
        _warn(
            "seed_trained_again",
            "The same seed trained again with the same settings on the same split is no further repeat; the "
            f"newest counts. Left out: {join_words(named)}.",
            "info",
        )
    ]


def _warn_of_seeds(contestants: Sequence[Mapping[str, Any]], design: str) -> list[dict[str, str]]:
    if design == "seeds":
        return [
            _warn(
                "one_group",
                "These are seeds of one group: the same settings, trained again. What differs is luck; "
                "no seed is the better method.",
            )
        ]
    found = []
    few = [each["letter"] for each in contestants if each["n_seeds"] < MIN_REPEATS]
    if few:
        have = "have" if len(few) > 1 else "has"
        found.append(
            _warn(
                "too_few_seeds",
                f"Too few seeds: {join_words(few)} {have} fewer than {MIN_REPEATS}. How much of a difference "
                "is the luck of one training is not known; train three seeds or more before you claim one.",
            )
        )
    several = [each["letter"] for each in contestants if each["n_seeds"] > 1]
    if several:
        found.append(
            _warn(
                "majority",
                f"{join_words(several)}: accuracies and bootstrap intervals are means over all seeds; the "
                "tests use one answer per recording, what most seeds say (at a tie, the lowest of them).",
                "info",
            )
        )
    return found


def _warn_of_size(statistics: Mapping[str, Any]) -> list[dict[str, str]]:
    if statistics["design"] == "folds":
        return _warn_of_test_sets(statistics)
    weak = [pair for pair in statistics["pairs"] if pair["smallest_p_value"] >= ALPHA]
    if not weak:
        return []
    pairs = join_words([f"{pair['first']}/{pair['second']}" for pair in weak[:_MOST_PAIRS]])
    more = f" and {len(weak) - _MOST_PAIRS} more pairs" if len(weak) > _MOST_PAIRS else ""
    return [
        _warn(
            "too_few_recordings",
            f"Too few recordings tell {pairs}{more} apart: with fewer than six, McNemar's test can't reach "
            f"p < {ALPHA:g} whatever they say. More test recordings would be needed.",
        )
    ]


def _warn_of_test_sets(statistics: Mapping[str, Any]) -> list[dict[str, str]]:
    n = statistics["n_test_sets"]
    found = [
        _warn(
            "dependent_folds",
            "Folds of one dataset share training recordings, so their results are not independent and the "
            "p-values are somewhat too small.",
        )
    ]
    wilcoxon = statistics["wilcoxon"]
    if wilcoxon is not None and wilcoxon["smallest_p_value"] >= ALPHA:
        found.append(
            _warn(
                "too_few_test_sets",
                f"With {n} test sets Wilcoxon's test can't reach p < {ALPHA:g} whatever they say; six are "
                "needed.",
            )
        )
    elif wilcoxon is None and n < _FEW_TEST_SETS:
        found.append(
            _warn(
                "too_few_test_sets",
                f"{n} test sets are few for Friedman's test, whose p-value is only approximate below "
                f"{_FEW_TEST_SETS}.",
            )
        )
    return found


def _warn_of_choice(
    contestants: Sequence[Mapping[str, Any]], statistics: Mapping[str, Any]
) -> list[dict[str, str]]:
    if len(contestants) < 3:
        return []
    n_pairs = len(contestants) * (len(contestants) - 1) // 2
    how = (
        "Nemenyi's test allows for that"
        if statistics["design"] == "folds"
        else "Holm's correction allows for that"
    )
    return [
        _warn(
            "multiple_testing",
            f"{len(contestants)} trainings make {n_pairs} pairs, of which some would differ by chance: "
            f"{how}. The best of several on the test part flatters all the same: choose by validation.",
            "info",
        )
    ]


def _warn_of_test_use(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    if facts["most_test_evaluations"] <= 1:
        return []
    return [
        _warn(
            "test_used_again",
            f"A test part was judged up to {facts['most_test_evaluations']} times. What was changed in "
            "between may have been fitted to it.",
        )
    ]


def join_words(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    >>> join_words(["A"]), join_words(["A", "B", "C"])
    ('A', 'A, B and C')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
