"""What each format says of its packages' licences, in the words that stand there."""

import json

import pytest

from vallum_engine.model import plain
from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles import extractor, format_of
from vallum_engine.sca.lockfiles.entry import MOST_LICENCE, licence_of

HEAD = "Metadata-Version: 2.4\nName: a\nVersion: 1\n"


def metadata(*lines):
    return HEAD + "\n".join(lines) + "\n\nLicense: a description's own words\n"


def lock(entry):
    return json.dumps({"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"version": "1", **entry}}})


SAID = [
    ("npm: a string", "package-lock.json", lock({"license": "MIT"}), "MIT"),
    ("npm: an expression", "package-lock.json", lock({"license": "(MIT OR CC0-1.0)"}), "(MIT OR CC0-1.0)"),
    ("npm: an object", "package-lock.json", lock({"license": {"type": "BSD", "url": "x"}}), "BSD"),
    (
        "npm: the old list",
        "package-lock.json",
        lock({"licenses": [{"type": "MIT"}, {"type": "GPL-2.0 AND ISC"}]}),
        "MIT OR (GPL-2.0 AND ISC)",
    ),
    ("npm: a number", "package-lock.json", lock({"license": 7}), ""),
    (
        "npm: an installed tree",
        "node_modules/a/package.json",
        '{"name": "a", "version": "1", "license": "ISC"}',
        "ISC",
    ),
    (
        "composer: a choice",
        "composer.lock",
        json.dumps({"packages": [{"name": "a/b", "version": "1", "license": ["MIT", "GPL-3.0-or-later"]}]}),
        "MIT OR GPL-3.0-or-later",
    ),
    (
        "python: a text with blank lines, and what stands behind it",
        "site-packages/a-1.dist-info/METADATA",
        metadata("License: Copyright A", "        ", "        All of it", "License-Expression: ISC"),
        "ISC",
    ),
    ("conda", "conda-meta/a-1.json", '{"name": "a", "version": "1", "license": "BSD-3-Clause"}', "BSD-3-Clause"),
    ("apk", "lib/apk/db/installed", "P:a\nV:1-r0\nL:GPL-2.0-only AND MIT\n\n", "GPL-2.0-only AND MIT"),
    (
        "renv",
        "renv.lock",
        json.dumps({"Packages": {"a": {"Version": "1", "Source": "Repository", "License": "GPL (>= 2)"}}}),
        "GPL (>= 2)",
    ),
    (
        "cargo vendor",
        "vendor/a/Cargo.toml",
        '[package]\nname = "a"\nversion = "1.0.0"\nlicense = "MIT/Apache-2.0"\n',
        "MIT/Apache-2.0",
    ),
    (
        "gem",
        "specifications/a-1.gemspec",
        '# stub: a 1 ruby lib\nGem::Specification.new do |s|\n  s.licenses = ["MIT".freeze, "Ruby".freeze]\nend\n',
        "MIT OR Ruby",
    ),
    (
        "python: an expression wins",
        "a.dist-info/METADATA",
        metadata(
            "License-Expression: MIT", "License: BSD", "Classifier: License :: OSI Approved :: Apache Software License"
        ),
        "MIT",
    ),
    ("python: words", "a.dist-info/METADATA", metadata("License: Apache 2.0"), "Apache 2.0"),
    (
        "python: a whole text is one line",
        "a.dist-info/METADATA",
        metadata("License: MIT License", "        ", "        Copyright (c) 2020 A"),
        "MIT License Copyright (c) 2020 A",
    ),
    (
        "python: a continued text",
        "a.dist-info/METADATA",
        metadata("License: MIT License", "       |Copyright (c) 2020 A"),
        "MIT License Copyright (c) 2020 A",
    ),
    (
        "python: classifiers where the words say nothing",
        "a.dist-info/METADATA",
        metadata(
            "License: UNKNOWN",
            "Classifier: License :: OSI Approved",
            "Classifier: License :: OSI Approved :: BSD License",
            "Classifier: License :: OSI Approved :: Apache Software License",
        ),
        "BSD License; Apache Software License",
    ),
    ("python: silence", "a.dist-info/METADATA", metadata("Author: a"), ""),
]


@pytest.mark.parametrize(("path", "data", "licence"), [pytest.param(*row[1:], id=row[0]) for row in SAID])
def test_a_format_tells_what_a_package_declares(path, data, licence):
    assert [package.licence for package in extractor(format_of(path))(File(path, data.encode()))] == [licence]


POM = """<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version><licenses>
<license><name>Apache License, Version 2.0</name></license><license><name>EPL 2.0</name></license></licenses></project>"""


def test_a_jar_takes_it_from_the_pom_beside_its_properties_or_from_the_manifest():
    join = {}
    for jar, files in {
        "one.jar": {
            "META-INF/maven/g/a/pom.properties": "groupId=g\nartifactId=a\nversion=1\n",
            "META-INF/maven/g/a/pom.xml": POM,
        },
        "two.jar": {
            "META-INF/MANIFEST.MF": "Bundle-License: MIT\n",
            "META-INF/maven/g/b/pom.properties": "groupId=g\nartifactId=b\nversion=1\n",
        },
    }.items():
        for path, text in files.items():
            join[f"{jar}/{path}"] = text.encode()
    from vallum_engine.sca.lockfiles import joiner, reader  # noqa: PLC0415 - what the other tests do not need

    read = {path: reader("jar")(File(path, data)) for path, data in join.items()}
    told = {entry.name: entry.licence for _, entry in joiner("jar")(read)}
    assert told == {"g:a": "Apache License, Version 2.0 OR EPL 2.0", "g:b": "MIT"}


def test_a_licence_is_one_printable_line_of_bounded_length():
    said = licence_of("MIT\n\x1b[31m" + "x" * 100_000)
    assert said.startswith("MIT \\x1b[31mxxx")
    assert len(said) == MOST_LICENCE
    assert licence_of([["MIT"], {"type": ["x"]}, None]) == ""


def test_a_licence_is_kept_in_reports():
    (package,) = extractor("npm")(File("package-lock.json", lock({"license": "MIT"}).encode()))
    written = plain.from_package(package)
    assert written["licence"] == "MIT"
    assert plain.to_package(written) == package
    assert "licence" not in plain.from_package(plain.to_package({**written, "licence": ""}))
