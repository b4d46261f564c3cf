"""Notebooks, read cell by cell: what goes over several lines, which cell it is in, and the line of the file."""

import json
import time
from base64 import b64encode

import pytest
from packaged import BOOK, compiled

from vallum_engine.model.file import File
from vallum_engine.secrets import samples
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.secrets.formats import notebook

TOKEN = samples.fill("ghp_{github:36}")
KEY = samples.fill("-----BEGIN RSA PRIVATE KEY-----\n{pem:1600}\n-----END RSA PRIVATE KEY-----")


@pytest.fixture(scope="module")
def found():
    database = compiled()

    def of(data, path="work/a.ipynb"):
        detector = SecretsDetector(BOOK)
        detector.see_with(lambda text: database.hits(text).get(0, ()))
        raw = data if isinstance(data, bytes) else json.dumps(data, indent=1).encode()
        return list(detector.detect(File(path, raw), database.hits(raw).get(0, ()))), detector.exclusions(), raw

    return of


def cell(*lines, outputs=(), kind="code"):
    return {"cell_type": kind, "metadata": {}, "outputs": list(outputs), "source": list(lines)}


def book(*cells):
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def line_of(raw, text):
    return raw[: raw.index(text)].count(b"\n") + 1


def test_a_key_over_several_lines_of_a_cell(found):
    lines = [f"{line}\n" for line in f'key = """{KEY}"""'.split("\n")]
    [finding], _, raw = found(book(cell("import os\n"), cell(*lines)))
    assert finding.rule == "private-key"
    assert "in cell 2" in finding.message
    assert "written in cell 2" in finding.evidence
    [place] = finding.locations
    assert (place.line, place.end_line) == (line_of(raw, b"BEGIN RSA"), line_of(raw, b"END RSA"))


def test_what_came_out_of_a_cell(found):
    stream = {"output_type": "stream", "name": "stdout", "text": ["hello\n", f"token {TOKEN}\n"]}
    [finding], _, raw = found(book(cell("a\n"), cell("b\n"), cell("c\n", outputs=[stream])))
    assert "in the output of cell 3" in finding.message
    assert finding.locations[0].line == line_of(raw, TOKEN.encode())


@pytest.mark.parametrize(
    "outputs",
    [
        pytest.param({"output_type": "execute_result", "data": {"text/plain": [f"'{TOKEN}'"]}}, id="a result"),
        pytest.param({"output_type": "display_data", "data": {"text/html": f"<b>{TOKEN}</b>"}}, id="one text"),
        pytest.param({"output_type": "error", "traceback": ["Traceback\n", f"KeyError: {TOKEN}"]}, id="an error"),
    ],
)
def test_every_kind_of_output(found, outputs):
    [finding], _, _ = found(book(cell("a", outputs=[outputs])))
    assert "the output of cell 1" in finding.message


def test_a_cell_in_one_text_and_one_in_words(found):
    one = {"cell_type": "code", "source": f'import os\nT = "{TOKEN}"\n'}
    [finding], _, _ = found(book(cell("# title", kind="markdown"), one))
    assert "in cell 2" in finding.message
    [finding], _, _ = found(book(cell(f"The token is {TOKEN}.\n", kind="markdown")))
    assert "in cell 1" in finding.message


def test_a_notebook_of_the_older_form(found):
    older = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x\n", f"T = '{TOKEN}'"]}]}], "nbformat": 3}
    [finding], _, _ = found(older)
    assert "in cell 1" in finding.message


def test_the_same_secret_twice_is_one_finding_with_both_places(found):
    [finding], _, _ = found(book(cell(f"T = '{TOKEN}'\n"), cell("x"), cell(f"U = '{TOKEN}'\n")))
    assert len(finding.locations) == 2
    assert "in cell 1" in finding.message


def test_what_is_encoded_in_a_cell_says_both(found):
    inner = b64encode(f"token: {TOKEN}".encode()).decode()
    [finding], _, _ = found(book(cell("a"), cell(f"blob = '{inner}'\n")))
    assert "in base64 in cell 2" in finding.message


def test_what_stands_apart_from_the_cells_is_found_as_before(found):
    data = {**book(cell("a")), "metadata": {"token": TOKEN}}
    [finding], _, raw = found(data)
    assert "plain text" in finding.message
    assert finding.locations[0].line == line_of(raw, TOKEN.encode())


def test_it_is_the_same_finding_as_in_a_program(found):
    password = f'password = "{samples.fill("kR{base62:5}#x7q")}"\n'
    [finding], _, _ = found(book(cell(password)))
    [plain], _, _ = found(password.encode(), "work/a.py")
    assert finding.identity == plain.identity


def test_pictures_are_not_read():
    picture = {"output_type": "display_data", "data": {"image/png": TOKEN, "text/plain": ["<Figure>"]}}
    read = notebook.read(json.dumps(book(cell("a", outputs=[picture]))).encode())
    assert read.text in {b"<Figure>\n\na", b"a\n\n<Figure>"}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"cells": {"0": {"source": "x"}}}', id="cells by name"),
        pytest.param(b'{"cells": ["x", 1, null]}', id="cells that are none"),
        pytest.param(b'{"cells": [{"source": 5}]}', id="a number"),
        pytest.param(b"\x00\xff" * 100, id="no text"),
        pytest.param(b"]}]}" * 100, id="ends alone"),
    ],
)
def test_what_holds_no_cells(data):
    assert notebook.read(data) is None


def test_a_notebook_that_is_cut_off_is_read_as_far_as_it_goes(found):
    raw = json.dumps(book(cell("a\n"), cell(f"T = '{TOKEN}'\n", "more"))).encode()
    [finding], _, _ = found(raw[: raw.index(b"more")])
    assert "in cell 2" in finding.message


def test_nested_too_deep_is_said_and_the_text_is_looked_at(found):
    raw = b'{"cells": [{"source": ["T = ' + TOKEN.encode() + b'"], "metadata": ' + b"[" * 5000
    [finding], exclusions, _ = found(raw)
    assert finding.rule == "github-personal-access-token"
    assert any("nested too deep to be read as a notebook" in each.why for each in exclusions)


def test_too_many_lines_are_said(found, monkeypatch):
    monkeypatch.setattr(notebook, "MOST", 50)
    data = book(*(cell(f"{number}\n") for number in range(80)), cell(f"T = '{TOKEN}'\n"))
    [finding], exclusions, _ = found(data)
    assert "plain text" in finding.message
    assert any("only the first 50 lines" in each.why for each in exclusions)


def test_reading_takes_time_that_grows_with_the_size():
    def seconds(count):
        raw = json.dumps(book(cell(*["x = 'a\\\"b'\n"] * count))).encode()
        started = time.process_time()
        notebook.read(raw)
        return time.process_time() - started

    seconds(2_000)
    assert seconds(80_000) < 12 * max(seconds(20_000), 0.01)
