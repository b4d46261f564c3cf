"""A scan that asks for licences: what lies with packages, what a policy says to them, and where nobody told."""

import io
import json
from importlib.metadata import distribution
from pathlib import Path

import pytest

from vallum_engine import wire
from vallum_engine.licenses.choices import together
from vallum_engine.licenses.detector import LicenceDetector
from vallum_engine.licenses.files import Reader, debian, is_licence
from vallum_engine.licenses.policy import packaged, read
from vallum_engine.model.file import File
from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.pipeline import scan
from vallum_engine.sca.lister import PackageLister
from vallum_engine.triggers import collect

APACHE = (Path(__file__).parents[3] / "LICENSE").read_bytes()


def installed(package, ending):
    (file,) = (file for file in distribution(package).files if str(file).endswith(f"licenses/{ending}"))
    return file.read_binary()


MIT = installed("pytest", "LICENSE")
BSD = installed("django", "LICENSE")
MPL = installed("hypothesis", "LICENSE.txt")
LLVM = (
    APACHE
    + b"\n--- LLVM Exceptions to the Apache 2.0 License ----\n\nAs an exception, if, as a result of your compiling\n"
)
UNLICENSE = b"""This is free and unencumbered software released into the public domain.

Anyone is free to copy, modify, publish, use, compile, sell, or distribute this software, either in source code form or as a
compiled binary, for any purpose, commercial or non-commercial, and by any means.

In jurisdictions that recognize copyright laws, the author or authors of this software dedicate any and all copyright interest
in the software to the public domain. We make this dedication for the benefit of the public at large and to the detriment of
our heirs and successors. We intend this dedication to be an overt act of relinquishment in perpetuity of all present and
future rights to this software under copyright law.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

For more information, please refer to <https://unlicense.org/>
"""
MOZILLA = b"This Source Code Form is subject to the terms of the Mozilla Public\nLicense, v. 2.0.\n\n"
NAMED = {"LICENSE-APACHE": APACHE, "LICENSE-MIT": MIT}
CHOICE = "Apache-2.0 OR MIT"


def module(name, licence):
    said = {"name": name, "version": "1.0.0", **({"license": licence} if licence else {})}
    return f"node_modules/{name}/package.json", json.dumps(said).encode()


def lock(**packages):
    entries = {f"node_modules/{name}": {"version": "1.0.0", **entry} for name, entry in packages.items()}
    return "package-lock.json", json.dumps({"lockfileVersion": 3, "packages": {"": {}, **entries}}).encode()


def scanned(*files, policy=None, today="2026-11-26"):
    detectors = [PackageLister(), LicenceDetector(policy, today=today)]
    source = [File(path, data) for path, data in files]
    return scan(source, detectors, triggers=collect(detectors).fallback())


def told(report):
    return {package.name: (package.licence_expression, package.licence_found) for package in report.packages}


def test_what_is_declared_and_what_lies_there_are_told_apart():
    report = scanned(
        module("a", "Apache 2"),
        ("node_modules/a/LICENSE", MIT),
        module("b", None),
        ("node_modules/b/license.md", BSD),
        module("c", "ISC"),
        ("node_modules/c/vendor/d/LICENSE", MPL),
    )
    assert told(report) == {"a": ("Apache-2.0", "MIT"), "b": ("", "BSD-3-Clause"), "c": ("ISC", "")}
    assert report.findings == ()
    assert report.coverage.rulesets == ()


def test_a_lockfile_learns_from_what_is_installed_elsewhere():
    report = scanned(lock(a={}, b={"license": "ISC"}), module("a", "MIT"), ("node_modules/a/LICENSE", MIT))
    assert {(p.location.path, p.licence_expression, p.licence_found) for p in report.packages if p.name == "a"} == {
        ("package-lock.json", "MIT", "MIT"),
        ("node_modules/a/package.json", "MIT", "MIT"),
    }


def test_files_named_after_licences_are_a_choice_and_others_all_hold():
    report = scanned(
        module("a", None),
        ("node_modules/a/LICENSE-MIT", MIT),
        ("node_modules/a/LICENSE-APACHE", APACHE),
        module("b", None),
        ("node_modules/b/LICENSE", MIT),
        ("node_modules/b/COPYING", MPL),
    )
    assert told(report) == {"a": ("", "Apache-2.0 OR MIT"), "b": ("", "MPL-2.0 AND MIT")}


