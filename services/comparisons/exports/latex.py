"""A report as LaTeX: a document of its own whose tables can be copied into a paper."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.comparisons.exports.report import Report, Section, Table

_PREAMBLE = r"""\documentclass[10pt,a4paper%(orientation)s]{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
\else
  \usepackage{fontspec}
\fi
\usepackage[margin=18mm]{geometry}
\usepackage{booktabs,float,graphicx,longtable}
\begin{document}
"""
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': r"\textquotedbl{}",
    "–": "--",
    "∞": r"$\infty$",
    "·": r"\textperiodcentered{}",
    "\N{NARROW NO-BREAK SPACE}": r"\,",
    "\N{NO-BREAK SPACE}": "~",
}
_LONG_ROWS = 30
_WIDE_COLUMNS = 5


def escape_latex(text: str) -> str:
    r"""Return text that LaTeX shows as it is; line ends become spaces.

    >>> escape_latex("50 % of a_b & {c}")
    '50 \\% of a\\_b \\& \\{c\\}'
    """
    return "".join(_SPECIAL.get(char, char) for char in re.sub(r"[\s\x00-\x1f]+", " ", text))


def write_latex(report: Report) -> str:
    """Return the whole document; it compiles with pdfLaTeX, XeLaTeX and LuaLaTeX.

    Names in other scripts than Latin need one of the latter two.
    """
    head = _PREAMBLE % {"orientation": ",landscape" if report.is_wide else ""}
    facts = "\n".join(
        rf"\item[{{{escape_latex(name)}}}] {escape_latex(value)}" for name, value in report.facts
    )
    body = "\n".join(_write_section(section) for section in report.sections)
    title = rf"\section*{{{escape_latex(report.title)}}}"
    lists = f"\\begin{{description}}\n{facts}\n\\end{{description}}"
    return f"{head}{title}\n{lists}\n{body}\n\\end{{document}}\n"


def _write_section(section: Section) -> str:
    parts = [rf"\subsection*{{{escape_latex(section.title)}}}"]
    items = [
        *section.sentences,
        *(f"{'Warning: ' if level != 'info' else ''}{words}" for level, words in section.warnings),
    ]
    if items:
        said = "\n".join(rf"\item {{}}{escape_latex(words)}" for words in items)
        parts.append(f"\\begin{{itemize}}\n{said}\n\\end{{itemize}}")
    parts += [_write_table(table) for table in section.tables]
    return "\n".join(parts)


def _write_table(table: Table) -> str:
    columns = "l" * table.n_texts + "r" * (len(table.headers) - table.n_texts)
    head = _write_row(table.headers)
    rows = "\n".join(_write_row(row) for row in table.rows)
    caption = rf"\caption{{{escape_latex(table.title)}}}"
    note = f"\n\\par\\smallskip{{\\footnotesize {escape_latex(table.note)}}}" if table.note else ""
    if len(table.rows) > _LONG_ROWS:
        return (
            f"{{\\small\n\\begin{{longtable}}{{{columns}}}\n{caption}\\\\\n\\toprule\n{head}\n\\midrule\n"
            f"\\endhead\n{rows}\n\\bottomrule\n\\end{{longtable}}\n}}{note}"
        )
    body = f"\\toprule\n{head}\n\\midrule\n{rows}\n\\bottomrule"
    tabular = f"\\begin{{tabular}}{{{columns}}}\n{body}\n\\end{{tabular}}"
    if len(table.headers) > _WIDE_COLUMNS:
        tabular = f"\\resizebox{{\\linewidth}}{{!}}{{%\n{tabular}%\n}}"
    return f"\\begin{{table}}[H]\n\\centering\\small\n{caption}\n{tabular}{note}\n\\end{{table}}"


def _write_row(cells: Sequence[str]) -> str:
    return " & ".join(f"{{{escape_latex(cell)}}}" for cell in cells) + r" \\"
