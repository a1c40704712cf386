"""A report as PDF: HTML of our own making, for WeasyPrint to lay out."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from services.comparisons.exports.report import Figure, Report, Section, Table
from services.shared.pdf import print_pdf

_STYLE = """
@page { size: A4 %(orientation)s; margin: 16mm 15mm 18mm;
  @bottom-left { content: "LSTM-PFD · comparison of trainings";
    font: 8pt "Liberation Sans", "DejaVu Sans", sans-serif; color: #56616F }
  @bottom-right { content: counter(page) " / " counter(pages);
    font: 8pt "Liberation Sans", "DejaVu Sans", sans-serif; color: #56616F } }
body { font-family: "Liberation Sans", "DejaVu Sans", sans-serif; font-size: 9pt; line-height: 1.35;
  color: #1B2430 }
h1 { font-size: 16pt; margin: 0 0 4mm } h2 { font-size: 12pt; margin: 6mm 0 2mm; break-after: avoid }
dl { margin: 0 } dl div { display: flex } dt { width: 26mm; color: #56616F } dd { margin: 0; flex: 1 }
p, ul { margin: 0 0 2mm } ul { padding-left: 5mm }
.warning { border-left: 2pt solid #D55E00; padding-left: 2mm }
.info { border-left: 2pt solid #0072B2; padding-left: 2mm }
figure { margin: 3mm 0; break-inside: avoid } figcaption, caption { text-align: left; font-weight: bold;
  margin-bottom: 1mm; caption-side: top; break-after: avoid } svg { max-width: 100%% }
table { border-collapse: collapse; width: 100%%; margin: 2mm 0 1mm; font-size: 8pt }
table.small { break-inside: avoid } thead { display: table-header-group } tr { break-inside: avoid }
th, td { padding: 0.8mm 1.4mm; text-align: right; border-bottom: 0.3pt solid #B9C1CC; vertical-align: top }
th.word, td.word { text-align: left; overflow-wrap: break-word }
td.word:first-child { min-width: 22mm } thead th { border-bottom: 0.8pt solid #1B2430 }
.note { color: #56616F; font-size: 7.5pt; margin-bottom: 3mm }
"""
_SMALL_ROWS = 20


def write_pdf(report: Report) -> bytes:
    """Return the report as a PDF.

    Raises:
        MissingDependencyError: WeasyPrint, or a system library it needs, is not there.
    """
    return print_pdf(write_html(report), instead="CSV and LaTeX work.")


def write_html(report: Report) -> str:
    """Return the report as one HTML document without any reference to the outside."""
    style = _STYLE % {"orientation": "landscape" if report.is_wide else "portrait"}
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in report.facts
    )
    sections = "".join(_write_section(section) for section in report.sections)
    title = escape(report.title)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{style}</style></head><body><h1>{title}</h1><dl>{facts}</dl>{sections}</body></html>"
    )


def _write_section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>"]
    if section.sentences:
        parts.append(f"<ul>{_join(f'<li>{escape(words)}</li>' for words in section.sentences)}</ul>")
    parts += [f'<p class="{escape(level)}">{escape(words)}</p>' for level, words in section.warnings]
    parts += [_write_table(table) for table in section.tables]
    parts += [_write_figure(figure) for figure in section.figures]
    return f"<section>{_join(parts)}</section>"


def _write_table(table: Table) -> str:
    head = _join(_write_cell("th", index, text, table) for index, text in enumerate(table.headers))
    rows = _join(
        f"<tr>{_join(_write_cell('td', index, text, table) for index, text in enumerate(row))}</tr>"
        for row in table.rows
    )
    small = ' class="small"' if len(table.rows) <= _SMALL_ROWS else ""
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    caption = f"<caption>{escape(table.title)}</caption>"
    return f"<table{small}>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}"


def _write_cell(tag: str, index: int, text: str, table: Table) -> str:
    kind = ' class="word"' if index < table.n_texts else ""
    return f"<{tag}{kind}>{escape(text)}</{tag}>"


def _write_figure(figure: Figure) -> str:
    return f"<figure><figcaption>{escape(figure.title)}</figcaption>{figure.svg}</figure>"


def _join(parts: Iterable[str]) -> str:
    return "".join(parts)
