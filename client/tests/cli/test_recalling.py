"""A second scan of a folder, from the command line."""

import io
import json
import stat
import zipfile

import pytest

from client.tests.conftest import write
from vallum import recalling
from vallum_engine import recall

LODASH = {"lockfileVersion": 3, "packages": {"node_modules/lodash": {"version": "4.17.15"}}}


@pytest.fixture
def settled(monkeypatch):
    """Every tree is worth it, and every file is old."""
    monkeypatch.setattr(recalling, "FEWEST", 1)
    monkeypatch.setattr(recall, "MARGIN", -1_000_000_000)


@pytest.fixture
def shop(tree, token):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("package-lock.json", json.dumps(LODASH))
        out.writestr("a.env", f"T={token}")
    write(
        tree,
        {
            "a.env": f"T={token}",
            "b.py": "print(11)\n",
            "hidden.py": f"x = '{token}'  # vallum:ignore\n",
            "requirements.txt": "django==3.2.0\n",
            "lib/x.zip": packed.getvalue(),
            "lib/logo.png": b"\x89PNG\0",
        },
    )
    return tree


def report(vallum, *arguments):
    found = json.loads(vallum("scan", "--format", "json", *arguments).out)
    found["stats"].pop("seconds")
    return found


def kept(home):
    return sorted((home / "cache").glob("trees/*"))


@pytest.mark.usefixtures("settled")
class TestASecondScan:
    def test_it_says_what_one_without_a_cache_says(self, vallum, shop, home):
        first, second, whole = (report(vallum, *more, shop) for more in ((), (), ("--no-cache",)))
        assert first == second == whole
        assert {finding["kind"] for finding in whole["findings"]} == {"secret", "vulnerability"}
        assert len(kept(home)) == 1

    def test_it_sees_what_came_and_what_went(self, vallum, shop, token):
        report(vallum, shop)
        (shop / "a.env").unlink()
        write(shop, {"new/b.env": f"T={token}", "requirements.txt": "django==5.2.8\n"})
        assert report(vallum, shop) == report(vallum, "--no-cache", shop)

    def test_no_secret_and_no_word_of_a_file_is_kept(self, vallum, shop, home, token):
        report(vallum, shop)
        (place,) = kept(home)
        assert token.encode() not in place.read_bytes()
        assert token[:10].encode() not in place.read_bytes()
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700

    @pytest.mark.parametrize(
        "other",
        [("--only", "secrets"), ("--no-ignore",), ("--no-archives",), ("--max-file-bytes", "20")],
        ids=" ".join,
    )
    def test_other_options_are_another_scan(self, vallum, shop, other):
        report(vallum, shop)
        assert report(vallum, *other, shop) == report(vallum, "--no-cache", *other, shop)
        assert report(vallum, shop) == report(vallum, "--no-cache", shop)

    def test_own_rules_that_change_are_another_scan(self, vallum, shop, tmp_path):
        rules = tmp_path / "own.toml"
        for word in ("print", "django"):
            rules.write_text(
                f'provider = "Shop"\nrotate = ["Rotate it."]\nreferences = ["https://example.org"]\n[[rule]]\n'
                f'id = "own-rule"\ntitle = "Own"\n'
                f"severity = \"low\"\npattern = '''\\b({word}[(=]{{1,2}}[0-9.)]{{2,5}})'''\n"
                f'leaks = ["{word}(11)"]\nclean = ["other(11)"]\n'
            )
            asked = ("--rules", rules, shop)
            found = report(vallum, *asked)
            assert "own-rule" in {finding["rule"] for finding in found["findings"]}
            assert found == report(vallum, "--no-cache", *asked)

    def test_ignores_of_the_tree_are_read_each_time(self, vallum, shop):
        report(vallum, shop)
        text = '[[ignore]]\nid = "{}"\nreason = "not reached"\nuntil = "2099-01-01"\n'
        identifier = next(f for f in report(vallum, shop)["findings"] if f["kind"] == "vulnerability")["rule"]
        write(shop, {".vallum/ignores.toml": text.format(identifier)})
        for _ in range(2):
            assert report(vallum, shop) == report(vallum, "--no-cache", shop)

    @pytest.mark.parametrize("noise", [b"", b"noise", b"vallum-recall/1\n\0\0\0\0"])
    def test_noise_in_the_cache_changes_nothing(self, vallum, shop, home, noise):
        whole = report(vallum, shop)
        (place,) = kept(home)
        place.write_bytes(noise)
        assert report(vallum, shop) == whole

    def test_what_others_can_write_to_is_not_read(self, vallum, shop, home):
        whole = report(vallum, shop)
        (place,) = kept(home)
        place.chmod(0o666)
        write(shop, {"a.env": ""})
        assert report(vallum, shop) != whole

    def test_nothing_is_kept_where_that_is_asked(self, vallum, shop, home):
        report(vallum, "--no-cache", shop)
        assert kept(home) == []


def test_of_a_small_tree_nothing_is_kept(vallum, shop, home):
    report(vallum, shop)
    assert kept(home) == []
