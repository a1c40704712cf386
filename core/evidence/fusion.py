"""Physical evidence and a classifier's opinion become one verdict.

Probabilities are pooled by the normalised geometric mean with equal weights (log-linear opinion pool; Genest
and Zidek, "Combining probability distributions", Statistical Science 1(1), 1986): the odds between two
classes lie between those that either side gives, while a product of both would count what they have in common
twice.

Who may decide what does not follow from the probabilities alone. Evidence comes from geometry and speed and
holds on any rig; a classifier that was trained on another machine decides nothing, and one that reads lines
by order may there contradict but not decide; neither calls a recording unknown, as all of another machine
looks strange to it. Where nothing tells whether it was trained on this machine, it
may decide beside evidence that does not, but not without any. Where both may speak and differ, nothing is
named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from core.evidence import wording
from core.evidence.findings import Decision, Evidence
from core.evidence.recording_check import RecordingCheck
from core.evidence.verdict import FROM_ELSEWHERE, DecidedBy, Opinion, Standing, Status, Verdict, agree
from utils.constants import HEALTHY_CLASS

# A class is named only where it is likelier than all others together.
_MAJORITY: Final = 0.5
# Neither side is taken to be surer than this of what is not: a single nought would silence the other.
_LEAST: Final = 1e-4

_POOLED = "Probabilities are the normalised geometric mean of evidence and classifier, with equal weights."
_LINES_ONLY = "The physical evidence decides by itself."
_LINES_OPEN = "The physical evidence decides nothing, and no classifier judged the recording."
_NO_MAJORITY = "A class is named only where it is likelier than all others together."
_UNSUPPORTED = (
    "Undecided lines leave to the classifier only a class that they do not find less likely than others."
)
_UNLEARNED = "A classifier can't contradict a class that it has not learned."
_STRANGER = "Without physical evidence a classifier decides only where it was trained."
_FOREIGN = "A classifier that was trained on another machine or bearing decides nothing here."
_NOT_FOLLOWED = (
    "That its open-set rule rejects the recording was measured, but not followed, as it was trained "
    "elsewhere."
)


def list_probabilities(evidence: Evidence) -> dict[str, float]:
    """Return the evidence's probability of each class of the machine's kind, healthy first."""
    faults = {finding.fault_class: finding.probability for finding in evidence.faults}
    return {HEALTHY_CLASS: evidence.healthy_probability, **faults}


def pool(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    """Pool two opinions, each of which may know classes that the other does not.

    Over the classes that both know: the normalised geometric mean. What either gives to classes of its own is
    kept, weighted by the probability that the other does not name one of its own.

    Parameters
    ----------
    first, second
        Probabilities by class, each summing to 1.

    Returns
    -------
    dict
        Probabilities of all classes, summing to 1; those of ``first`` come first.

    Examples
    --------
    >>> {name: round(share, 3) for name, share in pool({"a": 0.9, "b": 0.1}, {"a": 0.5, "b": 0.5}).items()}
    {'a': 0.75, 'b': 0.25}
    """
    shared = [name for name in first if name in second]
    if not shared:
        return dict(first)
    first_shared, second_shared = (sum(each[name] for name in shared) for each in (first, second))
    means = {name: (max(first[name], _LEAST) * max(second[name], _LEAST)) ** 0.5 for name in shared}
    scale = first_shared * second_shared / sum(means.values())
    pooled = {
        **{name: means[name] * scale if name in means else first[name] * second_shared for name in first},
        **{name: second[name] * first_shared for name in second if name not in means},
    }
    total = sum(pooled.values())
    return {name: share / total for name, share in pooled.items()} if total > 0.0 else dict(first)


def temper(shares: Mapping[str, float], temperature: float | None) -> dict[str, float]:
    """Divide log-probabilities by a temperature; None leaves them as they are.

    >>> {name: round(share, 3) for name, share in temper({"a": 0.75, "b": 0.25}, 0.5).items()}
    {'a': 0.9, 'b': 0.1}
    """
    if temperature is None:
        return dict(shares)
    highest = max(shares.values())
    powers = {name: (share / highest) ** (1.0 / temperature) for name, share in shares.items()}
    total = sum(powers.values())
    return {name: power / total for name, power in powers.items()}


def fuse(
    evidence: Evidence | None,
    opinion: Opinion | None,
    *,
    missing: str = "",
    check: RecordingCheck | None = None,
) -> Verdict:
    """Make one verdict.

    Parameters
    ----------
    evidence
        What the lines say; None where they could not be read.
    opinion
        What a classifier says; None where none was asked.
    missing
        Why there is no evidence, a sentence; only read where there is none.
    check
        What speaks against this being a recording of a machine; what does not pass wins over all else.

    Returns
    -------
    Verdict
        Only a diagnosed one names a class.
    """
    if check is not None and not check.is_passed:
        return _refuse(check)
    if opinion is not None and opinion.is_rejected and not opinion.follows_rejection:
        verdict = _decide(evidence, replace(opinion, is_rejected=False), missing)
        return replace(verdict, rule=f"{verdict.rule} {_NOT_FOLLOWED}")
    return _decide(evidence, opinion, missing)


def _decide(evidence: Evidence | None, opinion: Opinion | None, missing: str) -> Verdict:
    """Ask those who may speak; a rejection that is left counts."""
    if evidence is None or evidence.decision is Decision.REFUSED:
        reason = missing if evidence is None else evidence.reason
        return _ask_classifier(opinion, reason) if opinion is not None else _give_up(reason)
    if opinion is None:
        return _read_lines(evidence)
    if evidence.decision is Decision.UNDECIDED:
        return _weigh_undecided(evidence, opinion)
    return _compare(evidence, opinion)


# --- one side only ---------------------------------------------------------------------------------------


def _refuse(check: RecordingCheck) -> Verdict:
    refused = check.decision is Decision.REFUSED
    return Verdict(
        Status.REFUSED if refused else Status.UNDECIDED,
        fault_class=None,
        nearest_class=None,
        confidence=None,
        probabilities={},
        decided_by=DecidedBy.CHECKS,
        sentence=(wording.word_refused if refused else wording.word_undecided)(check.reason),
        rule="A recording that is no vibration of a machine is never named a fault, whatever speaks for it.",
    )


def _give_up(reason: str) -> Verdict:
    return Verdict(
        Status.REFUSED,
        fault_class=None,
        nearest_class=None,
        confidence=None,
        probabilities={},
        decided_by=None,
        sentence=wording.word_refused(reason),
        rule="Without physical evidence and without a classifier there is nothing to decide by.",
    )


def _read_lines(evidence: Evidence) -> Verdict:
    probabilities = list_probabilities(evidence)
    if evidence.decision is Decision.UNDECIDED:
        return _leave_open(probabilities, wording.word_undecided(evidence.reason), _LINES_OPEN)
    return _name(
        _get_class(evidence), probabilities, DecidedBy.EVIDENCE, wording.word_evidence(evidence), _LINES_ONLY
    )


def _ask_classifier(opinion: Opinion, reason: str) -> Verdict:
    """No line could be read."""
    if opinion.is_rejected:
        return _call_unknown(opinion)
    if opinion.standing is not Standing.HOME:
        is_foreign = opinion.standing is not Standing.UNKNOWN_ORIGIN
        why = "it was trained on another machine or bearing" if is_foreign else wording.UNKNOWN_ORIGIN
        sentence = (
            f"the classifier says {wording.word_opinion(opinion)}, but {why}, and there is no physical "
            f"evidence: {reason}"
        )
        rule = _FOREIGN if is_foreign else _STRANGER
        return _leave_open(opinion.probabilities, wording.word_undecided(sentence), rule)
    rule = "The classifier decides by itself; no physical evidence was gathered."
    if opinion.confidence <= _MAJORITY:
        return _leave_open(opinion.probabilities, _word_minority(opinion.probabilities), _NO_MAJORITY)
    return _name(
        opinion.fault_class,
        opinion.probabilities,
        DecidedBy.CLASSIFIER,
        wording.word_alone(opinion, reason),
        rule,
    )


# --- both ------------------------------------------------------------------------------------------------


def _weigh_undecided(evidence: Evidence, opinion: Opinion) -> Verdict:
    """The lines decide nothing: a classifier may, unless it is from elsewhere or no class has a majority."""
    if opinion.is_rejected:
        return _call_unknown(opinion)
    if opinion.standing in FROM_ELSEWHERE:
        rule = f"The physical evidence decides nothing. {_FOREIGN}"
        sentence = wording.word_undecided(evidence.reason)
        return _leave_open(list_probabilities(evidence), sentence, rule)
    probabilities = _pool_comparable(evidence, opinion)
    if not _is_supported(evidence, opinion):
        rule = f"{_UNSUPPORTED} {_POOLED}"
        sentence = wording.word_undecided(evidence.reason)
        return _leave_open(probabilities, sentence, rule, _list_contradictions(evidence, opinion))
    rule = f"The classifier decides, as the physical evidence does not. {_POOLED}"
    if probabilities.get(opinion.fault_class, 0.0) <= _MAJORITY:
        rule = f"The physical evidence decides nothing. {_NO_MAJORITY} {_POOLED}"
        return _leave_open(probabilities, wording.word_undecided(evidence.reason), rule)
    return _name(
        opinion.fault_class,
        probabilities,
        DecidedBy.CLASSIFIER,
        wording.word_alone(opinion, evidence.reason),
        rule,
    )


def _compare(evidence: Evidence, opinion: Opinion) -> Verdict:
    """The lines name a fault, or show none."""
    found = _get_class(evidence)
    agrees = agree(found, opinion.fault_class)
    if opinion.is_rejected and (agrees or not opinion.rejects_by_evidence):
        return _meet_stranger(evidence, opinion)
    if agrees:
        return _unite(evidence, opinion)
    if opinion.standing is Standing.ELSEWHERE:
        return _overrule(evidence, opinion, "it was trained on another machine or bearing", _FOREIGN)
    if found not in opinion.probabilities:
        why = f"it has never learned {wording.name_class(found)}"
        return _overrule(evidence, opinion, why, _UNLEARNED)
    if evidence.decision is Decision.HEALTHY and _is_own_class(evidence, opinion):
        return _believe_own_class(evidence, opinion)
    probabilities = _pool_comparable(evidence, opinion)
    if opinion.confidence <= _MAJORITY < probabilities[found]:
        return _name(
            found,
            probabilities,
            DecidedBy.EVIDENCE,
            wording.word_overruled(evidence, opinion, "it has no majority for any class"),
            f"{_LINES_ONLY} A classifier without a majority contradicts nothing. {_POOLED}",
            _list_contradictions(evidence, opinion),
        )
    return _leave_open(
        probabilities,
        wording.word_conflict(evidence, opinion),
        f"Where evidence and classifier differ, nothing is named. {_POOLED}",
        _list_contradictions(evidence, opinion),
    )


def _unite(evidence: Evidence, opinion: Opinion) -> Verdict:
    """Both name the same, or one a part of what the other names."""
    if opinion.standing is Standing.ELSEWHERE:
        probabilities, found = list_probabilities(evidence), _get_class(evidence)
        rule, by = f"{_LINES_ONLY} {_FOREIGN}", DecidedBy.EVIDENCE
    else:
        probabilities = _pool_comparable(evidence, opinion)
        found = max((_get_class(evidence), opinion.fault_class), key=lambda name: probabilities[name])
        rule, by = f"Evidence and classifier agree. {_POOLED}", DecidedBy.BOTH
    against = () if opinion.fault_class == _get_class(evidence) else _list_contradictions(evidence, opinion)
    if by is DecidedBy.BOTH and probabilities[found] <= _MAJORITY:
        return _leave_open(probabilities, _word_minority(probabilities), rule, against)
    sentence = wording.word_agreement(evidence, opinion)
    return _name(found, probabilities, by, sentence, rule, against)


def _overrule(evidence: Evidence, opinion: Opinion, why: str, rule: str) -> Verdict:
    return _name(
        _get_class(evidence),
        list_probabilities(evidence),
        DecidedBy.EVIDENCE,
        wording.word_overruled(evidence, opinion, why),
        f"{_LINES_ONLY} {rule}",
        _list_contradictions(evidence, opinion),
    )


def _meet_stranger(evidence: Evidence, opinion: Opinion) -> Verdict:
    """Nothing like it was learned: lines of a fault stand nevertheless, the lack of them proves nothing."""
    if evidence.decision is Decision.HEALTHY:
        return _call_unknown(opinion)
    remark = (
        "The recording looks unlike what the classifier has learned; its classes may not hold what it shows."
    )
    against = (f"{remark} {opinion.rejection}".strip(),)
    return _name(
        _get_class(evidence),
        list_probabilities(evidence),
        DecidedBy.EVIDENCE,
        wording.word_evidence(evidence),
        f"{_LINES_ONLY} The classifier calls the recording unknown.",
        against,
    )


def _believe_own_class(evidence: Evidence, opinion: Opinion) -> Verdict:
    """No line of a known fault, and a class that lines say nothing of."""
    probabilities = _pool_comparable(evidence, opinion)
    rule = f"The physical evidence knows nothing of this class; the classifier decides. {_POOLED}"
    if probabilities[opinion.fault_class] <= _MAJORITY:
        rule = f"The physical evidence knows nothing of this class. {_NO_MAJORITY} {_POOLED}"
        return _leave_open(probabilities, _word_minority(probabilities), rule)
    return _name(
        opinion.fault_class,
        probabilities,
        DecidedBy.CLASSIFIER,
        wording.word_alone(opinion, evidence.reason),
        rule,
    )


def _pool_comparable(evidence: Evidence, opinion: Opinion) -> dict[str, float]:
    return temper(pool(list_probabilities(evidence), opinion.probabilities), opinion.pooled_temperature)


def _is_supported(evidence: Evidence, opinion: Opinion) -> bool:
    """Tell whether undecided lines leave a class to a classifier.

    They do where they say nothing of it, or give it at least an even share of all classes, and where it is a
    fault find none likelier.
    """
    shares = list_probabilities(evidence)
    share = shares.pop(opinion.fault_class, None)
    if share is None:
        return True
    shares.pop(HEALTHY_CLASS, None)
    is_likeliest = opinion.fault_class == HEALTHY_CLASS or share >= max(shares.values(), default=0.0)
    return is_likeliest and share >= 1.0 / (len(evidence.faults) + 1)


def _is_own_class(evidence: Evidence, opinion: Opinion) -> bool:
    return opinion.fault_class not in list_probabilities(evidence)


def _get_class(evidence: Evidence) -> str:
    return HEALTHY_CLASS if evidence.fault_class is None else evidence.fault_class


def _list_contradictions(evidence: Evidence, opinion: Opinion) -> tuple[str, ...]:
    return (wording.word_contradiction(evidence, opinion),)


# --- verdicts --------------------------------------------------------------------------------------------


def _name(
    fault_class: str,
    probabilities: Mapping[str, float],
    decided_by: DecidedBy,
    sentence: str,
    rule: str,
    contradictions: tuple[str, ...] = (),
) -> Verdict:
    return Verdict(
        Status.DIAGNOSED,
        fault_class,
        fault_class,
        probabilities[fault_class],
        dict(probabilities),
        decided_by,
        sentence,
        rule,
        contradictions,
    )


def _leave_open(
    probabilities: Mapping[str, float], sentence: str, rule: str, contradictions: tuple[str, ...] = ()
) -> Verdict:
    return _end_open(Status.UNDECIDED, probabilities, sentence, rule, contradictions)


def _call_unknown(opinion: Opinion) -> Verdict:
    """Unlike all that was learned: the nearest class, and its probability, are the classifier's own."""
    rule = "The classifier's open-set rule rejects the recording, and no line of a fault speaks for one."
    rule = f"{rule} {opinion.rejection}".strip()
    sentence = wording.word_unknown(opinion)
    return _end_open(Status.UNKNOWN, opinion.probabilities, sentence, rule, ())


def _end_open(
    status: Status,
    probabilities: Mapping[str, float],
    sentence: str,
    rule: str,
    contradictions: tuple[str, ...],
) -> Verdict:
    leaning = max(probabilities, key=lambda name: probabilities[name])
    return Verdict(
        status,
        None,
        leaning,
        probabilities[leaning],
        dict(probabilities),
        None,
        sentence,
        rule,
        contradictions,
    )


def _word_minority(probabilities: Mapping[str, float]) -> str:
    ranked = sorted(probabilities, key=lambda name: -probabilities[name])[:2]
    shown = ", ".join(
        f"{wording.name_class(name)} {wording.format_share(probabilities[name])}" for name in ranked
    )
    return wording.word_undecided(f"no class is likelier than all others together ({shown}).")
