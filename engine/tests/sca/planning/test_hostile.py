"""Files that were made to hurt: every plan ends, in time that grows with what is read, and edits nothing that it should not."""

import json
import time

import pytest
from sca.planning.projects import planned

from vallum_engine.model.plan import Way

MOST_SECONDS = 20


def test_a_circle_of_many_who_ask_for_each_other(database, record):
    count = 3000
    packages = {"": {"dependencies": {"p0": "^1"}}}
    for number in range(count):
        asked = {f"p{(number + step) % count}": "^1.0.0" for step in (1, 7, 31)} | {"left": f"^1.{number}.0"}
        packages[f"node_modules/p{number}"] = {"version": "1.0.0", "dependencies": asked}
    packages["node_modules/left"] = {"version": "1.9999.0"}
    texts = {"package-lock.json": {"packages": packages}, "package.json": {"dependencies": {"p0": "^1"}}}
    began = time.monotonic()
    (step,) = planned(database(record("GHSA-1")), texts).steps
    assert time.monotonic() - began < MOST_SECONDS
    assert step.way is Way.OVERRIDE
    assert step.say[0].count("asks for") == 5
    assert "more: that keeps 2.0.0 out" in step.say[0]


def test_thousands_of_vulnerable_entries(database, record):
    count = 2000
    packages = {"": {}}
    for number in range(count):
        packages[f"node_modules/a{number}"] = {"version": "1.0.0", "dependencies": {"left": "^1.0.0"}}
        packages[f"node_modules/a{number}/node_modules/left"] = {"version": f"1.{number}.0"}
    texts = {"package-lock.json": {"packages": packages}, "package.json": {"dependencies": {"left": "^1.0.0"}}}
    began = time.monotonic()
    made = planned(database(record("GHSA-1")), texts)
    assert time.monotonic() - began < MOST_SECONDS
    assert sum(len(step.ends) for step in made.steps) == count
    assert sum(len(step.versions) for step in made.steps) == count


def test_a_manifest_with_thousands_of_vulnerable_lines(database, record):
    count = 2000
    names = [f"left{number}" for number in range(count)]
    texts = {"requirements.txt": "\n".join(f"{name}==1.5.0" for name in names)}
    began = time.monotonic()
    advisories = database(*(record(f"GHSA-{name}", name, ecosystem="PyPI") for name in names))
    made = planned(advisories, texts)
    assert time.monotonic() - began < 3 * MOST_SECONDS
    edited = made.patches[0].after.decode().splitlines()
    assert set(edited) <= {f"{name}=={version}" for name in names for version in ("1.5.0", "2.0.0")}
    assert sum("2.0.0" in line for line in edited) == sum(step.way is Way.RAISE for step in made.steps) > 0


@pytest.mark.parametrize("own", [True, False], ids=["a version for each", "one version for all"])
def test_catalogues_and_poms_with_thousands_of_properties(database, record, own):
    count = 2000
    name = "v{0}" if own else "v"
    keys = list(dict.fromkeys(name.format(number) for number in range(count)))
    catalogue = "[versions]\n" + "".join(f'{key} = "1.5.0"\n' for key in keys) + "[libraries]\n"
    catalogue += "".join(
        f'l{number} = {{ module = "g:a{number}", version.ref = "{name.format(number)}" }}\n' for number in range(count)
    )
    each = "<dependency><groupId>g</groupId>\n<artifactId>a{0}</artifactId>\n<version>${{{1}}}</version></dependency>\n"
    pom = (
        "<project><properties>\n" + "".join(f"<{key}>1.5.0</{key}>\n" for key in keys) + "</properties><dependencies>\n"
    )
    pom += "".join(each.format(number, name.format(number)) for number in range(count)) + "</dependencies></project>"
    advisories = database(*(record(f"GHSA-{n}", f"g:a{n}", ecosystem="Maven") for n in range(count)))
    for path, text in (("gradle/libs.versions.toml", catalogue), ("pom.xml", pom)):
        began = time.monotonic()
        made = planned(advisories, {path: text})
        assert time.monotonic() - began < MOST_SECONDS
        assert {step.way for step in made.steps} == {Way.RAISE}
        assert made.patches[0].after.count(b"2.0.0") == len(keys)


def test_numbers_where_words_belong_and_objects_in_lists(database, record):
    lock = {
        "packages": {
            "": {"dependencies": [1]},
            "node_modules/left": {"version": "1.5.0", "dependencies": 7, "peerDependenciesMeta": [2]},
            "node_modules/way": {"version": 3, "dependencies": {"left": {"x": 1}}, "peerDependencies": {"left": None}},
        }
    }
    for manifest in ("{}", "[]", "7", '{"overrides": [1]}', '{"overrides": {"left": {".": "1"}}}', "{", '{"pnpm": 1}'):
        made = planned(database(record("GHSA-1")), {"package-lock.json": lock, "package.json": manifest})
        assert len(made.steps) == 1


def test_a_name_that_would_be_a_command_is_quoted(database, record):
    name = "left; rm -rf $HOME #"
    lock = {"packages": {"node_modules/way": {"version": "1.0.0", "dependencies": {name: "^1"}}}}
    lock["packages"][f"node_modules/{name}"] = {"version": "1.5.0"}
    (step,) = planned(database(record("GHSA-1", name, spans=[("0", "1.6.0")])), {"package-lock.json": lock}).steps
    assert step.command == "npm update 'left; rm -rf $HOME #'"


def test_a_lockfile_as_deep_as_the_reader_lets_in(database, record):
    nested = {"left": {"version": "1.5.0"}}
    for number in range(200):
        nested = {f"a{number}": {"version": "1.0.0", "requires": {"left": "^1"}, "dependencies": nested}}
    made = planned(database(record("GHSA-1")), {"package-lock.json": json.dumps({"dependencies": nested})})
    assert [step.name for step in made.steps] in (["left"], [])
