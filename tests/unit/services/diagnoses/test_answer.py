"""An answer says what the open-set rule measured, and whether the verdict follows it."""

from __future__ import annotations

from core.evidence.verdict import Opinion, Standing
from services.diagnoses.answer import describe_strangeness
from services.reports.origin_parts import build_opinion
from tests.factories.diagnoses import build_both_answer

FOUND = {"rejected": True, "sentence": "The distance passes 3."}


def make_opinion(standing: Standing) -> Opinion:
    return Opinion({"healthy": 0.1, "ball": 0.9}, standing, is_rejected=True)


def test_a_rule_from_elsewhere_is_measured_but_not_followed() -> None:
    for standing in (Standing.ELSEWHERE, Standing.ELSEWHERE_READS_ORDERS):
        told = describe_strangeness(FOUND, make_opinion(standing))
        assert told is not None
        assert (told["rejected"], told["followed"]) == (True, False)
        assert told["sentence"].startswith("The distance passes 3. ")
        assert "measured, but not followed, as it was trained elsewhere" in told["sentence"]
    for standing in (Standing.HOME, Standing.UNKNOWN_ORIGIN):
        assert describe_strangeness(FOUND, make_opinion(standing)) == {**FOUND, "followed": True}
    assert describe_strangeness(None, make_opinion(Standing.HOME)) is None


def test_a_report_says_of_a_rejection_whether_it_was_followed() -> None:
    def word_open_set(*, rejected: bool, followed: bool) -> str:
        answer = build_both_answer(open_set={**FOUND, "followed": followed})
        answer["opinion"] |= {"rejected": rejected}
        return str(build_opinion(answer))

    assert "the recording looks unlike what it has learned" in word_open_set(rejected=True, followed=True)
    elsewhere = word_open_set(rejected=False, followed=False)
    assert "not followed, as it was trained elsewhere" in elsewhere
    assert "not followed" not in word_open_set(rejected=False, followed=True)
