"""A comparison as a report of sections, paragraphs, tables and figures; the formats render it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.comparisons.differences import write_value
from services.comparisons.exports import drawings
from services.comparisons.wording import format_p, format_points

MOST_DISAGREEMENTS = 60
_NONE = "–"
_DESIGNS = {
    "recordings": "trainings on the same test recordings",
    "seeds": "seeds of one training on the same test recordings",
    "folds": "settings over several test sets",
}
_CURVES = (
    ("train_loss", "Training loss (nats)"),
    ("validation_loss", "Validation loss (nats)"),
    ("validation_recording_accuracy", "Validation accuracy, recording-level"),
)

Comparison = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of text; ``n_texts`` columns from the left are words, the others numbers."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    n_texts: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing as SVG, with what it shows in words."""

    title: str
    svg: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what is below it; ``warnings`` are ``(level, sentence)``."""

    title: str
    sentences: Sequence[str] = ()
    warnings: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[Figure] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The whole."""

    title: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section] = field(default_factory=list)
    is_wide: bool = False


def build_report(found: Comparison) -> Report:
    """Return a comparison of `services.comparisons.assembly` as a report."""
    sections = [
        Section("What this says", found["reading"], _list_warnings(found)),
        _build_overview(found),
        _build_statistics(found),
        _build_classes(found),
        _build_curves(found),
        _build_settings(found),
        _build_disagreements(found),
        _build_provenance(found),
    ]
    return Report(
        f"Comparison of {len(found['contestants'])} {_DESIGNS[found['design']]}",
        [
            *[("Tested on", _describe_test_set(each)) for each in found["test_sets"]],
            *[(each["letter"], _describe_contestant(each)) for each in found["contestants"]],
            ("Compared at", found["compared_at"].replace("T", " ")[:16] + " UTC"),
        ],
        [section for section in sections if section is not None],
        is_wide=len(found["contestants"]) > 5,
    )


def _describe_test_set(each: Mapping[str, Any]) -> str:
    classes = ", ".join(f"{_name_class(name)} {n}" for name, n in each["classes"].items())
    return f"{each['name']}: {each['n_recordings']} recordings ({classes})"


def _describe_contestant(each: Mapping[str, Any]) -> str:
    seeds = ", ".join(map(str, each["seeds"]))
    return f"{each['label']} ({each['network_title']}, seed{'s' if len(each['seeds']) > 1 else ''} {seeds})"


def _list_warnings(found: Comparison) -> list[tuple[str, str]]:
    return [(each["level"], each["sentence"]) for each in found["warnings"]]


def _build_overview(found: Comparison) -> Section:
    best = found["best"]
    rows = []
    for each in found["contestants"]:
        level, letter = each["recording_level"], each["letter"]

        def mark(text: str, name: str, letter: str = letter) -> str:
            return f"{text} *" if letter in best[name] else text

        rows.append(
            [
                f"{letter}  {each['label']}",
                str(each["n_seeds"]),
                mark(_percent(level["accuracy"]), "recording_level.accuracy"),
                _interval(level["interval"]),
                _interval(level["seeds_interval"]),
                mark(_percent(level["macro_f1"]), "recording_level.macro_f1"),
                mark(_percent(level["ece"]), "recording_level.ece"),
                mark(_percent(each["window_level"]["accuracy"]), "window_level.accuracy"),
                mark(_percent(each["validation_accuracy"]), "validation_accuracy"),
                mark(_number(each["train_cpu_s"]), "train_cpu_s"),
            ]
        )
    headers = [
        *("Training", "Seeds", "Accuracy, recordings", "95 % over recordings", "95 % over seeds"),
        *("Macro F1, recordings", "ECE, recordings", "Accuracy, windows", "Validation, recordings", "CPU s"),
    ]
    note = (
        "* best in its column. Means over seeds; the interval over recordings is Wilson's, the one over "
        "seeds Student's (three seeds or more). Validation chose the epoch and flatters."
    )
    figure = Figure(
        "Recording-level test accuracy with its 95 % interval over recordings",
        drawings.draw_intervals(found["contestants"]),
    )
    return Section("Overview", tables=[Table("Test results", headers, rows, 1, note)], figures=[figure])


