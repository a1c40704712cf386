"""Comparisons as files: a PDF that can be read, CSV with every number, LaTeX that is well formed."""

from __future__ import annotations

import csv
import io
import re
import sys

import numpy as np
import pypdfium2
import pytest

from services.comparison_service import ComparisonService
from services.comparisons.exports import drawings
from services.comparisons.exports.latex import escape_latex
from services.comparisons.exports.pdf import write_html, write_pdf
from services.comparisons.exports.report import Figure, Report, Section, Table
from tests.factories.comparisons import add_experiment, add_test_part, change

pytestmark = pytest.mark.usefixtures("database")

TARGETS = ["healthy"] * 20 + ["inner_race"] * 20
HOSTILE = "50% of {a_b} & <script>alert(1)</script> \\input{x} $^~#"


def add_three() -> list[int]:
    part = add_test_part("Rig_1 & co", TARGETS)
    forest = [
        add_experiment(part, change(TARGETS, seed, 39), name="=Forest", group="g", seed=seed)
        for seed in range(3)
    ]
    rest = [
        add_experiment(part, change(TARGETS, *range(10)), name=HOSTILE, network="cnn_lstm"),
        add_experiment(part, change(TARGETS, *range(0, 40, 3)), name="Third", options={"n_trees": 1}),
    ]
    return [*forest, *rest]


def add_folds() -> list[int]:
    ids = []
    for fold in range(3):
        part = add_test_part(f"Fold{fold}", TARGETS)
        for n_wrong, network in enumerate(("random_forest", "svm", "cnn_lstm"), start=fold):
            ids.append(add_experiment(part, change(TARGETS, *range(n_wrong)), network=network, name=network))
    return ids


def export(ids: list[int], kind: str) -> bytes:
    written = ComparisonService.export_comparison(ids, kind)
    assert written["success"], written["error"]
    content: bytes = written["content"]
    return content


def read_pdf(content: bytes) -> list[str]:
    with pypdfium2.PdfDocument(content) as document:
        return [page.get_textpage().get_text_bounded().replace("\r\n", " ") for page in document]


@pytest.mark.parametrize("add", [add_three, add_folds])
def test_the_pdf_says_what_the_comparison_says(add) -> None:
    ids = add()
    found = ComparisonService.get_comparison_data(ids)
    pages = read_pdf(export(ids, "pdf"))
    text = re.sub(r"\s+", " ", " ".join(pages))
    assert len(pages) >= 2
    assert pages[0].startswith("Comparison of 3")
    for sentence in [*found["reading"], *(each["sentence"] for each in found["warnings"])]:
        assert sentence in text
    assert f"1 / {len(pages)}" in text
    assert "Cochran's Q =" in text or "Nemenyi" in text


def test_a_name_that_looks_like_markup_is_text_in_the_pdf() -> None:
    pages = read_pdf(export(add_three(), "pdf"))
    assert "<script>alert(1)</script>" in pages[0]


def test_a_report_fetches_nothing_from_anywhere(tmp_path) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text y="9">leaked</text></svg>')
    image = (
        f'<svg><image href="{secret.as_uri()}" width="90" height="90"/></svg><img src="{secret.as_uri()}">'
    )
    page = " ".join(read_pdf(write_pdf(Report("T", [], [Section("S", figures=[Figure("F", image)])]))))
    assert "leaked" not in page
    assert "F" in page


def test_html_of_a_report_escapes_every_text() -> None:
    table = Table(HOSTILE, [HOSTILE], [[HOSTILE]], 1, HOSTILE)
    section = Section(HOSTILE, [HOSTILE], [("info", HOSTILE)], [table], [Figure(HOSTILE, "<svg/>")])
    assert "<script" not in write_html(Report(HOSTILE, [(HOSTILE, HOSTILE)], [section]))


def test_without_the_pdf_writer_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    written = ComparisonService.export_comparison(add_three(), "pdf")
    assert (written["success"], written["error_code"]) == (False, "missing_dependency")
    assert "install weasyprint" in written["error"]


