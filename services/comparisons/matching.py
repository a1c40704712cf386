"""Which experiments are repeats of which, and whether they were tested on the same recordings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import fmean
from string import ascii_uppercase

import numpy as np
from numpy.typing import NDArray

from models.experiment import Experiment
from services.comparisons.loading import Judged, RecordingKey
from utils.exceptions import ConflictError, InvalidInputError

MAX_CONTESTANTS = 12
_NAMED = 3


class Design(StrEnum):
    """What a comparison compares."""

    RECORDINGS = "recordings"  # several trainings, one set of test recordings
    SEEDS = "seeds"  # the seeds of one group, one set of test recordings
    FOLDS = "folds"  # the same settings on several test sets


@dataclass(frozen=True, slots=True)
class Contestant:
    """One of those that are compared: its seeds are its repeats."""

    letter: str
    label: str
    members: list[Judged]

    @property
    def first(self) -> Experiment:
        """The experiment of its lowest seed."""
        return self.members[0].experiment


@dataclass(frozen=True, slots=True)
class Comparison:
    """Matched experiments: every contestant was tested on every test set."""

    design: Design
    contestants: list[Contestant]
    test_sets: list[list[RecordingKey]]
    # Experiments by contestant's letter and number of the test set.
    placed: dict[tuple[str, int], list[Judged]]
    # Experiments whose seed was trained again, each with the newer one that stands for both.
    left_out: list[tuple[Judged, Judged]] = field(default_factory=list)

    @property
    def judged(self) -> list[Judged]:
        """Every experiment."""
        return [member for contestant in self.contestants for member in contestant.members]

    def list_members(self, contestant: Contestant, test_set: int) -> list[Judged]:
        """Return a contestant's experiments on one test set."""
        return self.placed[contestant.letter, test_set]

    def count_right(self, contestant: Contestant, test_set: int) -> NDArray[np.float64]:
        """Return for each recording of a test set the share of the contestant's seeds that are right."""
        members = self.list_members(contestant, test_set)
        return np.array(
            [
                sum(each.answers[key] == key[1] for each in members) / len(members)
                for key in self.test_sets[test_set]
            ]
        )

    def average_right(self, contestant: Contestant) -> dict[RecordingKey, float]:
        """Return the share of the seeds that are right on each recording, averaged over its test sets."""
        shares: dict[RecordingKey, list[float]] = {}
        for index, keys in enumerate(self.test_sets):
            for key, share in zip(keys, self.count_right(contestant, index).tolist(), strict=True):
                shares.setdefault(key, []).append(share)
        return {key: fmean(found) for key, found in shares.items()}

    def list_answers(self, contestant: Contestant, test_set: int) -> list[str]:
        """Return the answer for each recording: what most seeds say; at a tie, the first that is tied."""
        members = self.list_members(contestant, test_set)
        return [_vote([each.answers[key] for each in members]) for key in self.test_sets[test_set]]


def _vote(answers: Sequence[str]) -> str:
    """Return the most frequent answer; of equally frequent ones the first.

    >>> _vote(["ball", "cage", "cage"]), _vote(["ball", "cage"])
    ('cage', 'ball')
    """
    return max(answers, key=answers.count)


def match_experiments(judged: Sequence[Judged]) -> Comparison:
    """Return the contestants over their test sets, or raise the reason why they can't be compared.

    Raises:
        ConflictError: They were not tested on the same recordings; the sentence says which differ.
        InvalidInputError: Too many contestants.
    """
    test_sets = _list_test_sets(judged)
    if len(test_sets) == 1:
        groups = _group(judged, lambda experiment: experiment.group_key)
        design = Design.RECORDINGS
        if len(groups) == 1:  # seeds of one group: each stands for itself
            groups, design = [[each] for each in groups[0]], Design.SEEDS
    else:
        groups, design = _group(judged, _write_settings), Design.FOLDS
        if not _is_complete(groups, test_sets):
            raise ConflictError(explain_difference(judged))
    if len(groups) > MAX_CONTESTANTS:
        raise InvalidInputError(
            f"{len(groups)} trainings at once are too many to read, and to test against each other: "
            f"at most {MAX_CONTESTANTS}. Seeds of one group count as one."
        )
    left_out: list[tuple[Judged, Judged]] = []
    if design is not Design.SEEDS:
        left_out = [pair for group in groups for pair in _find_trained_again(group)]
        old = {each.experiment.id for each, _ in left_out}
        groups = [[each for each in group if each.experiment.id not in old] for group in groups]
    labels = _choose_labels([group[0].experiment for group in groups], design)
    contestants = [
        Contestant(letter, label, group)
        for letter, label, group in zip(ascii_uppercase, labels, groups, strict=False)
    ]
    placed = {
        (each.letter, index): [member for member in each.members if member.recordings.keys() == keys]
        for each in contestants
        for index, keys in enumerate(test_sets)
    }
    return Comparison(design, contestants, [_sort(keys, judged) for keys in test_sets], placed, left_out)