def _build_statistics(found: Comparison) -> Section:
    statistics = found["statistics"]
    if statistics["design"] == "folds":
        return _build_ranks(found)
    headers = [
        *("Pair", "Only first right", "Only second right", "McNemar", "Holm", "Difference, points"),
        *("Odds ratio", "Cohen's g", "Bootstrap, points"),
    ]
    rows = [
        [
            f"{pair['first']}\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}{pair['second']}",
            str(pair["only_first"]),
            str(pair["only_second"]),
            format_p(pair["p_value"]),
            format_p(pair["p_corrected"]) + (" *" if pair["differ"] else ""),
            _estimate(pair["risk_difference"], format_points),
            _estimate(pair["odds_ratio"], lambda value: f"{value:.2f}", infinite=pair["only_first"] > 0),
            _estimate(pair["cohens_g"], lambda value: f"{value:+.2f}"),
            _estimate(pair["bootstrap"], format_points),
        ]
        for pair in statistics["pairs"]
    ]
    note = (
        "* differ after Holm's correction (0.05). Exact two-sided McNemar test; differences with Tango's "
        "score interval; odds ratio and Cohen's g over discordant recordings with exact intervals. With "
        "several seeds these are of the answers that most seeds give; the paired bootstrap over recordings "
        "(10 000 draws) is of the mean over seeds. All intervals 95 %."
    )
    omnibus = statistics["omnibus"]
    sentences = []
    if omnibus and omnibus["statistic"] is not None:
        sentences.append(
            f"Cochran's Q = {omnibus['statistic']:.3f}, {omnibus['method']} {format_p(omnibus['p_value'])}; "
            f"{omnibus['n_discordant']} recordings tell the trainings apart."
        )
    return Section("Statistics", sentences, tables=[Table("Pairs", headers, rows, 1, note)])


def _build_ranks(found: Comparison) -> Section:
    statistics = found["statistics"]
    letters = statistics["letters"]
    rows = [
        [test_set["name"], *(_percent(value) for value in row)]
        for test_set, row in zip(found["test_sets"], statistics["accuracies"], strict=True)
    ]
    tables = [Table("Recording-level accuracy on each test set", ["Test set", *letters], rows)]
    figures = []
    friedman = statistics["friedman"]
    if friedman is not None:
        ranks = [[f"{friedman['mean_ranks'][letter]:.2f}" for letter in letters]]
        tables.append(Table("Mean ranks (1 is best)", ["", *letters], [["Mean rank", *ranks[0]]]))
        pairs = [
            [
                f"{pair['first']}\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}{pair['second']}",
                f"{pair['rank_difference']:+.2f}",
                format_p(pair["p_corrected"]) + (" *" if pair["differ"] else ""),
            ]
            for pair in friedman["pairs"]
        ]
        note = f"* differ; critical difference {friedman['critical_difference']:.2f} (Nemenyi, 0.05)."
        tables.append(Table("Nemenyi", ["Pair", "Difference of ranks", "p"], pairs, 1, note))
        figures.append(
            Figure(
                "Mean ranks; a bar joins those closer than the critical difference",
                drawings.draw_ranks(friedman["mean_ranks"], friedman["critical_difference"]),
            )
        )
    return Section("Statistics", tables=tables, figures=figures)


def _build_classes(found: Comparison) -> Section:
    names = list(dict.fromkeys(name for each in found["contestants"] for name in each["class_names"]))
    letters = [each["letter"] for each in found["contestants"]]
    tables = []
    for measure, title in (("recall", "Recall per class, recordings"), ("f1", "F1 per class, recordings")):
        rows = [
            [
                _name_class(name),
                *(_percent(_find_class(each, name, measure)) for each in found["contestants"]),
            ]
            for name in names
        ]
        tables.append(Table(title, ["Class", *letters], rows))
    tables += [_build_confusion(each) for each in found["contestants"]]
    return Section("Per class", tables=tables)


