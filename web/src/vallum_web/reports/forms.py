from django import forms

from vallum_web.reports.models import Export

_FOR = {
    Export.Format.CSV: "CSV, for a spreadsheet",
    Export.Format.HTML: "HTML report, to read and to print",
    Export.Format.PDF: "PDF report, to hand on",
    Export.Format.JSON: "JSON, one document",
    Export.Format.NDJSON: "NDJSON, a finding a line",
    Export.Format.SARIF: "SARIF 2.1.0, for code hosts and editors",
    Export.Format.CYCLONEDX: "CycloneDX 1.6 VEX, for who uses the software",
    Export.Format.OPENVEX: "OpenVEX 0.2.0 of one asset, for scanners",
}


class ExportForm(forms.Form):
    """In which format a list is wanted."""

    format = forms.ChoiceField(label="As", choices=[(key.value, label) for key, label in _FOR.items()])
