"""What a network needs beside the signals, what a fine-tuning may begin with, and how many windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.networks.registry import get_network_spec
from core.networks.specs import NetworkSpec
from core.training.conditions import build_conditions
from core.training.conditions import check_turns as check_conditions_turns
from core.training.preprocessing import Preprocessing
from models.experiment import Experiment
from models.job import Job, JobState
from models.recording import Signal
from models.split import Split, SplitMember
from services.experiments.ensembles import describe_members
from services.experiments.material import PARTS, MaterialRow, choose_analysis_rate
from utils.exceptions import ConflictError, InvalidInputError, NotFoundError

SHAFT_SPEED, FAULT_ORDERS = "shaft_speed", "fault_orders"
_LEARNED = ("train", "validation")
_UNTOLD = "whether that learned from these recordings can't be checked any more."


# --- needs -----------------------------------------------------------------------------------------------


def find_needs(spec: NetworkSpec, options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what must be known of the machine; a classical model's features may need more than itself."""
    if spec.family == "network":
        return spec.needs
    from core.training.front_ends import choose_front_end  # loads the features: only where they are asked of

    return tuple(dict.fromkeys((*spec.needs, *choose_front_end(options).needs)))


def check_needs(rows: Sequence[MaterialRow], needs: Sequence[str], title: str) -> None:
    """Refuse signals of whose machine something is not known that a model needs.

    Raises:
        InvalidInputError: The sentence says what is missing, of how many, and what to do.
    """
    for need in needs:
        lacking = [row for row in rows if not _knows(row, need)]
        if lacking:
            raise InvalidInputError(_word_need(need, title, lacking, len(rows)))


def check_turns(
    rows: Sequence[MaterialRow], spec: NetworkSpec, options: Mapping[str, Any], window_s: float
) -> None:
    """Refuse windows that hold too few turns of the slowest shaft for a model; speeds are known by now.

    Raises:
        InvalidInputError: The sentence says how long a window must be.
    """
    fewest_turns = spec.fewest_turns
    if spec.family == "classical":
        from core.training.front_ends import choose_front_end  # loads the features: only where asked of

        fewest_turns = max(fewest_turns, choose_front_end(options).fewest_turns)
    if fewest_turns:
        conditions = np.stack([build_conditions(row.recording.shaft_speed_rpm) for row in rows])
        check_conditions_turns(conditions, window_s, fewest_turns)


def _knows(row: MaterialRow, need: str) -> bool:
    if need == SHAFT_SPEED:
        return row.recording.shaft_speed_rpm is not None
    return row.fault_orders is not None


def _word_need(need: str, title: str, lacking: Sequence[MaterialRow], n_rows: int) -> str:
    first = lacking[0]
    share = f"{len(lacking)} of {n_rows} signals lack it, for example {first.describe()}"
    if need == SHAFT_SPEED:
        return (
            f"{title} needs the shaft speed of every recording: {share}. Enter it with Edit on the dataset's "
            "page, or choose another model."
        )
    bearing = first.signal.bearing.designation if first.signal.bearing else None
    why = f"the geometry of '{bearing}' is not known" if bearing else "no bearing is named"
    return (
        f"{title} needs the bearing's fault orders for every signal: {share} ({why}). Name the bearing with "
        "Edit on the dataset's page, or enter its geometry in the signal viewer; or choose another model."
    )


def list_missing(rows: Sequence[MaterialRow]) -> dict[str, int]:
    """Return of how many signals each thing is not known that some network needs."""
    return {need: sum(not _knows(row, need) for row in rows) for need in (SHAFT_SPEED, FAULT_ORDERS)}


# --- windows ---------------------------------------------------------------------------------------------


