"""The sentences of a verdict: what the lines allow to say ("consistent with"), never more.

The manner is that of ISO 13379-1: a diagnosis lists what was found for and against each fault, and its
wording follows the strength of what was found.
"""

from __future__ import annotations

from core.evidence.findings import Decision, Evidence, FaultFinding
from core.evidence.verdict import Opinion
from utils.constants import HEALTHY_CLASS

UNKNOWN_ORIGIN = "nothing tells whether it was trained on this machine or bearing"


def name_class(fault_class: str) -> str:
    """Return a class as a person reads it.

    >>> name_class("inner_race")
    'inner race'
    """
    return fault_class.replace("_", " ")


def name_finding(fault_class: str) -> str:
    """Return what a class is in a sentence.

    >>> name_finding("healthy"), name_finding("ball")
    ('no fault', 'a fault of the class ball')
    """
    return "no fault" if fault_class == HEALTHY_CLASS else f"a fault of the class {name_class(fault_class)}"


def format_share(share: float) -> str:
    """Return a probability in whole percent, never rounded to certainty.

    >>> format_share(0.874), format_share(0.9999), format_share(0.0001)
    ('87 %', 'above 99 %', 'below 1 %')
    """
    if share > 0.99:
        return "above 99 %"
    return "below 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def word_opinion(opinion: Opinion) -> str:
    """Return what the classifier says, as a part of a sentence."""
    return f"{name_class(opinion.fault_class)} ({format_share(opinion.confidence)})"


def word_evidence(evidence: Evidence) -> str:
    """Return what the lines say by themselves."""
    leading = find_leading(evidence)
    return leading.sentence if leading is not None and leading.sentence else evidence.reason


def find_leading(evidence: Evidence) -> FaultFinding | None:
    """Return the findings on the fault that was decided; None where none was."""
    if evidence.decision is not Decision.FAULT:
        return None
    return next((each for each in evidence.faults if each.fault_class == evidence.fault_class), None)


def word_alone(opinion: Opinion, reason: str) -> str:
    """Return a verdict that rests on the classifier only; ``reason`` says why the lines do not help."""
    said = (
        "the classifier finds no fault that it has learned"
        if opinion.fault_class == HEALTHY_CLASS
        else f"of the classes that it has learned, the classifier names {name_class(opinion.fault_class)}"
    )
    return f"{_begin(said)}. The physical evidence neither confirms nor contradicts it: {_end(reason)}"


def word_agreement(evidence: Evidence, opinion: Opinion) -> str:
    """Return a verdict on which both agree."""
    return f"{_end(word_evidence(evidence))} The classifier agrees: {word_opinion(opinion)}."


def word_overruled(evidence: Evidence, opinion: Opinion, why: str) -> str:
    """Return a verdict of the lines that a classifier does not share; ``why`` it does not count."""
    return f"{_end(word_evidence(evidence))} The classifier says {word_opinion(opinion)}; {why}."


def word_conflict(evidence: Evidence, opinion: Opinion) -> str:
    """Return a verdict that names nothing, because both differ."""
    found = HEALTHY_CLASS if evidence.fault_class is None else evidence.fault_class
    return (
        f"Undecided: the physical evidence is consistent with {name_finding(found)}, the classifier names "
        f"{word_opinion(opinion)}."
    )


def word_undecided(reason: str) -> str:
    """Return a verdict that names nothing, with its reason."""
    return f"Undecided: {_lower(_end(reason))}"


def word_unknown(opinion: Opinion) -> str:
    """Return a verdict on a recording that is unlike everything learned."""
    return (
        "Unknown: this recording looks unlike what the classifier has learned. Nearest to it is "
        f"{name_class(opinion.fault_class)}."
    )


def word_refused(reason: str) -> str:
    """Return a verdict on what is no vibration to diagnose, or where nothing could be asked."""
    return f"No diagnosis: {_lower(_end(reason))}"


def word_contradiction(evidence: Evidence, opinion: Opinion) -> str:
    """Return in which way evidence and classifier differ."""
    return f"{_begin(_word_lines(evidence))}, but the classifier says {word_opinion(opinion)}."


def _word_lines(evidence: Evidence) -> str:
    sure = format_share(evidence.probability)
    if evidence.decision is Decision.HEALTHY:
        return f"the lines show no fault of the machine's known ones ({sure})"
    if evidence.fault_class is not None:
        return f"the lines are consistent with {name_finding(evidence.fault_class)} ({sure})"
    shares = {HEALTHY_CLASS: evidence.healthy_probability}
    shares |= {fault.fault_class: fault.probability for fault in evidence.faults}
    nearest = max(shares, key=lambda name: shares[name])
    return f"the lines are undecided, nearest to {name_finding(nearest)} ({format_share(shares[nearest])})"


def _begin(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    """Begin in lower case, unless the first word is an abbreviation or a name such as BPFO."""
    is_plain = len(text) > 1 and text[0].isupper() and (text[1].islower() or text[1] == " ")
    return text[0].lower() + text[1:] if is_plain else text


def _end(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
