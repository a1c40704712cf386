from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc

from layouts.components import experiment_explain, xai_answer, xai_atlas, xai_form, xai_kept, xai_what_if
from layouts.pages import xai as page
from tests.factories import explained
from tests.unit.layouts.tree import find_text, list_components


def list_links(component: Any) -> list[str]:
    return [each.href for each in list_components(component) if getattr(each, "href", None)]


def list_tones(component: Any, tone: str) -> list[str]:
    badges = [
        each for each in list_components(component) if f"tag-{tone}" in str(getattr(each, "className", ""))
    ]
    return [find_text(each) for each in badges]


def test_what_cannot_apply_is_disabled_and_says_why() -> None:
    options = xai_form.build_method_options(explained.make_methods()["methods"])
    assert [each["disabled"] for each in options] == [False, False, True]
    assert "no convolution over time" in find_text(options[2]["label"])
    assert "adds up" in find_text(options[0]["label"])


def test_a_baseline_that_cannot_be_is_disabled_with_its_reason() -> None:
    methods = explained.make_methods()
    built = xai_form.build_option_fields(
        methods["methods"][0], methods["signal_options"], methods["baselines"]
    )
    fields = {
        each.id["index"]: each
        for each in list_components(built)
        if isinstance(getattr(each, "id", None), dict)
    }
    assert set(fields) == {"trust", "start_s", "baseline", "n_steps"}
    assert fields["baseline"].options[1]["disabled"]
    assert "no healthy class" in fields["baseline"].options[1]["label"]
    assert (fields["trust"].value, fields["n_steps"].value, fields["start_s"].value) == ("true", "64", "")
    assert isinstance(fields["n_steps"], dbc.Input)


def test_passed_checks_stand_beside_every_plot_in_green() -> None:
    summary = explained.make_explanation()["summary"]
    strip = dbc.Container(xai_answer.build_trust_strip(summary, ("time",)))
    assert list_tones(strip, "success") == ["Infidelity 0.25", "Deletion 0.25", "Randomised weights 0.25"]
    assert "Don't rest" not in find_text(strip)


def test_a_plot_over_frequency_has_the_checks_over_frequency() -> None:
    trust = [
        explained.make_check("deletion"),
        explained.make_check("deletion", passes=False, axis="frequency"),
    ]
    summary = explained.make_explanation(trust=trust)["summary"]
    assert "Don't rest" not in find_text(dbc.Container(xai_answer.build_trust_strip(summary, ("time",))))
    assert "Don't rest" in find_text(dbc.Container(xai_answer.build_trust_strip(summary, ("frequency",))))


def test_a_failed_check_is_red_beside_every_plot_and_in_the_gist() -> None:
    explanation = explained.make_explanation(failed=("randomised_weights",))
    strip = dbc.Container(xai_answer.build_trust_strip(explanation["summary"], ("time",)))
    assert list_tones(strip, "danger") == ["Randomised weights 0.25"]
    assert "Don't rest on this plot: it fails randomised weights." in find_text(strip)
    gist = xai_answer.build_headline(explanation, "Integrated gradients")
    assert list_tones(gist, "danger") == ["fails 1 of 3 checks: don't rest on it"]
    table = dbc.Container(xai_answer.build_details(explanation, None))
    red = [each for each in list_components(table) if getattr(each, "className", "") == "trust-failed"]
    assert ["Randomised weights" in find_text(each) for each in red] == [True]


def test_a_check_that_cannot_be_made_is_neither_green_nor_red() -> None:
    summary = explained.make_explanation(
        trust=[explained.make_check("randomised_weights", passes=None, value=None)]
    )
    strip = dbc.Container(xai_answer.build_trust_strip(summary["summary"], ("time",)))
    assert list_tones(strip, "neutral") == ["Randomised weights"]
    assert list_tones(strip, "success") == []


def test_trust_that_was_not_measured_is_said() -> None:
    explanation = explained.make_explanation(trust=[])
    explanation["summary"]["headline"] |= {"trusted": None}
    assert "not checked" in find_text(xai_answer.build_headline(explanation, "Occlusion"))
    assert "Trust was not checked" in find_text(
        dbc.Container(xai_answer.build_trust_strip(explanation["summary"], ("time",)))
    )


def test_bands_and_their_control_stand_side_by_side() -> None:
    explanation = explained.make_explanation(agreement=explained.make_agreement(passes=False))
    details = dbc.Container(xai_answer.build_details(explanation, "/signals/1/3?channel=DE"))
    text = find_text(details)
    assert "30.00 5.00 2.00 to 9.00 above the control" in text
    assert "no more than chance" in text
    assert "random weights scores 0.01, -0.02" in text
    notes = [
        each for each in list_components(details) if "note-danger" in str(getattr(each, "className", ""))
    ]
    assert "Physics agreement for inner race: 0.3 (0.2 to 0.4)" in find_text(notes[0])
    assert list_links(details) == ["/signals/1/3?channel=DE", "/diagnose?signal=12", "/experiment/5"]


