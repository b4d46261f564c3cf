"""A labelled tree: every kind of token in every context, among ordinary lines, and decoys that must stay silent.

Written anew for each run from fixed noise, so no file of the project holds anything that looks like a secret, and two
runs see the same bytes.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.secrets.decoys import FAMILIES
from vallum_engine.secrets.samples import fill

Place = tuple[str, int]
"""A path within the tree, and a line."""

CONTEXTS: Mapping[str, tuple[str, str]] = {
    "dotenv": (".env", "{NAME}={value}"),
    "python": ("settings.py", '{NAME} = "{value}"'),
    "json": ("config.json", '  "{name}": "{value}",'),
    "yaml": ("deploy.yaml", "  {name}: {value}"),
    "xml": ("app.config", '    <add key="{NAME}" value="{value}" />'),
    "terraform": ("main.tf", '  {name} = "{value}"'),
    "comment": ("client.js", "// before the move: {NAME}: {value}"),
    "notebook": ("analysis.ipynb", '    "{name} = \\"{value}\\"\\n",'),
}
_AROUND = {
    "dotenv": "LOG_LEVEL=info",
    "python": "TIMEOUT = 30",
    "json": '  "retries": 3,',
    "yaml": "  replicas: 2",
    "xml": '    <add key="Retries" value="3" />',
    "terraform": '  region = "eu-central-1"',
    "comment": "export const retries = 3;",
    "notebook": '    "frame = frame.dropna()\\n",',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of token, and what each tool calls it."""

    id: str
    name: str
    token: str
    beside: tuple[tuple[str, str], ...]
    documented: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What is true of the tree: the kind and context of each leak, the leak that other parts stand beside, the family of each decoy."""

    leaks: Mapping[Place, tuple[str, str]]
    beside: Mapping[Place, Place]
    decoys: Mapping[Place, str]


def kinds() -> list[Kind]:
    table = tomllib.loads(Path(__file__).with_name("kinds.toml").read_text("utf-8"))
    return [
        Kind(
            id=id_,
            name=entry["name"],
            token=entry["token"],
            beside=tuple((name, value) for name, value in entry.get("beside", ())),
            documented={tool: rule for tool, rule in entry.items() if tool not in ("name", "token", "beside")},
        )
        for id_, entry in table.items()
    ]


def write(root: Path) -> Labels:
    leaks: dict[Place, tuple[str, str]] = {}
    beside: dict[Place, Place] = {}
    for kind in kinds():
        folder = f"services/{kind.id}"
        (root / folder).mkdir(parents=True)
        for number, (context, (file, line)) in enumerate(CONTEXTS.items()):
            lines = [_AROUND[context]] * (number + 2)
            place = (f"{folder}/{file}", len(lines) + 1)
            leaks[place] = (kind.id, context)
            for name, token in ((kind.name, kind.token), *kind.beside):
                lines.append(line.format(NAME=name, name=name.lower(), value=_filled(token, f"{kind.id} {context}")))
                beside[place[0], len(lines)] = place
            (root / folder / file).write_text("\n".join([*lines, *[_AROUND[context]] * 3]) + "\n")
    return Labels(leaks=leaks, beside=beside, decoys=_decoys(root))


def _filled(token: str, seed: str) -> str:
    """The token with noise of its own: the text of a sample is the seed of what fills it."""
    return fill(f"{token}\0{seed}").partition("\0")[0]


def _decoys(root: Path) -> dict[Place, str]:
    decoys: dict[Place, str] = {}
    for family, (path, lines) in FAMILIES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        filled = [_filled(line, f"{family} {number}") for number, line in enumerate(lines)]
        (root / path).write_text("\n".join(filled) + "\n")
        decoys |= {(path, number): family for number in range(1, len(lines) + 1)}
    return decoys
