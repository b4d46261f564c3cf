"""The first labelled tree: the kinds that somebody chose who also writes the rules, and the places they are found in most."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from bench.secrets import corpus, decoys
from bench.secrets.corpus import Context, Kind, Labels

CONTEXTS: Mapping[str, Context] = {
    "dotenv": Context(".env", "{NAME}={value}", "LOG_LEVEL=info"),
    "python": Context("settings.py", '{NAME} = "{value}"', "TIMEOUT = 30"),
    "json": Context("config.json", '  "{name}": "{value}",', '  "retries": 3,'),
    "yaml": Context("deploy.yaml", "  {name}: {value}", "  replicas: 2"),
    "xml": Context("app.config", '    <add key="{NAME}" value="{value}" />', '    <add key="Retries" value="3" />'),
    "terraform": Context("main.tf", '  {name} = "{value}"', '  region = "eu-central-1"'),
    "comment": Context("client.js", "// before the move: {NAME}: {value}", "export const retries = 3;"),
    "notebook": Context("analysis.ipynb", '    "{name} = \\"{value}\\"\\n",', '    "frame = frame.dropna()\\n",'),
}


def write(root: Path) -> Labels:
    return corpus.write(root, kinds(), CONTEXTS, decoys.FAMILIES)


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
