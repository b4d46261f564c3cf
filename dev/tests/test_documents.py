"""Documents say what is so: names of settings, rules and files are compared with the tree."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import formats
from dev.lint import runner
from dev.lint.rule import shipped
from dev.lint.rules import RULES, words
from dev.new.__main__ import KINDS
from vallum_web.embedded import roles

ROOT = Path(__file__).resolve().parents[2]
TEXTS = sorted(path for path in runner.tracked(ROOT) if path.endswith(".md"))
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
_SETTING = re.compile(r"(?:VALLUM|DATABASE|KEYRING|XDG)_[A-Z_]+")


def text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


@pytest.mark.parametrize("path", TEXTS)
def test_links_lead_somewhere(path: str) -> None:
    found = _LINK.findall(text(path))
    assert [link for link in found if not (ROOT / path).parent.joinpath(link).exists()] == []


@pytest.mark.slow
def test_every_setting_is_in_the_reference_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)`", text("docs/operations.md"), re.MULTILINE))
    assert documented == set(settings())


def settings() -> Iterator[str]:
    """Names of environment variables that our code reads or sets: text constants that are nothing else."""
    for source in runner.sources(ROOT, runner.tracked(ROOT)):
        if shipped(source):
            for node in source.nodes(ast.Constant):
                if isinstance(node.value, str) and _SETTING.fullmatch(node.value):
                    yield node.value
            for call in source.nodes(ast.Call):
                if source.dotted(call.func) == "vallum_web.config.secret.key":
                    yield f"VALLUM_{ast.literal_eval(call.args[1]).upper()}"


def test_the_sql_for_a_server_of_ones_own_is_what_the_platform_runs() -> None:
    owner, app, backup = re.findall(r"PASSWORD '(\w+)'", text("docs/operations.md"))
    blocks = re.findall(r"```sql\n(.*?)```", text("docs/operations.md"), re.DOTALL)
    passwords = roles.Passwords(owner=owner, app=app, backup=backup)
    assert blocks == [roles.role_sql(passwords, major=16) + roles.create_database_sql(), roles.schema_sql()]


def test_every_own_rule_is_in_the_table_and_no_other() -> None:
    table = text("docs/contributing.md").partition("## Rules of the house")[2].partition("## Tests")[0]
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+|word|reason|transaction|inline|unescaped)`", table))
    assert named == {rule.name for rule in RULES}


def test_the_words_refused_are_those_of_the_glossary() -> None:
    refused = " ".join(
        line.rpartition(" | ")[2] for line in text("docs/glossary.md").splitlines() if line.count("|") == 4
    )
    assert [word for word in words.INSTEAD if word.lower() not in refused] == []


def test_every_verb_of_the_makefile_is_explained() -> None:
    verbs = re.findall(r"^([a-z]+):.*##", text("Makefile"), re.MULTILINE)
    explained = text("docs/contributing.md")
    assert [verb for verb in verbs if verb != "help" and f"`make {verb}" not in explained] == []


def test_every_scaffold_is_explained() -> None:
    assert [kind for kind in KINDS if f"KIND={kind}" not in text("docs/contributing.md")] == []


def test_the_readme_names_two_commands() -> None:
    assert re.findall(r"^    (\S.*)$", text("README.md"), re.MULTILINE) == ["make run", "make test"]


def test_decision_records_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (ROOT / "docs/adr").iterdir())
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    for name in names:
        assert text(f"docs/adr/{name}").startswith(f"# {int(name[:4])}. ")


def test_the_table_of_formats_is_the_catalogue() -> None:
    page = text("docs/importing.md")
    assert page.count("<!-- formats") == 2
    assert page == formats.written(page), "run `python -m dev.formats`"
