"""Licence texts recognised. The texts are those of packages that are installed here: none is a file of ours."""

import random
import time
from importlib.metadata import distribution
from pathlib import Path

import pytest

from vallum_engine.licenses import texts
from vallum_engine.licenses.known import listed

APACHE = (Path(__file__).parents[3] / "LICENSE").read_text("utf-8")


def text_of(package, ending):
    (file,) = (file for file in distribution(package).files if str(file).endswith(f"licenses/{ending}"))
    return file.read_text("utf-8")


def ids(text):
    return [match.id for match in texts.recognise(text).matches]


def test_the_licence_of_this_project_is_recognised():
    (match,) = texts.recognise(APACHE).matches
    assert match.id == "Apache-2.0"
    assert match.similarity > 0.9


INSTALLED = [
    ("hypothesis", "LICENSE.txt", "MPL-2.0"),
    ("django", "LICENSE", "BSD-3-Clause"),
    ("packaging", "LICENSE.BSD", "BSD-2-Clause"),
    ("pytest", "LICENSE", "MIT"),
    ("dnspython", "LICENSE", "ISC"),
]


@pytest.mark.parametrize(("package", "ending", "identifier"), INSTALLED, ids=[row[0] for row in INSTALLED])
def test_installed_licences_are_recognised(package, ending, identifier):
    assert set(ids(text_of(package, ending))) == {identifier}


def test_copies_that_differ_in_notices_layout_and_roles_are_one_licence():
    mit = text_of("pytest", "LICENSE")
    assert ids(mit.upper()) == ["MIT"]
    assert ids("\n".join(f" * {line}" for line in mit.splitlines())) == ["MIT"]
    assert ids(" ".join(mit.split()).replace("AUTHORS OR COPYRIGHT HOLDERS", "OWNER")) == ["MIT"]
    assert ids(f"Copyright (c) 1999 Somebody Else\nAll rights reserved.\n{mit}") == ["MIT"]


def test_two_licences_of_a_file_are_both_told_in_their_order():
    both = text_of("pytest", "LICENSE") + "\n\n" + APACHE + "\n\nparts of it:\n\n" + text_of("django", "LICENSE")
    assert ids(both) == ["MIT", "Apache-2.0", "BSD-3-Clause"]


def test_what_changes_a_licence_makes_it_less_alike_until_it_is_none():
    words = APACHE.split()
    rng = random.Random(1)
    seen = []
    for share in (0.0, 0.01, 0.03, 0.3):
        changed = [("otherwise" if rng.random() < share else word) for word in words]
        found = texts.recognise(" ".join(changed))
        seen.append(found.matches[0].similarity if found.matches else 0.0)
    assert seen == sorted(seen, reverse=True)
    assert seen[0] > seen[1] > seen[2]
    assert seen[-1] == 0.0


def test_a_text_that_is_no_licence_is_not_recognised():
    found = texts.recognise((Path(__file__).parents[3] / "docs" / "architecture.md").read_text("utf-8"))
    assert (found.matches, found.nearest, found.unmatched) == ((), None, found.words)
    assert texts.recognise("").matches == ()


def test_a_licence_that_says_more_than_it_is_shorter_relative_is_told_apart():
    shorter = text_of("packaging", "LICENSE.BSD")
    assert ids(shorter) == ["BSD-2-Clause"]
    longer = text_of("django", "LICENSE")
    assert ids(longer) == ["BSD-3-Clause"]


def test_huge_files_are_read_from_their_beginning_and_it_is_said():
    huge = APACHE + "and so on\n" * 1_000_000
    found = texts.recognise(huge)
    assert [match.id for match in found.matches] == ["Apache-2.0"]
    assert found.cut
    assert found.words == texts.MOST_WORDS
    assert not texts.recognise(APACHE).cut


def test_another_name_for_who_grants_it_is_the_same_licence():
    isc = text_of("dnspython", "LICENSE").rpartition("Copyright (C)")[2]
    assert "NOMINUM" in isc
    assert ids(isc) == ids(isc.replace("NOMINUM", "SOME COMPANY")) == ["ISC"]


def test_each_copy_in_a_list_of_licences_is_told():
    mit, bsd = text_of("pytest", "LICENSE"), text_of("django", "LICENSE")
    listed = "\n\n".join(f"Project {number}, under:\n\n{text}" for number, text in enumerate([mit, bsd] * 6))
    assert ids(listed) == ["MIT", "BSD-3-Clause"] * 6


def test_a_licence_many_times_over_ends_and_it_is_said():
    started = time.process_time()
    found = texts.recognise((text_of("pytest", "LICENSE") + "\n\n-----\n\n") * 300)
    assert {match.id for match in found.matches} == {"MIT"}
    assert len(found.matches) == texts.MOST_LICENCES
    assert found.cut
    assert time.process_time() - started < 10


def test_the_table_is_of_today_and_small():
    known = listed().licences
    assert all(known[entry.id.lower()].current == "" for entry in texts.table())
    assert len(texts.table()) > 600
    assert texts.TABLE.stat().st_size < 600_000
    assert all(0 < len(entry.sample) <= texts.WHOLE for entry in texts.table())
