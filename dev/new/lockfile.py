"""A lockfile format: one module, its line in the tables that find it, one folder of examples."""

import ast
import json
import re
from pathlib import Path

from dev.new.plan import Plan, Refused

FORMATS = "engine/src/vallum_engine/sca/lockfiles"
EXAMPLES = "engine/tests/sca/examples"
_ID = re.compile(r"(?P<ecosystem>[A-Za-z.]+)/(?P<file>[A-Za-z0-9][\w.-]*)")

_MODULE = '''\
"""{ecosystem}: `{file}`. A line names a package and its version: `name 1.2.3`."""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, broken, text_of

TODO = "Write the lockfile anew with its package manager."


def extract(file: File) -> Iterator[Entry]:
    """Yield every locked package. Raises BrokenData."""
    for number, line in enumerate(text_of(file, TODO).split("\\n"), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 2:
            raise broken(number, f"{{line!r}} is not a name and a version", TODO)
        yield Package(
            ecosystem="{ecosystem}",
            name=words[0],
            version=words[1],
            location=Location(path=file.path, line=number, end_line=number),
        )
'''


def plan(name: str, root: Path) -> Plan:
    found = _ID.fullmatch(name)
    if not found:
        raise Refused(f"{name!r} is no format: give ecosystem and file name, as in Maven/gradle.lockfile.")
    ecosystem, file = found["ecosystem"], found["file"]
    module = re.sub(r"\W", "_", file).lower()
    tables = f"{FORMATS}/__init__.py"
    text = (root / tables).read_text("utf-8")
    text = with_entry(text, "NAMES", file, module)
    text = with_entry(text, "ECOSYSTEMS", module, ecosystem)
    example = f"{EXAMPLES}/{module}"
    expected = {file: {"packages": [{"name": "example", "version": "1.2.3", "line": 1}]}}
    return Plan(
        create={
            f"{FORMATS}/{module}.py": _MODULE.format(ecosystem=ecosystem, file=file),
            f"{example}/{file}": "example 1.2.3\n",
            f"{example}/expected.json": json.dumps(expected, indent=2) + "\n",
        },
        change={tables: text},
        todo=(
            f"Read the real form in {FORMATS}/{module}.py; see the neighbours for JSON and TOML with places.",
            f"Give {example} a real file, small, with a group, a duplicate and a package from elsewhere; and a broken one.",
            "An ecosystem without an order of versions needs one in sca/versions/: a table of cases from its specification.",
            "Run: make test T=engine/tests/sca",
        ),
    )


def with_entry(text: str, table: str, key: str, value: str) -> str:
    """The module with one more entry in a dictionary of strings, at its place in the order."""
    entries = next(
        (
            node.value
            for node in ast.parse(text).body
            if isinstance(node, ast.AnnAssign)
            and ast.unparse(node.target) == table
            and isinstance(node.value, ast.Dict)
        ),
        None,
    )
    if entries is None:
        raise Refused(
            f"No table {table} in {FORMATS}/__init__.py: the scaffold is behind the code; add the format by hand."
        )
    known = {str(ast.literal_eval(node)): node.lineno for node in entries.keys if node}
    if key in known:
        raise Refused(f"{table} has {key!r} already.")
    later = [line for other, line in known.items() if other > key]
    at = min(later, default=entries.end_lineno or 1) - 1
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:at], f'    "{key}": "{value}",\n', *lines[at:]])