OFFER = (
    b"Licensed under the Apache License, Version 2.0 <LICENSE-APACHE> or the MIT license <LICENSE-MIT>, at your option."
)
TOGETHER = [
    pytest.param({"LICENSE-MIT": MIT, "UNLICENSE": UNLICENSE}, "MIT OR Unlicense", id="a name in itself"),
    pytest.param({"COPYRIGHT": OFFER, **NAMED}, "Apache-2.0 OR MIT", id="words that offer the choice"),
    pytest.param({"LICENSE": MIT, **NAMED}, "Apache-2.0 OR MIT", id="the usual name for one of them"),
    pytest.param(
        {"COPYRIGHT": OFFER, **NAMED, "LICENSE-WHATWG": BSD}, f"({CHOICE}) AND BSD-3-Clause", id="of an origin"
    ),
    pytest.param({**NAMED, "LICENSE-THIRD-PARTY": MPL}, f"({CHOICE}) AND MPL-2.0", id="of third parties"),
    pytest.param({**NAMED, "COPYING": MPL}, "MPL-2.0 AND Apache-2.0 AND MIT", id="another one of its own"),
    pytest.param({"LICENSE-APACHE": APACHE, "LICENSE": MIT}, "MIT AND Apache-2.0", id="one named alone"),
    pytest.param({"LICENSE-OTHER": MIT, "LICENSE-BITS": BSD}, "BSD-3-Clause AND MIT", id="named after something else"),
    pytest.param({"LICENSE-X11": MIT, "LICENSE-BSD-3-Clause": BSD}, "BSD-3-Clause OR MIT", id="an old name"),
    pytest.param(
        {"LICENSE": b"It is released under two licenses. You may pick the one that suits you.\n" + MIT + BSD},
        "MIT OR BSD-3-Clause",
        id="both in one file",
    ),
    pytest.param(
        {"LICENSE": b"Licensed under the terms of *either* of the licences below.\n" + MIT + BSD},
        "MIT OR BSD-3-Clause",
        id="either of the two",
    ),
    pytest.param({"LICENSE": MOZILLA + MIT}, "MIT AND MPL-2.0", id="a notice of one before the text of another"),
    pytest.param({"LICENSE": MPL}, "MPL-2.0", id="a text that holds its own notice"),
    pytest.param(
        {"LICENSE": b"SPDX-License-Identifier: MIT AND (MIT OR BSD-3-Clause)\n" + MIT + BSD},
        "MIT AND (MIT OR BSD-3-Clause)",
        id="a tag that says how the texts go together",
    ),
    pytest.param(
        {"LICENSE": b"SPDX-License-Identifier: ISC\n" + MIT + BSD}, "MIT AND BSD-3-Clause", id="a tag of something else"
    ),
    pytest.param(
        {"LICENSE-Apache-2.0_WITH_LLVM-exception": LLVM, "LICENSE-MIT": MIT},
        "Apache-2.0 WITH LLVM-exception OR MIT",
        id="an exception behind its licence",
    ),
]


@pytest.mark.parametrize(("files", "expression"), TOGETHER)
def test_what_the_files_of_a_package_come_to(files, expression):
    found = [Reader().read(File(f"a/{name}", data)) for name, data in sorted(files.items())]
    assert str(together(found)) == expression


def test_installed_python_and_debian_packages_have_their_files():
    copyright_file = (
        b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: GPL-2+\n"
    )
    report = scanned(
        ("site-packages/a-1.dist-info/METADATA", b"Name: a\nVersion: 1\nLicense: BSD\n"),
        ("site-packages/a-1.dist-info/licenses/LICENSE", BSD),
        ("var/lib/dpkg/status", b"Package: b\nStatus: install ok installed\nVersion: 1-1\n"),
        ("etc/os-release", b"ID=debian\nVERSION_ID=12\n"),
        ("usr/share/doc/b/copyright", copyright_file),
    )
    assert told(report) == {"a": ("LicenseRef-BSD", "BSD-3-Clause"), "b": ("GPL-2.0-or-later", "")}


