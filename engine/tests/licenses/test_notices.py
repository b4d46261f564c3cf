"""Tags and sentences about a licence, where its text is not."""

import time

import pytest

from vallum_engine.licenses.notices import MOST_TAGS, noticed, tagged

SAID = {
    "# SPDX-License-Identifier: MIT": "MIT",
    "/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */": "GPL-2.0-only WITH Linux-syscall-note",
    "<!-- SPDX-License-Identifier: (MIT OR Apache-2.0) -->": "MIT OR Apache-2.0",
    "// SPDX-License-Identifier: MIT\n// SPDX-License-Identifier: ISC": "MIT AND ISC",
    'Licensed under the Apache License, Version 2.0 (the "License"); you may not use': "Apache-2.0",
    "# This Source Code Form is subject to the terms of the Mozilla Public\n# License, v. 2.0.": "MPL-2.0",
    "it under the terms of the GNU General Public License as published by\n the Free Software Foundation; either "
    "version 2 of the License, or\n (at your option) any later version.": "GPL-2.0-or-later",
    "the GNU Lesser General Public License version 2.1 as published": "LGPL-2.1-only",
    "under the GNU Affero General Public License, version 3 or later": "AGPL-3.0-or-later",
}


@pytest.mark.parametrize(("text", "expression"), SAID.items(), ids=range(len(SAID)))
def test_a_notice_tells_the_licence(text, expression):
    assert str(noticed(text)) == expression


def test_what_is_no_notice_tells_none():
    assert noticed("a word on the GNU General Public License and its history") is None
    assert noticed("SPDX-License-Identifier: no such thing") is None
    assert noticed("") is None


def test_a_file_of_tags_alone_is_read_in_linear_time():
    tags = "// SPDX-License-Identifier: MIT AND\n" + "// SPDX-License-Identifier: ISC\n" * 300_000
    started = time.process_time()
    assert str(noticed(tags)) == "ISC"
    assert len(tagged(tags)) == MOST_TAGS - 1
    assert time.process_time() - started < 2


def test_tags_have_their_lines():
    assert [line for _, line in tagged("a\n# SPDX-License-Identifier: MIT\n\nSPDX-License-Identifier: ISC\n")] == [2, 4]
