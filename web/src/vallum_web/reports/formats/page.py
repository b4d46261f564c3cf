"""The report for people: one HTML file that asks nobody for anything, to read on a screen and to print."""

from collections.abc import Sequence
from importlib.resources import files

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from vallum_web.findings.files.row import About, Row
from vallum_web.findings.files.selection import Summary

MOST_WORST = 10
content_type = "text/html; charset=utf-8"


def written(about: About, summary: Summary, rows: Sequence[Row]) -> bytes:
    worst = sorted(rows, key=lambda row: -row.finding.risk)[:MOST_WORST]
    context = {"about": about, "summary": summary, "rows": rows, "worst": worst, "style": _style()}
    return render_to_string("reports/report.html", context).encode()


def _style() -> str:
    """The page's own sheet, and the platform's tokens: a file on its own cannot link to either."""
    tokens = (files("vallum_web.ui") / "static" / "ui" / "tokens.css").read_text("utf-8")
    sheet = (files("vallum_web.reports") / "report.css").read_text("utf-8")
    return mark_safe(f"<style>\n{tokens}\n{sheet}</style>")  # noqa: S308 - two files of ours, and nothing of anybody's
