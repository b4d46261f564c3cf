"""A report to where the person wants it: a way to write it, a file, a platform."""

import os
import sys
from collections.abc import Mapping

from vallum import output
from vallum.cli.plainly import Given
from vallum.errors import Misuse
from vallum.progress import Progress
from vallum_engine.model.report import Report
from vallum_engine.plugins import load
from vallum_engine.values import immutable

FORMATS = ("table", "json", "sarif", "wire", "openvex", "cyclonedx-vex")
# Loaded when asked for: each run needs one.
_RENDERERS: Mapping[str, str] = {
    "cyclonedx-vex": "vallum_engine.reports.vex:render_cyclonedx",
    "json": "vallum_engine.reports.json:render",
    "openvex": "vallum_engine.reports.vex:render_openvex",
    "sarif": "vallum_engine.reports.sarif:render",
    "table": "vallum_engine.reports.table:render",
    "wire": "vallum_engine.wire:dump",
}
_STATING = ("openvex", "cyclonedx-vex")
"""What says when it was written, and by whom."""


@immutable
class Delivery:
    """Where a report goes, and how it is written."""

    format: str = "table"
    output: str = ""
    upload: str = ""
    asset: str = ""
    author: str = ""


def asked(given: Given, *, why_asset: str) -> Delivery:
    """What the options ask for. Raises Misuse when an upload and its asset do not come together."""
    if given.asset and not given.upload:
        raise Misuse("--asset names the asset of an upload: add --upload URL.")
    if given.upload and not given.asset.strip():
        raise Misuse(f"--upload needs --asset NAME: {why_asset}")
    if given.author and given.format not in _STATING:
        raise Misuse(f"--author goes with --format {' or '.join(_STATING)}.")
    return Delivery(
        format=given.format,
        author=given.author,
        output="" if given.output == "-" else given.output,
        upload=given.upload,
        asset=given.asset.strip(),
    )


def prepare(delivery: Delivery) -> None:
    """Before the work: without a token an upload would be in vain. Raises Misuse."""
    if delivery.upload:
        load("vallum.upload:token")()


def deliver(report: Report, delivery: Delivery, shown: Progress) -> None:
    """Write the report, and send it if asked. Raises ClientError when it did not arrive."""
    data = _rendered(report, delivery)
    shown.done()
    output.deliver(data, delivery.output)
    if delivery.upload:
        wire = data if delivery.format == "wire" else load(_RENDERERS["wire"])(report)
        receipt = load("vallum.upload:send")(delivery.upload, delivery.asset, wire)
        shown.tell(f"Uploaded: {receipt.status_url}")


def _rendered(report: Report, delivery: Delivery) -> bytes:
    render = load(_RENDERERS[delivery.format])
    data: bytes
    if delivery.format == "table":
        terminal = not delivery.output and sys.stdout is not None and sys.stdout.isatty()
        data = render(report, width=_width(terminal=terminal), colour=terminal and not os.environ.get("NO_COLOR"))
    elif delivery.format in _STATING:
        data = render(report, at=load("vallum.advisories.moments:written")(), author=delivery.author)
    else:
        data = render(report)
    return data


def _width(*, terminal: bool) -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns if terminal else 100
    except OSError:
        return 100
