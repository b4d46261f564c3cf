"""The report for people on paper: the HTML report's content as a PDF, with links, page numbers, title and language.

Its letters are those that every reader of PDF has (Helvetica and Courier, Windows-1252), so no font is shipped. What they do
not have stands as its number, as in [U+4E2D]: legible, the same everywhere, and never a box that hides what it is.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from vallum_engine.model.text import printable
from vallum_web.findings.files.row import About, Row, severity
from vallum_web.findings.files.selection import Summary
from vallum_web.reports.formats.page import MOST_WORST

content_type = "application/pdf"
MOST_LETTERS = 300
"""Of one text in a cell: a row is never taller than a page. The finding's page has all of it."""
MOST_STEPS = 5
WITHOUT_A_TITLE = "Without a title"
_INK, _FAINT, _LINE = HexColor("#1a1d21"), HexColor("#5a626c"), HexColor("#c9ced4")
_FILLS = {"critical": "#740a39", "high": "#b8300f", "medium": "#8a6100", "low": "#26689e", "info": "#5f6268"}
_TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=9, leading=12, textColor=_INK, splitLongWords=1)
_CELL = ParagraphStyle("cell", parent=_TEXT, fontSize=8, leading=10)
_TITLE = ParagraphStyle("title", parent=_TEXT, fontName="Helvetica-Bold", fontSize=18, leading=24)
_HEAD = ParagraphStyle(
    "head", parent=_TEXT, fontName="Helvetica-Bold", fontSize=12, leading=16, spaceBefore=8, spaceAfter=4
)
_GRID = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ]
)
_WIDTH = A4[0] - 30 * mm
_MARGIN = 15 * mm - 6  # the frame has six points of its own


def written(about: About, summary: Summary, rows: Sequence[Row]) -> bytes:
    file = BytesIO()
    title = f"Findings of {about.org}"
    document = SimpleDocTemplate(
        file, pagesize=A4, title=_letters(title), author=_letters(about.org), creator="Vallum", lang="en",
        displayDocTitle=1, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=18 * mm, bottomMargin=18 * mm,
    )  # fmt: skip

    def frame(canvas: Any, at: Any) -> None:
        canvas.saveState()
        canvas.setFont("Helvetica", 8)
        canvas.setFillColor(_FAINT)
        canvas.drawString(15 * mm, A4[1] - 12 * mm, _letters(title, 90))
        canvas.drawRightString(A4[0] - 15 * mm, A4[1] - 12 * mm, f"{about.at:%Y-%m-%d %H:%M} UTC")
        canvas.drawRightString(A4[0] - 15 * mm, 10 * mm, f"Page {at.page}")
        canvas.restoreState()

    document.build([*_cover(about, summary, title), *_worst(rows), *_all(rows)], onFirstPage=frame, onLaterPages=frame)
    return file.getvalue()


def _cover(about: About, summary: Summary, title: str) -> list[Any]:
    parts = [
        Paragraph(_told(title), _TITLE),
        Paragraph(f"<link href={quoteattr(about.url)}>{_told(about.words)}</link>", _TEXT),
        Paragraph(f"{summary.total:,} findings, as of {about.at:%Y-%m-%d %H:%M} UTC.", _TEXT),
        *([Paragraph(_told(about.note, 2000), _TEXT)] if about.note else []),
        Paragraph("By severity", _HEAD),
        _bars(summary),
    ]
    if summary.assets:
        lines = [[_cell(name), _cell(f"{number:,}")] for name, number in summary.assets]
        parts += [Paragraph("By asset", _HEAD), _table(["Asset", "Findings"], lines, [_WIDTH - 60, 60])]
    if summary.more_assets:
        parts.append(Paragraph(f"And {summary.more_assets:,} further assets.", _TEXT))
    return parts


def _bars(summary: Summary) -> Drawing:
    """How many of each severity, the number beside the bar."""
    most = max(summary.severities.values(), default=0) or 1
    drawing = Drawing(_WIDTH, 16 * len(summary.severities))
    for place, (name, number) in enumerate(reversed(list(summary.severities.items()))):
        y = 16 * place
        drawing.add(String(0, y + 4, name.capitalize(), fontName="Helvetica", fontSize=9, fillColor=_INK))
        length = (_WIDTH - 130) * number / most
        drawing.add(Rect(60, y + 1, length, 11, fillColor=HexColor(_FILLS[name]), strokeColor=None))
        drawing.add(String(66 + length, y + 4, f"{number:,}", fontName="Helvetica", fontSize=9, fillColor=_INK))
    return drawing


def _worst(rows: Sequence[Row]) -> list[Any]:
    worst = sorted(rows, key=lambda row: -row.finding.risk)[:MOST_WORST]
    lines = []
    for row in worst:
        steps = (row.finding.data.get("remediation") or {}).get("steps") or ()
        steps = steps[:MOST_STEPS]
        text = "<br/>".join(_told(each) for each in (row.finding.message, *steps))
        lines.append([_severity(row), Paragraph(f"{_title(row)}<br/>{text}", _CELL), _cell(str(row.finding.risk))])
    return (
        [Paragraph("What matters most", _HEAD), _table(["Severity", "Finding", "Risk"], lines, [52, _WIDTH - 92, 40])]
        if lines
        else []
    )


def _all(rows: Sequence[Row]) -> list[Any]:
    head = [Spacer(0, 4), Paragraph("All of them", _HEAD)]
    if not rows:
        return [*head, Paragraph("Nothing matches these filters.", _TEXT)]
    lines = [
        [
            _severity(row),
            Paragraph(
                f"{_title(row)}<br/>{_told(f'{row.finding.package} {row.finding.path}:{row.finding.line}'.strip())}",
                _CELL,
            ),
            _cell(row.asset),
            _cell(str(row.finding.risk)),
            _cell(_state(row)),
        ]
        for row in rows
    ]
    widths = [52, _WIDTH - 262, 90, 30, 90]
    return [*head, _table(["Severity", "Finding", "Asset", "Risk", "State"], lines, widths)]


def _state(row: Row) -> str:
    hidden = f": {row.decision.get_reason_display().lower()}" if row.decision else ""
    until = f" until {row.decision.until:%Y-%m-%d}" if row.decision and row.decision.until else ""
    return f"{row.finding.get_status_display()}{hidden}{until}"


def _table(head: Sequence[str], lines: list[list[Any]], widths: list[float]) -> LongTable:
    """Its head stands on every page, and no row is cut."""
    names = [Paragraph(f"<b>{name}</b>", _CELL) for name in head]
    return LongTable([names, *lines], colWidths=widths, repeatRows=1, splitByRow=1, style=_GRID)


def _severity(row: Row) -> Paragraph:
    name = severity(row.finding)
    return Paragraph(f'<font color="{_FILLS[name]}"><b>{name.capitalize()}</b></font>', _CELL)


def _title(row: Row) -> str:
    return f"<link href={quoteattr(row.url)}><b>{_told(row.finding.title or row.finding.rule or WITHOUT_A_TITLE)}</b></link>"


def _cell(text: str) -> Paragraph:
    return Paragraph(_told(text), _CELL)


def _told(text: str, most: int = MOST_LETTERS) -> str:
    return escape(_letters(text, most))


def _letters(text: str, most: int = MOST_LETTERS) -> str:
    """The text in the letters there are, cut with a mark where it is longer."""
    shown = "".join(letter if _has(letter) else f"[U+{ord(letter):04X}]" for letter in printable(text[: most + 1]))
    return shown if len(shown) <= most else f"{shown[:most]}…"


def _has(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