def count_windows(rows: Sequence[MaterialRow], options: Mapping[str, Any]) -> dict[str, int]:
    """Return how many windows each part is cut into, before anything is read."""
    rate_hz, window_s = choose_analysis_rate(list(rows), dict(options)), float(options["window_s"])
    cut = Preprocessing(rate_hz, window_s, float(options.get("hop_s") or window_s / 2))
    counts = dict.fromkeys(PARTS, 0)
    for row in rows:
        signal = row.signal
        share = rate_hz / signal.sample_rate_hz if cut.needs_resampling(signal.sample_rate_hz) else 1.0
        n_samples = int(np.ceil(signal.n_samples * share))
        n_windows = max((n_samples - cut.window_samples) // cut.hop_samples + 1, 0)
        counts[row.part] = counts.get(row.part, 0) + n_windows
    return counts


# --- fine-tuning -----------------------------------------------------------------------------------------


def check_parent(
    session: Session,
    parent_id: int,
    split: Split,
    network: str,
    options: Mapping[str, Any],
    class_names: Sequence[str],
) -> list[str]:
    """Check that a training may begin with the weights of another one; return what to be aware of.

    Raises:
        NotFoundError: There is no such experiment.
        ConflictError: It is in the trash, has no classifier, or has learned from recordings that are to test.
        InvalidInputError: Its weights don't fit.
    """
    parent = session.get(Experiment, parent_id)
    if parent is None:
        raise NotFoundError(f"There is no experiment {parent_id} to begin with.")
    if parent.trashed_at is not None:
        raise ConflictError(f"'{parent.name}' is in the trash; restore it first.")
    job = session.get_one(Job, parent.job_id)
    if job.state != JobState.DONE or parent.classifier_sha256 is None:
        raise ConflictError(f"'{parent.name}' has not finished its training; there is nothing to begin with.")
    _check_fit(parent, network, options, class_names)
    splits = [each.split_id for each in _list_line(session, parent)]
    n_tested = _count_learned(session, splits, split, tests=True)
    if n_tested:
        raise ConflictError(
            f"'{parent.name}' has learned from {n_tested} of the test recordings of this split: its test "
            "accuracy would show nothing. Choose the split that it was trained on, or another start."
        )
    return _list_cautions(session, parent, splits, split)


def _check_fit(
    parent: Experiment, network: str, options: Mapping[str, Any], class_names: Sequence[str]
) -> None:
    spec = get_network_spec(network)
    if spec.family != "network":
        raise InvalidInputError(f"{spec.title} has no weights to begin with: it is grown from features.")
    if parent.network != network:
        raise InvalidInputError(
            f"'{parent.name}' is of the kind {get_network_spec(parent.network).title}: its weights fit no "
            f"{spec.title}."
        )
    if parent.class_names != list(class_names):
        raise InvalidInputError(
            f"'{parent.name}' knows the classes {', '.join(parent.class_names)}; this split has "
            f"{', '.join(class_names)}. A fine-tuning keeps its classes."
        )
    for name in spec.own_options:
        if name in parent.options and parent.options[name] != options[name]:
            raise InvalidInputError(
                f"'{parent.name}' was built with {name} = {parent.options[name]}, not {options[name]}: its "
                "weights don't fit."
            )


def _list_line(session: Session, parent: Experiment) -> list[Experiment]:
    """Return an experiment with all from which it was trained in turn.

    Raises:
        ConflictError: One is gone; nobody can tell what it had learned from.
    """
    line, is_whole = _walk_line(session, parent)
    if not is_whole:
        raise ConflictError(
            f"'{line[-1].name}' began with an experiment that has been deleted: what it has learned from "
            "can't be checked any more. Choose another start."
        )
    return line


def _walk_line(session: Session, experiment: Experiment) -> tuple[list[Experiment], bool]:
    """Return an experiment with all from which it was trained in turn, and whether none of them is gone."""
    line = [experiment]
    while line[-1].parent_id is not None:
        older = session.get(Experiment, line[-1].parent_id)
        if older is None:
            return line, False
        line.append(older)
    return line, True


def list_learned_splits(session: Session, experiment: Experiment) -> tuple[list[int], list[str]]:
    """Return the splits that an experiment has learned from, its own first, and what can't be told any more.

    What it was trained from in turn has learned for it, and so have an ensemble's members.
    """
    splits: dict[int, None] = {experiment.split_id: None}
    unknown: list[str] = []
    for member_id in (None, *(describe_members(experiment) or ())):
        member = experiment if member_id is None else session.get(Experiment, member_id)
        if member is None:
            unknown.append(f"Experiment {member_id}, a member, has been deleted: {_UNTOLD}")
            continue
        line, is_whole = _walk_line(session, member)
        splits |= {each.split_id: None for each in line}
        if not is_whole:
            unknown.append(f"What '{line[-1].name}' began with has been deleted: {_UNTOLD}")
    return list(splits), unknown


def _count_learned(session: Session, learned: Sequence[int], split: Split, *, tests: bool) -> int:
    """Return how many recordings of a split's test or validation parts were learned from before."""
    seen = select(SplitMember.signal_sha256).where(
        SplitMember.split_id.in_(learned), SplitMember.part.in_(_LEARNED)
    )
    heard = (
        select(Signal.recording_id)
        .join(SplitMember, SplitMember.signal_id == Signal.id)
        .where(SplitMember.split_id.in_(learned), SplitMember.part.in_(_LEARNED))
    )
    part = SplitMember.part.startswith("test") if tests else SplitMember.part == "validation"
    found = session.scalars(
        select(Signal.recording_id)
        .join(SplitMember, SplitMember.signal_id == Signal.id)
        .where(
            SplitMember.split_id == split.id,
            part,
            or_(SplitMember.signal_sha256.in_(seen), Signal.recording_id.in_(heard)),
        )
        .distinct()
    )
    return len(found.all())


def _list_cautions(session: Session, parent: Experiment, splits: Sequence[int], split: Split) -> list[str]:
    n_chosen = 0 if split.id in splits else _count_learned(session, splits, split, tests=False)
    if not n_chosen:
        return []
    return [
        f"'{parent.name}' has learned from {n_chosen} of the validation recordings: the best epoch is chosen "
        "on recordings it knows. The test recordings are new to it."
    ]
