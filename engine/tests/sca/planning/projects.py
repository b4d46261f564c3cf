"""Small projects as files, their plan, and what a scan says of them once the plan was carried out."""

import json

from vallum_engine.model.file import File
from vallum_engine.pipeline import scan
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.sca.planning.keeper import Keeper
from vallum_engine.sca.planning.plan import plan
from vallum_engine.triggers import collect


def files_of(texts):
    """Files from texts, from bytes, and from what is written as JSON."""
    return {path: File(path, text if isinstance(text, bytes) else _text(text).encode()) for path, text in texts.items()}


def _text(content):
    return content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"


def scanned(advisories, files):
    """The report, the detector that made it, and the files that were kept."""
    detector, keeper = PackageDetector(advisories), Keeper()
    both = [detector, keeper]
    report = scan(files.values(), both, triggers=collect(both).fallback())
    return report, detector, keeper


def planned(advisories, texts, **more):
    report, detector, keeper = scanned(advisories, files_of(texts))
    return plan(report.findings, detector.inventory, files=keeper.files, advisories=advisories, **more)


def patched(made, texts):
    """The texts with the plan's edits in them."""
    files = files_of(texts)
    for patch in made.patches:
        assert files[patch.path].data == patch.before
        files[patch.path] = File(patch.path, patch.after)
    return {path: file.data for path, file in files.items()}


def rules(advisories, texts):
    """The advisories that a scan finds."""
    report, _, _ = scanned(advisories, files_of(texts))
    return sorted(finding.rule for finding in report.findings)
