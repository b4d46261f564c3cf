"""What git prints of a history, taken apart in pieces of any length, whole or not."""

import random

import pytest

from vallum_engine.errors import UnreadableSource
from vallum_engine.sources.objects import Objects
from vallum_engine.sources.versions import Limits, Versions, tree, written

ONE, TWO, THREE, FOUR, NONE = (f"{digit}" * 40 for digit in "12340")
HISTORY = (
    f"{'c' * 40} 300\0::100644 100644 100644 {ONE} {TWO} {THREE} MM\0a\0"
    f"{'b' * 40} 200\0\n:100644 100644 {ONE} {TWO} M\0a\x00:100644 000000 {ONE} {NONE} D\0gone\0:000000 160000 {NONE} {FOUR} A\0sub\0"
    f"{'a' * 40} -5\0\n:000000 100644 {NONE} {ONE} A\0a\0:000000 100755 {NONE} {TWO} A\0:x\0:000000 120000 {NONE} {FOUR} A\0link\0"
).encode()


def fed(data, sizes, limits=None):
    versions = Versions(limits or Limits())
    while data:
        size = next(sizes)
        versions.feed(data[:size])
        data = data[size:]
    return versions


def facts(versions):
    return {versions.ids[n].decode(): (versions.span(n), versions.paths(n)) for n in range(len(versions.ids))}


class TestVersions:
    def test_each_once_with_its_newest_and_its_oldest_commit(self):
        versions = fed(HISTORY, iter([len(HISTORY)]))
        assert facts(versions) == {
            THREE: ((0, 0), (b"a", b"a")),
            TWO: ((1, 2), (b"a", b":x")),
            ONE: ((2, 2), (b"a", b"a")),
        }
        assert versions.commit(2, "x").date == "1969-12-31T23:59:55Z"

    @pytest.mark.parametrize("seed", range(20))
    def test_in_pieces_of_any_length(self, seed):
        chance = random.Random(seed)
        pieces = iter(lambda: chance.randint(1, 1 + seed * 3), None)
        assert facts(fed(HISTORY, pieces)) == facts(fed(HISTORY, iter([len(HISTORY)])))

    def test_more_than_the_limit_is_counted(self):
        versions = fed(HISTORY, iter([len(HISTORY)]), Limits(files=2))
        assert (len(versions.ids), versions.left_out) == (2, 1)

    def test_versions_of_one_path_follow_each_other(self):
        versions = fed(HISTORY, iter([len(HISTORY)]))
        assert [versions.ids[n].decode() for n in versions.in_order()] == [THREE, TWO, ONE]

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b":100644\0a\0", id="a record cut short"),
            pytest.param(b": \0a\0", id="an empty record"),
            pytest.param(b":1 2 3 4 5 6\0a\0", id="fields that do not add up"),
            pytest.param(f":000000 100644 {NONE} {ONE} A\0a\0".encode(), id="a file before any commit"),
            pytest.param(b"x" * (2 << 20), id="a token without end"),
        ],
    )
    def test_what_git_never_prints(self, data):
        with pytest.raises(UnreadableSource):
            Versions(Limits()).feed(data)

    @pytest.mark.parametrize("moment", [b"", b"soon", b"9" * 30, b"-" + b"9" * 30, b"1e5"])
    def test_moments_that_are_none(self, moment):
        versions = Versions(Limits())
        versions.feed(b"a" * 40 + b" " + moment + b"\0")
        assert versions.commit(0, "a").date in ("", "1970-01-01T00:00:00Z")

    def test_a_commit_on_its_own_has_no_date(self):
        versions = Versions(Limits())
        versions.alone(
            b"a" * 40, tree(f"100644 blob {ONE}\ta\tb\x00120000 blob {TWO}\tl\x00160000 commit {TWO}\ts\x00".encode())
        )
        assert facts(versions) == {ONE: ((0, 0), (b"a\tb", b"a\tb"))}
        assert versions.commit(0, "a").date == ""


def test_moments():
    assert written(1_700_000_000) == "2023-11-14T22:13:20Z"


class TestObjects:
    SAID = b"1 blob 5\nhello\n2 missing\n3 commit 0\n\n4 blob 30\n" + b"x" * 30 + b"\n5 blob 3\na\nb\n"
    TAKEN = (
        (0, "blob", 5, b"hello"),
        (1, "", 0, None),
        (2, "commit", 0, b""),
        (3, "blob", 30, None),
        (4, "blob", 3, b"a\nb"),
    )

    @pytest.mark.parametrize("seed", range(30))
    def test_in_pieces_of_any_length(self, seed):
        chance, taken, data = random.Random(seed), [], self.SAID
        objects = Objects(lambda *said: taken.append(said), most=20)
        while data:
            size = chance.randint(1, 1 + seed)
            objects.feed(data[:size])
            data = data[size:]
        assert tuple(taken) == self.TAKEN
        assert objects.number == 5

    def test_a_header_without_end(self):
        with pytest.raises(UnreadableSource):
            Objects(lambda *_: None, most=20).feed(b"x" * 10_000)

    def test_one_that_is_cut_off_is_not_taken(self):
        taken = []
        objects = Objects(lambda *said: taken.append(said), most=20)
        objects.feed(b"1 blob 5\nhel")
        assert (taken, objects.number) == ([], 0)