def _find_class(contestant: Mapping[str, Any], name: str, measure: str) -> float | None:
    found = (row[measure] for row in contestant["per_class"] if row["class_name"] == name)
    value: float | None = next(found, None)
    return value


def _build_confusion(contestant: Mapping[str, Any]) -> Table:
    names = [_name_class(name) for name in contestant["class_names"]]
    rows = [
        [name, *(str(count) for count in counts)]
        for name, counts in zip(names, contestant["confusion"], strict=True)
    ]
    seeds = f", {contestant['n_seeds']} seeds together" if contestant["n_seeds"] > 1 else ""
    title = f"Confusion of {contestant['letter']}, recordings{seeds} (rows: label, columns: answer)"
    return Table(title, ["Label", *names], rows)


def _build_curves(found: Comparison) -> Section | None:
    figures = [
        Figure(title, svg)
        for quantity, title in _CURVES
        if (svg := drawings.draw_curves(found["histories"], quantity)) is not None
    ]
    return Section("Learning curves", figures=figures) if figures else None


def _build_settings(found: Comparison) -> Section:
    rows = [
        [_name_setting(row["field"]), *(write_value(value) for value in row["values"])]
        for row in found["settings"]["different"]
    ]
    n_alike = len(found["settings"]["alike"])
    if not rows:
        return Section("Settings", [f"All {n_alike} settings are alike."])
    letters = [each["letter"] for each in found["contestants"]]
    headers = ["Setting", *letters]
    table = Table(
        "Settings that differ", headers, rows, len(headers), f"{n_alike} further settings are alike."
    )
    return Section("Settings", tables=[table])


def _build_disagreements(found: Comparison) -> Section:
    parts = found["disagreements"]
    sentence = (
        f"Of {parts['n']} test recordings, all are right on {parts['n_all_right']} and all are wrong on "
        f"{parts['n_all_wrong']}; the answers differ on {parts['n_differ']}."
    )
    rows = [
        [row["recording"], _name_class(row["target"]), *(_write_answer(each) for each in row["answers"])]
        for row in parts["rows"][:MOST_DISAGREEMENTS]
    ]
    if not rows:
        return Section("Where they disagree", [sentence])
    letters = [each["letter"] for each in found["contestants"]]
    headers = ["Recording", "Label", *letters]
    left = len(parts["rows"]) - len(rows)
    note = f"{left} more are in the CSV." if left > 0 else ""
    table = Table("Answers that differ or are all wrong", headers, rows, len(headers), note)
    return Section("Where they disagree", [sentence], tables=[table])


def _write_answer(answer: Mapping[str, Any]) -> str:
    seeds = f" ({answer['n_seeds_right']}/{answer['n_seeds']} right)" if answer["n_seeds"] > 1 else ""
    return f"{'' if answer['correct'] else 'wrong: '}{_name_class(answer['answer'])}{seeds}"


def _build_provenance(found: Comparison) -> Section:
    rows = [
        [
            each["letter"],
            str(classifier["experiment_id"]),
            str(classifier["seed"]),
            classifier["sha256"] or _NONE,
        ]
        for each in found["contestants"]
        for classifier in each["classifiers"]
    ]
    headers = ["Training", "Experiment", "Seed", "Classifier (SHA-256)"]
    return Section("Experiments", tables=[Table("Experiments and their classifiers", headers, rows, 4)])


def _name_class(name: str) -> str:
    return name.replace("_", " ")


def _name_setting(name: str) -> str:
    return name.removeprefix("options.").replace("_", " ")


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{100 * share:.1f} %"


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _interval(ends: Iterable[float] | None) -> str:
    return _NONE if ends is None else " – ".join(f"{100 * end:.1f}" for end in ends)


def _estimate(
    estimate: Mapping[str, float | None], write: Callable[[float], str], *, infinite: bool = False
) -> str:
    """Return "value [low, high]"; an end or value that does not exist is infinite or a dash."""
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    if value is None and low is None:
        return _NONE
    said = "∞" if value is None and infinite else _NONE if value is None else write(value)
    ends = [write(low) if low is not None else _NONE, write(high) if high is not None else "∞"]
    return f"{said} [{ends[0]}, {ends[1]}]"
