"""The privacy text says all that the policy it follows says, and every sentence of it belongs to a clause."""

import os
import tomllib
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest

from vallum_web.accounts.legal import documents, markdown
from vallum_web.accounts.legal.documents import Document
from vallum_web.trust.clauses import clauses

NEWEST = max(version for version in documents.versions() if version.document is Document.PRIVACY)
BLOCKS = list(markdown.blocks(NEWEST.text))
SENTENCES = [
    sentence for block in BLOCKS for line in block.parts for sentence in line if block.kind.value in "paragraph list"
]
HEADINGS = {block.lines[0] for block in BLOCKS if "heading" in block.kind.value}
LINES = tomllib.loads((files("vallum_web.trust") / "lines.toml").read_text("utf-8"))["line"]


def test_every_sentence_has_a_name_of_its_own():
    names = [sentence.name for sentence in SENTENCES]
    assert [sentence.text for sentence in SENTENCES if not sentence.name] == []
    assert len(names) == len(set(names)) > 60


@pytest.mark.policy("PP-0.1")
def test_every_line_of_the_policy_is_said_by_a_sentence_of_ours():
    known = {sentence.name for sentence in SENTENCES} | {f"# {heading}" for heading in HEADINGS}
    said = [where for _, where in LINES]
    missing = [
        name for where in said for name in ([where] if where.startswith("#") else where.split()) if name not in known
    ]
    assert missing == []
    assert len(LINES) == 68


def test_the_lines_are_those_of_the_policy_itself():
    data = os.environ.get("VALLUM_TEST_DATA")
    source = Path(data or "absent").parent / "design" / "policy.txt"
    if not source.is_file():
        pytest.skip("the policy's own text is not beside VALLUM_TEST_DATA")
    lines = source.read_text("utf-8").splitlines()
    assert [digest for digest, _ in LINES] == [sha256(line.encode()).hexdigest()[:16] for line in lines]


@pytest.mark.policy("PP-0.1")
def test_every_sentence_belongs_to_a_clause_and_every_clause_has_one():
    ours = {name for clause in clauses().values() for name in clause.sentences}
    assert {sentence.name for sentence in SENTENCES} - ours == set()
    assert ours - {sentence.name for sentence in SENTENCES} == set()
    assert [clause.id for clause in clauses().values() if not clause.sentences] == []