def _list_test_sets(judged: Sequence[Judged]) -> list[frozenset[RecordingKey]]:
    return list(dict.fromkeys(frozenset(each.recordings) for each in judged))


def _sort(keys: Iterable[RecordingKey], judged: Sequence[Judged]) -> list[RecordingKey]:
    names = {key: found.name for each in judged for key, found in each.recordings.items()}
    return sorted(keys, key=lambda key: (names[key], key))


def _group(judged: Sequence[Judged], name: Callable[[Experiment], str]) -> list[list[Judged]]:
    groups: dict[str, list[Judged]] = {}
    for each in judged:
        groups.setdefault(name(each.experiment), []).append(each)
    return [
        sorted(group, key=lambda each: (each.experiment.seed, each.experiment.id))
        for group in groups.values()
    ]


def _find_trained_again(group: Sequence[Judged]) -> list[tuple[Judged, Judged]]:
    """Return those of which a newer one has the same seed, split and test recordings, with the newest."""

    def place(each: Judged) -> tuple[int, int, frozenset[RecordingKey]]:
        return each.experiment.seed, each.experiment.split_id, frozenset(each.recordings)

    newest = {place(each): each for each in sorted(group, key=lambda each: each.experiment.id)}
    return [(each, newest[place(each)]) for each in group if newest[place(each)] is not each]


def _write_settings(experiment: Experiment) -> str:
    """Return what makes two experiments the same training, the one that it started from included."""
    settings = [experiment.network, experiment.options, experiment.channel, experiment.parent_id]
    return json.dumps(settings, sort_keys=True)


def _is_complete(groups: Sequence[Sequence[Judged]], test_sets: Sequence[frozenset[RecordingKey]]) -> bool:
    """Tell whether two or more settings were each tested on every test set."""
    return len(groups) > 1 and all(
        {frozenset(each.recordings) for each in group} == set(test_sets) for group in groups
    )


def _choose_labels(firsts: Sequence[Experiment], design: Design) -> list[str]:
    if design is Design.SEEDS:
        return [f"{each.name}, seed {each.seed}" for each in firsts]
    names = [each.name for each in firsts]
    return [
        name if names.count(name) == 1 else f"{name} (experiment {each.id})"
        for name, each in zip(names, firsts, strict=True)
    ]


def explain_difference(judged: Sequence[Judged]) -> str:
    """Return which test recordings the first experiment and the first unlike it do not share."""
    first = judged[0]
    other = next(each for each in judged if each.recordings.keys() != first.recordings.keys())
    here, there = first.signals, other.signals
    shared = here.keys() & there.keys()
    names = [f"'{each.experiment.name}' (experiment {each.experiment.id})" for each in (first, other)]
    relabelled = [here[sha256][1] for sha256 in shared if here[sha256][0] != there[sha256][0]]
    words = [f"{names[0]} and {names[1]} were not tested on the same recordings."]
    if relabelled:
        words.append(f"Labelled otherwise: {_enumerate(relabelled)}.")
    for name, mine, theirs in ((names[0], here, there), (names[1], there, here)):
        only = [mine[sha256][1] for sha256 in mine.keys() - theirs.keys()]
        if only:
            words.append(f"Only {name} was tested on {_enumerate(only)}.")
    words.append(
        f"They share {len(shared)} test signals. Train both on the same split; or, to compare settings over "
        "several test sets, choose experiments so that the same settings are tested on each of them."
    )
    return " ".join(words)


def _enumerate(names: Iterable[str]) -> str:
    """Return the first names and how many more there are.

    >>> _enumerate(["d", "c", "b", "a"])
    'a, b, c and 1 more'
    """
    ordered = sorted(names)
    more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
    return ", ".join(ordered[:_NAMED]) + more