def test_the_csv_holds_every_number_and_no_formula() -> None:
    ids = add_three()
    found = ComparisonService.get_comparison_data(ids)
    rows = list(csv.DictReader(io.StringIO(export(ids, "csv").decode())))
    labels = [row["value"] for row in rows if row["quantity"] == "label"]
    assert labels == ["'=Forest", HOSTILE, "Third"]
    p_values = {
        (row["training"], row["against"]): float(row["value"])
        for row in rows
        if row["quantity"] == "p_corrected"
    }
    assert p_values == {
        (pair["first"], pair["second"]): pair["p_corrected"] for pair in found["statistics"]["pairs"]
    }
    cells = [int(row["value"]) for row in rows if row["table"] == "confusion" and row["training"] == "B"]
    assert sum(cells) == 40
    settings = {row["quantity"] for row in rows if row["table"] == "setting"}
    assert {"network", "options.n_trees"} <= settings


def check_latex(text: str) -> None:
    """Check what a LaTeX run would stop at: braces, environments, columns, special characters."""
    bare = re.sub(r"\\[\\{}$&#%_]", "", text)
    depth = 0
    for char in bare:
        depth += (char == "{") - (char == "}")
        assert depth >= 0
    assert depth == 0
    open_environments: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            open_environments.append(name)
        else:
            assert open_environments.pop() == name
    assert open_environments == []
    for columns, body in re.findall(
        r"\\begin\{(?:tabular|longtable)\}\{([lr]+)\}(.*?)\\end\{", text, re.DOTALL
    ):
        rows = [row for row in body.split(r"\\") if "&" in row.replace(r"\&", "")]
        assert rows
        assert {row.replace(r"\&", "").count("&") for row in rows} == {len(columns) - 1}
    commands = set(re.findall(r"\\([a-zA-Z]+)", text))
    assert commands <= KNOWN_COMMANDS, commands - KNOWN_COMMANDS
    body = bare.partition(r"\begin{document}")[2]
    assert not re.search(r"[#~^_]", body)
    assert re.sub(r"%\n", "", body).count("%") == 0
    assert body.count("$") % 2 == 0


KNOWN_COMMANDS = {
    *(
        "documentclass",
        "usepackage",
        "ifPDFTeX",
        "else",
        "fi",
        "begin",
        "end",
        "section",
        "subsection",
        "item",
    ),
    *(
        "centering",
        "small",
        "caption",
        "toprule",
        "midrule",
        "bottomrule",
        "endhead",
        "resizebox",
        "linewidth",
    ),
    *("par", "smallskip", "footnotesize", "textbackslash", "textasciicircum", "textasciitilde", "textless"),
    *("textgreater", "textquotedbl", "textperiodcentered", "infty"),
}


@pytest.mark.parametrize("add", [add_three, add_folds])
def test_the_latex_is_well_formed(add) -> None:
    text = export(add(), "latex").decode()
    check_latex(text)
    assert text.startswith(r"\documentclass")
    assert "Recall per class, recordings" in text


def test_the_latex_check_sees_what_would_not_compile() -> None:
    good = (
        r"\documentclass{article}\begin{document}\begin{tabular}{lr}{a} & {b} \\\end{tabular}\end{document}"
    )
    check_latex(good)
    for broken in (
        good.replace("{a}", "{a"),
        good.replace("{lr}", "{lrr}"),
        good.replace(r"\end{tabular}", ""),
        good.replace("{a}", "{a_b}"),
        good.replace("{a}", r"{\input}"),
        good.replace("{a}", "{5 %}"),
    ):
        with pytest.raises((AssertionError, IndexError)):
            check_latex(broken)


def test_latex_shows_hostile_text_as_it_is() -> None:
    assert escape_latex("a\n\\b{c}") == r"a \textbackslash{}b\{c\}"
    check_latex(r"\begin{document}" + escape_latex(HOSTILE) + r"\end{document}")


def test_an_unknown_format_is_refused() -> None:
    assert ComparisonService.export_comparison([1, 2], "docx")["error_code"] == "invalid_input"


def test_curves_that_nobody_has_are_not_drawn() -> None:
    histories = [{"letter": "A", "epochs": [{"epoch": 1, "train_loss": None}]}]
    assert drawings.draw_curves(histories, "train_loss") is None
    histories[0]["epochs"] = [{"epoch": epoch, "train_loss": 1 / epoch} for epoch in (1, 2)]
    assert "polyline" in str(drawings.draw_curves(histories, "train_loss"))


def test_ticks_are_round_and_inside() -> None:
    for low, high in ((0.0, 0.031), (0.93, 1.0), (0.0, 37.0), (-2.0, 5.0)):
        ticks = drawings.choose_ticks(low, high)
        assert low - 1e-9 <= ticks[0]
        assert ticks[-1] <= high + 1e-9
        assert 3 <= len(ticks) <= 8
        assert np.ptp(np.diff(ticks)) < 1e-9