def test_another_class_than_the_answer_names_both() -> None:
    explanation = explained.make_explanation(target_class="healthy")
    text = " ".join(find_text(xai_answer.build_headline(explanation, "Occlusion")).split())
    assert "Why healthy" in text
    assert "The answer is inner race" in text


def test_an_explanation_of_an_earlier_classifier_is_marked() -> None:
    explanation = {**explained.make_explanation(), "current": False}
    assert "another classifier by now" in find_text(xai_answer.build_headline(explanation, "Occlusion"))


def test_windows_are_told_apart_by_their_time() -> None:
    options = xai_answer.build_window_options(explained.make_explanation()["summary"])
    assert [each["value"] for each in options] == ["0", "1"]
    assert options[1]["label"] == "5.000 – 6.000 s: inner race 90.0 %"


def test_orders_without_a_speed_are_refused_in_words() -> None:
    summary = explained.make_explanation(shaft={"frequency_hz": None, "source": "Unknown."})["summary"]
    assert "the shaft speed is not known" in xai_answer.describe_axis(summary, "frequency", asked=True)
    assert "1\u202f500 – 2\u202f250 Hz" in xai_answer.describe_axis(summary, "envelope", asked=False)
    assert xai_answer.describe_axis(summary, "nothing", asked=True) == ""


def test_a_failed_explanation_says_why() -> None:
    job = explained.make_job(state="failed", error="The recording is too short.")
    assert "The recording is too short." in find_text(xai_answer.build_failed(job))
    assert "without a result" in find_text(xai_answer.build_failed(None))


def test_a_what_if_names_what_turns_the_answer_and_what_was_left_out() -> None:
    summary = explained.make_what_if()
    table = find_text(xai_what_if.build_what_if_table(summary))
    assert "1X 24 – 26 20.0 % at -20 dB 90.0 % 95.0 % at +10 dB healthy  at -20 dB" in table
    assert table.endswith("no")
    assert "3X: It lies beyond the spectrum." in find_text(xai_what_if.build_what_if_words(summary))
    assert [each["value"] for each in xai_what_if.list_curves(summary)] == ["every", "1x", "2x"]


def test_a_single_band_is_shown_for_every_class_at_once() -> None:
    summary = explained.make_what_if()
    assert [
        each["value"] for each in xai_what_if.list_curves({**summary, "bands": summary["bands"][:1]})
    ] == ["1x"]


def test_the_atlas_leads_to_each_recording_and_marks_what_is_wrong() -> None:
    atlas = explained.make_atlas()
    tables = dbc.Container(xai_atlas.build_atlas_tables(atlas))
    assert list_links(tables) == [
        f"/xai?experiment=5&signal={number}&method=integrated_gradients" for number in (12, 13)
    ]
    text = find_text(tables)
    assert "30.00 (20.00 to 40.00) 5.00 above the control" in text
    assert "10.00 5.00 too few" in text
    assert "Features, mean attribution (log-probability): Time features +0.25." in text
    assert "wrong" in list_tones(tables, "danger")
    words = find_text(xai_atlas.build_atlas_words(atlas))
    assert "4 recordings of the test part explained, 1 left out." in words
    assert "short: It is too short." in words


def test_kept_explanations_reopen_and_can_be_forgotten_by_engineers_only() -> None:
    headers = [
        explained.make_header(),
        explained.make_header(method="what_if", explanation_id=10, current=False),
        explained.make_header(signal_id=None, part="test", recording=None, explanation_id=11),
        explained.make_header(is_done=False, headline=None, job=explained.make_job(state="failed")),
    ]
    built = xai_kept.build_kept(headers, 9, {"integrated_gradients": "Integrated gradients"}, may_write=False)
    links = list_links(built)
    assert links[0] == "/xai?experiment=5&method=integrated_gradients&signal=12&explanation=9"
    assert links[2] == "/xai?experiment=5&method=integrated_gradients&part=test&tab=classes"
    text = find_text(built)
    assert "What if" in text
    assert "earlier classifier" in text
    assert "failed" in text
    assert "4 of 9, the newest first." in text
    buttons = [each for each in list_components(built) if isinstance(each, dbc.Button)]
    assert [each.disabled for each in buttons] == [True] * 4


def test_an_address_with_a_part_alone_is_about_the_classes() -> None:
    def open_tab(**query: str) -> str:
        layout = page.build_layout(**query)
        return next(each.data for each in list_components(layout) if getattr(each, "id", None) == "xai-tabs")

    assert open_tab() == "recording"
    assert open_tab(part="test") == "classes"
    assert open_tab(part="test", signal="3") == "recording"
    assert open_tab(part="test", tab="kept") == "kept"


def test_the_tab_of_an_experiment_lists_what_applies_and_what_is_kept() -> None:
    methods = explained.make_methods()["methods"]
    built = experiment_explain.build_content(5, methods, [explained.make_header()])
    text = find_text(built)
    assert "BPFI 30.0 % (random 5.0 %)" in text
    assert "LSTM has no convolution over time." in text
    links = list_links(built)
    assert "/xai?experiment=5&method=occlusion" in links
    assert "/xai?experiment=5&method=gradcam" not in links
    waiting = find_text(experiment_explain.build_not_trained("running"))
    assert "still being trained" in waiting
