"""Licences of real packages: what is declared, held to the texts that came with it."""

import os
from importlib.metadata import distributions
from pathlib import Path

import pytest

from vallum_engine.licenses import words
from vallum_engine.licenses.choices import together
from vallum_engine.licenses.files import Reader, is_licence
from vallum_engine.licenses.settle import beyond
from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles import extractor, format_of

DATA = Path(os.environ.get("VALLUM_TEST_DATA") or Path(__file__).parents[3] / "shared/data") / "lockfiles"

KNOWN_TO_DIFFER = {
    "Django": "it carries code of Python's",
    "cffi": "it says MIT in one release and MIT-0 in its text",
    "fido2": "it carries code under the Apache licence, and a list under Mozilla's",
    "librt": "it carries code of Python's and others'",
    "lxml": "it carries code under MIT",
    "mypy": "it carries code of Python's and others'",
    "pillow": "it carries libraries, with a list of their licences",
    "ruff": "it carries code of other linters, with a list of their licences",
    "types-PyYAML": "typeshed's file has two licences",
    "types-jsonschema": "typeshed's file has two licences",
    "typing_extensions": "its documents are under 0BSD",
}


def installed():
    for one in distributions():
        folder = Path(str(one._path))
        if (folder / "METADATA").is_file():
            yield folder


def test_installed_packages_declare_what_their_texts_say():
    checked, differing = 0, {}
    reader = Reader()
    for folder in installed():
        (package,) = extractor("distinfo")(File(f"{folder.name}/METADATA", (folder / "METADATA").read_bytes()))
        paths = [path for path in folder.rglob("*") if path.is_file() and is_licence(f"{folder.name}/{path.name}")]
        found = together([reader.read(File(path.as_posix(), path.read_bytes())) for path in sorted(paths)])
        declared = words.read(package.licence)
        if declared and declared.known and found:
            checked += 1
            if more := beyond(declared.expression, found):
                differing[package.name] = (package.licence, [str(term) for term in more])
    assert checked >= 60
    assert {name: told for name, told in differing.items() if name not in KNOWN_TO_DIFFER} == {}


@pytest.mark.skipif(not DATA.is_dir(), reason="no ../shared")
def test_what_real_lockfiles_declare_is_read():
    told, unread = 0, set()
    for path in sorted((DATA / "real").rglob("package-lock.json")):
        for package in extractor(format_of(path.name))(File(path.name, path.read_bytes())):
            said = words.read(getattr(package, "licence", ""))
            told += said is not None
            if said and not said.known:
                unread.add(package.licence)
    assert told >= 100
    assert unread == {"SEE LICENSE IN COPYING.txt"}