def test_a_policy_finds_what_it_forbids_and_says_what_to_do():
    report = scanned(
        lock(a={"license": "AGPL-3.0"}, b={"license": "MIT"}, c={"license": "(MIT OR GPL-3.0)"}), policy=packaged()
    )
    (finding,) = report.findings
    assert (finding.kind, finding.rule, finding.severity) == (Kind.LICENCE, "network-copyleft", Severity.HIGH)
    assert (finding.confidence, finding.evidence) == (Confidence.HIGH, "AGPL-3.0")
    assert finding.package.purl == "pkg:npm/a@1.0.0"
    assert "a 1.0.0 is under AGPL-3.0-only" in finding.message
    assert "[[exception]]" in finding.remediation.steps[1]
    assert [place.line for place in finding.locations] == [1]
    (ruleset,) = report.coverage.rulesets
    assert ruleset.name == "licences"
    assert "network-copyleft" in ruleset.rules
    assert not report.incomplete


def test_what_lies_with_a_package_counts_too():
    report = scanned(
        module("a", "MIT"),
        ("node_modules/a/LICENSE", MIT + b"\n\n" + MPL),
        policy=read(b'[[rule]]\nid = "no-mpl"\nverdict = "deny"\nlicences = ["MPL-2.0"]', "r"),
    )
    (finding,) = report.findings
    assert finding.confidence is Confidence.MEDIUM
    assert "declares MIT, and its licence files also hold MPL-2.0" in finding.message


def test_a_finding_stays_the_same_over_versions_and_ends_with_its_licence():
    def one(version, licence):
        path, data = lock(a={"license": licence, "version": version})
        return {finding.fingerprint for finding in scanned((path, data), policy=packaged()).findings}

    assert one("1.0.0", "GPL-3.0-only") == one("2.0.0", "GPLv3")
    assert one("1.0.0", "GPL-3.0-only").isdisjoint(one("1.0.0", "GPL-2.0-only"))


EXCEPTED = b"""
[[rule]]
id = "no"
verdict = "deny"
categories = ["strong copyleft"]

[[exception]]
package = "npm:a"
reason = "bought"
until = "2027-01-31"
"""


@pytest.mark.parametrize(("today", "shown"), [("2027-01-31", False), ("2027-02-01", True)])
def test_an_exception_sets_aside_with_its_reason_until_its_day(today, shown):
    report = scanned(lock(a={"license": "GPL-3.0-only"}), policy=read(EXCEPTED, "r"), today=today)
    assert (len(report.findings), len(report.suppressed)) == ((1, 0) if shown else (0, 1))
    if shown:
        assert "An exception for it ended on 2027-01-31 (bought)." in report.findings[0].message
    else:
        assert report.suppressed[0].reason == "bought (until 2027-01-31)"


def test_development_is_judged_where_the_policy_asks():
    path, data = lock(a={"license": "GPL-3.0-only", "dev": True})
    asked = read(b'development = true\ndefault = "deny"', "r")
    assert len(scanned((path, data), policy=asked).findings) == 1
    report = scanned((path, data), policy=read(b'default = "deny"', "r"))
    assert report.findings == ()
    assert any("for development alone" in item.why and item.covered for item in report.coverage.exclusions)


def test_a_lockfile_that_tells_no_licences_is_a_gap_and_no_flood():
    poetry = ("poetry.lock", b'[[package]]\nname = "a"\nversion = "1"\n\n[[package]]\nname = "b"\nversion = "1"\n')
    report = scanned(poetry, policy=packaged())
    assert report.findings == ()
    assert report.incomplete
    assert any(item.path == "poetry.lock" and "2 packages" in item.why for item in report.coverage.gaps)
    assert not scanned(poetry, policy=read(b'untold = "allow"', "r")).incomplete


