"""What people write for a licence, as an expression."""

from importlib.metadata import distribution

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.licenses import words
from vallum_engine.licenses.expression import category, parse
from vallum_engine.licenses.known import Category

SAID = {
    "Apache 2": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "The Apache Software License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "The MIT License (MIT)": "MIT",
    "Expat": "MIT",
    "MIT/X11": "MIT",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD License (3-clause)": "BSD-3-Clause",
    "New BSD License": "BSD-3-Clause",
    "BSD": "LicenseRef-BSD",
    "BSD License": "LicenseRef-BSD",
    "ISC License (ISCL)": "ISC",
    "zlib/libpng": "Zlib",
    "Public Domain": "LicenseRef-Public-Domain",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Eclipse Public License - v 2.0": "EPL-2.0",
    "GPL": "GPL-1.0-or-later",
    "GPLv2": "GPL-2.0-only",
    "GPLv3+": "GPL-3.0-or-later",
    "GPL-2+": "GPL-2.0-or-later",
    "GPL (>= 2)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-2.0-or-later",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU GENERAL PUBLIC LICENSE Version 2, June 1991": "GPL-2.0-only",
    "GPL-2+ with OpenSSL exception": "GPL-2.0-or-later",
    "GPLv2 with classpath exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "MIT/Apache-2.0": "MIT OR Apache-2.0",
    "GPL-2 | GPL-3": "GPL-2.0-only OR GPL-3.0-only",
    "MIT + file LICENSE": "MIT",
    "Apache Software License; BSD License": "Apache-2.0 AND LicenseRef-BSD",
    "Apache 2.0 and MIT": "Apache-2.0 AND MIT",
    "GPLv2+ and MIT and (ASL 2.0 or BSD)": "GPL-2.0-or-later AND MIT AND (Apache-2.0 OR LicenseRef-BSD)",
    "https://opensource.org/licenses/MIT": "MIT",
    "http://www.apache.org/licenses/LICENSE-2.0.txt": "Apache-2.0",
    "https://www.gnu.org/licenses/gpl-3.0.html": "GPL-3.0-only",
    "https://creativecommons.org/licenses/by-sa/4.0/": "CC-BY-SA-4.0",
    "BSD license (see license.txt for details), Copyright (c) 2000, Somebody": "LicenseRef-BSD",
    "UNLICENSED": "LicenseRef-UNLICENSED",
    "Commercial": "LicenseRef-Proprietary",
    "MIT License Copyright (c) 2020 Somebody " + "and so on " * 100: "MIT",
}


def test_a_whole_text_in_the_place_of_its_name_is_recognised():
    text = distribution("pytest").read_text("licenses/LICENSE")
    assert str(words.read(f"Copyright of somebody. All rights reserved. {text}").expression) == "MIT"
    assert not words.read("Copyright of somebody, who goes on and on: " + "and so on. " * 100).known


@pytest.mark.parametrize(("text", "expression"), SAID.items(), ids=[text[:40] for text in SAID])
def test_words_are_an_expression(text, expression):
    found = words.read(text)
    assert (str(found.expression), found.known) == (str(parse(expression)), True)


NOBODY_KNOWS = {
    "Custom EULA 7": "LicenseRef-Custom-EULA-7",
    "SEE LICENSE IN EULA.txt": "LicenseRef-SEE-LICENSE-IN-EULA.txt",
    "file LICENSE": "LicenseRef-file-LICENSE",
    "Dual License": "LicenseRef-Dual-License",
    "MIT and Custom": "MIT AND LicenseRef-Custom",
    "(MPL-1.1 AND (GPL-2.0-or-later OR Foo))": "MPL-1.1 AND (GPL-2.0-or-later OR LicenseRef-Foo)",
    "\u202e???": "LicenseRef-unreadable",
}


@pytest.mark.parametrize(("text", "expression"), NOBODY_KNOWS.items(), ids=[text[:40] for text in NOBODY_KNOWS])
def test_what_nobody_can_read_is_a_reference_and_no_guess(text, expression):
    found = words.read(text)
    assert (str(found.expression), found.known) == (expression, False)
    assert category(found.expression) is Category.UNKNOWN or "GPL" in expression


def test_silence_is_no_licence():
    assert words.read("") is None
    assert words.read(" \n ") is None


@given(st.text(alphabet=st.sampled_from("aMIT GPLv23.+-/()|;,&orandwithbsd\u202e\x00"), max_size=300))
def test_any_text_gives_an_expression_that_is_read_again(text):
    found = words.read(text)
    if found is not None:
        assert parse(str(found.expression)) == found.expression


HOSTILE = {
    "brackets": "(" * 9000 + "MIT" + ")" * 9000,
    "choices": " OR ".join(["a b"] * 100_000),
    "open brackets": "(a or " * 3000,
    "slashes": "a/" * 9000,
    "tails": "gpl" + " or any later" * 1500 + " x",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_end(text):
    assert parse(str(words.read(text).expression))
