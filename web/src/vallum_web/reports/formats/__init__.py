"""The formats of exports, each by its id. The report for people is no stream of lines: `page.py` writes it whole."""

from collections.abc import Mapping

from vallum_web.findings.files.row import Format
from vallum_web.findings.files.sarif import Sarif
from vallum_web.reports.formats.document import Json, Ndjson
from vallum_web.reports.formats.openvex import OpenVex
from vallum_web.reports.formats.table import Csv
from vallum_web.reports.formats.vex import CycloneDx

STREAMED: Mapping[str, Format] = {
    "csv": Csv(),
    "json": Json(),
    "ndjson": Ndjson(),
    "sarif": Sarif(),
    "cyclonedx": CycloneDx(),
    "openvex": OpenVex(),
}