def test_a_manifest_that_asks_for_others_is_not_them():
    wishes = ("app/package.json", b'{"name": "app", "dependencies": {"a": "^1", "b": "^2"}}')
    report = scanned(wishes, ("app/LICENSE", MPL), policy=packaged())
    assert told(report) == {"a": ("", ""), "b": ("", "")}
    assert report.findings == ()
    assert [item.path for item in report.coverage.gaps] == ["app/package.json"]


def test_silence_among_those_that_tell_is_an_unknown_licence():
    report = scanned(lock(a={"license": "MIT"}, b={}), policy=packaged())
    (finding,) = report.findings
    assert (finding.package.name, finding.rule, finding.confidence) == ("b", "unknown-licence", Confidence.LOW)


def test_a_file_copied_in_is_judged_by_its_tag_unless_it_is_the_projects_own():
    tag = b"/* SPDX-License-Identifier: GPL-2.0-only */\n"
    report = scanned(
        ("LICENSE", MIT), ("src/own.c", b"// SPDX-License-Identifier: MIT\n"), ("src/copied.c", tag), policy=packaged()
    )
    (finding,) = report.findings
    assert (finding.rule, finding.locations[0].path, finding.package) == ("strong-copyleft", "src/copied.c", None)


def test_a_comment_ignores_a_licence_by_its_rule():
    own = "site-packages/requests-1.dist-info/METADATA"
    report = scanned(
        ("requirements.txt", b"requests==1 # vallum:ignore unknown-licence\n"),
        (own, b"Name: requests\nVersion: 1\nLicense: Odd\n"),
        policy=packaged(),
    )
    assert {place.path for finding in report.findings for place in finding.locations} == {own}
    assert {place.path for finding in report.suppressed for place in finding.locations} == {"requirements.txt"}


def test_what_is_known_goes_over_the_wire():
    report = scanned(module("a", "Apache 2"), ("node_modules/a/LICENSE", MIT), policy=packaged())
    assert wire.read(io.BytesIO(wire.dump(report))).packages == report.packages


NAMES = {
    "LICENSE": True,
    "a/COPYING.LESSER": True,
    "a/LICENCE.md": True,
    "a/LICENSE-MIT": True,
    "a/MIT-LICENSE.txt": True,
    "a/UNLICENSE": True,
    "LICENSES/MIT.txt": True,
    "usr/share/doc/a/copyright": True,
    "a/LICENSE-APACHE-2.0.txt": True,
    "a/COPYING.LGPL-2.1": True,
    "a/LICENSE-Apache-2.0_WITH_LLVM-exception": True,
    "a/BSD-2-Clause.rst": True,
    "a/gpl-3.0-or-later.txt": True,
    "a/Apache-2.0": True,
    "a/MIT.md": True,
    "a/curl.txt": False,
    "a/python.md": False,
    "a/release-2.0.txt": False,
    "a/Apache-2.0.tar.gz": False,
    "a/license_key_index.json.ABOUT": False,
    "a/license.py": False,
    "a/license-manager/create-license-configuration.rst": False,
    "a/NOTICE": False,
    "a/licenses/index.html": False,
}


@pytest.mark.parametrize(("path", "is_one"), NAMES.items(), ids=NAMES)
def test_licence_files_are_known_by_their_names(path, is_one):
    assert is_licence(path) is is_one


def test_debians_copyright_tells_all_but_the_packaging():
    text = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 1999 A
License: GPL-2+ or MIT
 words

Files: debian/*
License: GPL-3

License: BSD-4-clause
 words
"""
    assert str(debian(text)) == "GPL-2.0-or-later OR MIT"
    assert (
        str(debian("see /usr/share/common-licenses/GPL-2 and\n/usr/share/common-licenses/Artistic."))
        == "GPL-2.0-or-later AND Artistic-1.0"
    )
    assert debian("nothing of the kind") is None


def test_huge_and_odd_licence_files_end():
    report = scanned(
        module("a", None),
        ("node_modules/a/LICENSE", b"word " * 2_500_000),
        ("node_modules/a/COPYING", bytes(range(256)) * 10),
        ("node_modules/a/LICENSE-2", b"SPDX-License-Identifier: " + b"(" * 100_000),
    )
    assert told(report) == {"a": ("", "")}
    assert any("only a part of it was read" in item.why for item in report.coverage.exclusions)
